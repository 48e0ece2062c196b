/** One chain, event by event, then its proofs. Pure: no I/O, no clock. */
import { emptyChain } from '../postgres/chain.ts';
import type { ChainEnd } from '../postgres/chain.ts';
import { eventId } from '../postgres/event-ids.ts';
import type { BundleEvent, ChainLine, ProofLine } from './bundle.ts';
import { fastEventHash, fastPayloadDigest } from './digest.ts';
import type { AuditFinding, AuditFindingCode } from './findings.ts';

/** Takes the events of a chain in their order, then what checkpoints say of it. */
export interface ChainVerifier {
  event(event: BundleEvent): void;
  /** A proof that leads to a signed root; `trusted` says whether the signature is. */
  proof(proof: ProofLine, trusted: boolean): void;
  /** Ends the chain; answers how many of its events no trusted checkpoint covers. */
  end(): number;
}

/** Verifies the chain of this line; findings go to `report`. */
export function chainVerifier(line: ChainLine, report: (finding: AuditFinding) => void): ChainVerifier {
  const chain = line.chain_id;
  const start = line.purged ?? emptyChain(chain);
  let last: ChainEnd = start;
  /** Hashes as they stand in the events, the one of `start.seq` first. */
  const hashes = new Map<number, string>([[start.seq, start.hash]]);
  let [events, agreed, covered, hasDisagreed] = [0, start.seq, start.seq, false];
  const say = (code: AuditFindingCode, message: string, at: { seq?: number; checkpoint?: number } = {}): void => {
    report({ code, chain, ...at, message });
  };

  return {
    event: (event) => {
      for (const [code, message] of faultsOf(chain, event, last, events === 0 && line.purged === undefined))
        say(code, message, { seq: event.chain_seq });
      last = { seq: event.chain_seq, hash: event.event_hash };
      hashes.set(last.seq, last.hash);
      events += 1;
    },
    proof: ({ seq, hash, checkpoint_no: checkpoint }, trusted) => {
      if (hasDisagreed || seq < start.seq) return;
      const at = { seq: Math.min(seq, last.seq + 1), checkpoint };
      const proves = `checkpoint ${String(checkpoint)} proves ${String(seq)}`;
      if (seq > last.seq) {
        hasDisagreed = true;
        if (events === 0 && start.seq === 0)
          say('CHAIN_MISSING', `The chain is gone; ${proves} events.`, { checkpoint });
        else say('CHAIN_SHORTER_THAN_CHECKPOINT', `The chain has ${String(last.seq)} events; ${proves}.`, at);
      } else if (hashes.get(seq) !== hash) {
        hasDisagreed = true;
        const message = `The chain agrees with the checkpoints up to event ${String(agreed)}; checkpoint ${String(checkpoint)} knows another event ${String(seq)}.`;
        say('CHECKPOINT_HEAD_MISMATCH', message, { seq: agreed + 1, checkpoint });
      } else {
        agreed = Math.max(agreed, seq);
        if (trusted) covered = Math.max(covered, seq);
      }
    },
    end: () => {
      const { head } = line;
      if (head === undefined) {
        if (events > 0) say('HEAD_MISMATCH', 'The end of the chain is not recorded.', { seq: last.seq });
      } else if (head.seq !== last.seq || head.hash !== last.hash) {
        const other = head.seq === last.seq ? ' and another hash' : '';
        const recorded = `recorded is an end with event ${String(head.seq)}${other}`;
        say('HEAD_MISMATCH', `The chain ends with event ${String(last.seq)}; ${recorded}.`, { seq: last.seq });
      }
      return last.seq - covered;
    },
  };
}

type Fault = readonly [code: AuditFindingCode, message: string];

/** The order in which faults are looked for is the order in which they explain each other. */
function faultsOf(chain: string, event: BundleEvent, previous: ChainEnd, isFirst: boolean): readonly Fault[] {
  const faults: Fault[] = [];
  const expected = previous.seq + 1;
  const { chain_seq: seq, event_data: data } = event;
  if (seq > expected) faults.push(['SEQUENCE_GAP', `${missing(expected, seq - 1)} missing.`]);
  if (seq < expected) faults.push(['DUPLICATE_SEQUENCE', `There is a second event ${String(seq)}.`]);
  if (!isAbout(chain, event)) faults.push(['SUBJECT_MISMATCH', `The event does not belong to ${chain}.`]);
  if (seq === expected && event.previous_event_hash !== previous.hash)
    faults.push(
      isFirst
        ? ['GENESIS_MISMATCH', 'The first event does not begin this chain.']
        : ['LINK_MISMATCH', 'The event does not follow the one before it.'],
    );
  if (data === undefined && event.redacted !== true)
    faults.push([
      'PAYLOAD_DIGEST_MISMATCH',
      'The payload is missing, and the event does not say that it was left out.',
    ]);
  if (data !== undefined && fastPayloadDigest(data) !== event.event_data_sha256)
    faults.push(['PAYLOAD_DIGEST_MISMATCH', 'The payload is not the one that was recorded.']);
  if (fastEventHash(event) !== event.event_hash)
    faults.push(['EVENT_HASH_MISMATCH', 'The event is not the one that was recorded.']);
  return faults;
}

const missing = (from: number, to: number): string =>
  from === to ? `Event ${String(from)} is` : `Events ${String(from)} to ${String(to)} are`;

/** An event of a remediation names it by column, by payload and, when a step wrote it, by its id. */
function isAbout(chain: string, event: BundleEvent): boolean {
  const { chain_id: own, rr_uid: subject, event_data: data, step_no: step, step_ordinal: ordinal } = event;
  if (own !== chain) return false;
  if (chain.startsWith('c:')) return chain === `c:${event.correlation_id}`;
  if (!chain.startsWith('rr:')) return subject === undefined;
  if (subject === undefined || chain !== `rr:${subject}`) return false;
  if (data?.['rr_uid'] !== undefined && data['rr_uid'] !== subject) return false;
  return step === undefined || event.event_id === eventId(subject, step, event.event_type, ordinal);
}
