/** Whether the events of a chain are the ones that were written: pure, over what was read. */
import { emptyChain, eventHash, payloadDigest } from './chain.ts';
import type { ChainEnd } from './chain.ts';
import { eventId } from './event-ids.ts';
import type { EventRow } from './event-row.ts';
import type { Finding, FindingCode } from './findings.ts';

/** The stored end of a chain; `purged` is the last event that retention has removed. */
export interface ChainHead extends ChainEnd {
  readonly purged?: ChainEnd;
}

/** Recomputes the chain of this remediation, events given in the order of their sequence. Nothing found means intact. */
export function checkChain(uid: string, events: readonly EventRow[], head: ChainHead | undefined): readonly Finding[] {
  const chain = `rr:${uid}`;
  const start = head?.purged ?? emptyChain(chain);
  const findings = events.flatMap((event, i) => {
    const before = events[i - 1];
    const previous = before === undefined ? start : { seq: before.chain_seq, hash: before.event_hash };
    return checkEvent(uid, event, previous, before === undefined && head?.purged === undefined).map(
      ([code, message]): Finding => ({ code, chain, seq: event.chain_seq, message }),
    );
  });
  const last = events.at(-1);
  const end = last === undefined ? start : { seq: last.chain_seq, hash: last.event_hash };
  return [...findings, ...checkHead(chain, end, head)];
}

type Fault = readonly [code: FindingCode, message: string];

/** The order in which faults are looked for is the order in which they explain each other. */
function checkEvent(uid: string, event: EventRow, previous: ChainEnd, isFirst: boolean): readonly Fault[] {
  const faults: Fault[] = [];
  const expected = previous.seq + 1;
  if (event.chain_seq > expected)
    faults.push(['SEQUENCE_GAP', `Event ${String(expected)} is missing; the next one is ${String(event.chain_seq)}.`]);
  if (event.chain_seq < expected)
    faults.push(['DUPLICATE_SEQUENCE', `There is a second event ${String(event.chain_seq)}.`]);
  if (!isAbout(uid, event)) faults.push(['SUBJECT_MISMATCH', `The event is about another remediation than ${uid}.`]);
  if (event.chain_seq === expected && event.previous_event_hash !== previous.hash)
    faults.push(
      isFirst
        ? ['GENESIS_MISMATCH', 'The first event does not begin this chain.']
        : ['LINK_MISMATCH', 'The event does not follow the one before it.'],
    );
  if (payloadDigest(event.event_data) !== event.event_data_sha256)
    faults.push(['PAYLOAD_DIGEST_MISMATCH', 'The payload is not the one that was recorded.']);
  if (eventHash(event) !== event.event_hash)
    faults.push(['EVENT_HASH_MISMATCH', 'The event is not the one that was recorded.']);
  return faults;
}

/** The event names its subject three times: by column, by payload and, when a step wrote it, by its id. */
function isAbout(uid: string, event: EventRow): boolean {
  const { rr_uid: subject, event_data: data, step_no: step, step_ordinal: ordinal } = event;
  if (subject !== uid || event.chain_id !== `rr:${uid}`) return false;
  if (data['rr_uid'] !== undefined && data['rr_uid'] !== uid) return false;
  return step === undefined || event.event_id === eventId(uid, step, event.event_type, ordinal);
}

function checkHead(chain: string, end: ChainEnd, head: ChainHead | undefined): readonly Finding[] {
  if (head === undefined)
    return end.seq === 0 ? [] : [{ code: 'HEAD_MISMATCH', chain, message: 'The end of the chain is not recorded.' }];
  if (end.seq === head.seq && end.hash === head.hash) return [];
  const message = `The chain ends with event ${String(end.seq)}; recorded is an end with event ${String(head.seq)}${end.seq === head.seq ? ' and another hash' : ''}.`;
  return [{ code: 'HEAD_MISMATCH', chain, seq: end.seq, message }];
}
