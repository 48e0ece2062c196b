/** Verification of a bundle's lines, wherever they come from. Pure: no I/O, no clock. */
import type { KeyObject } from 'node:crypto';
import { sha256Hex } from '../postgres/canonical.ts';
import type { ContentLine, ProofLine } from './bundle.ts';
import { chainVerifier } from './chain-verifier.ts';
import type { ChainVerifier } from './chain-verifier.ts';
import { checkRotation, checkSignature, NO_PREVIOUS, readBody } from './checkpoint.ts';
import type { CheckpointBody, SignedCheckpoint } from './checkpoint.ts';
import type { AuditFinding, AuditFindingCode, AuditReport } from './findings.ts';
import { bucketOf, bucketOfPath, climb, hex, leafHash } from './merkle.ts';

export interface VerifierOptions {
  /** Public keys to trust, by id. Without any, signatures are not checked, and the report says so. */
  readonly keys: ReadonlyMap<string, KeyObject>;
  /** Checkpoints kept elsewhere: what they say must be in the bundle as well. */
  readonly known?: readonly SignedCheckpoint[];
}

export interface Verifier {
  take(line: ContentLine): void;
  /** To be called once, after the last line. */
  report(): AuditReport;
}

interface Seen {
  readonly body: CheckpointBody;
  readonly text: string;
  readonly trusted: boolean;
}

/** Verifies lines in the order of a bundle. */
export function createVerifier({ keys, known = [] }: VerifierOptions): Verifier {
  const findings: AuditFinding[] = [];
  const uncovered: { chain: string; events: number }[] = [];
  const seen = new Map<number, Seen>();
  const present = new Set<string>();
  let newest: Seen | undefined;
  let open: { readonly chain: string; readonly verifier: ChainVerifier } | undefined;
  let [createdAt, whole, chains, events, covered, wanted]: [string, boolean, number, number, number, string?] = [
    '',
    false,
    0,
    0,
    0,
  ];

  const report = (finding: AuditFinding): void => void findings.push(finding);
  const about = (code: AuditFindingCode, checkpoint: number, message: string): void =>
    report({ code, checkpoint, message });
  const close = (): void => {
    if (open === undefined) return;
    const left = open.verifier.end();
    if (left > 0) uncovered.push({ chain: open.chain, events: left });
    open = undefined;
  };
  const checkpoint = (line: SignedCheckpoint): void => {
    const body = readBody(line.body);
    if (body === undefined) {
      report({ code: 'SIGNATURE_INVALID', message: 'A checkpoint has no canonical body.' });
      return;
    }
    const no = body.checkpoint_no;
    const verdict = keys.size === 0 ? undefined : checkSignature(line, keys);
    if (verdict === 'untrusted-key')
      about('UNTRUSTED_KEY', no, `Checkpoint ${String(no)} is signed by key ${body.key_id}, which is not trusted.`);
    if (verdict === 'invalid')
      about('SIGNATURE_INVALID', no, `The signature of checkpoint ${String(no)} is not by the key that it names.`);
    for (const [code, message] of successionFaults(newest, body, keys)) about(code, no, message);
    newest = { body, text: line.body, trusted: verdict === 'valid' };
    seen.set(no, newest);
  };
  const proof = (line: ProofLine): void => {
    const no = line.checkpoint_no;
    const at = seen.get(no);
    if (open?.chain !== line.chain_id || at === undefined || !leadsTo(line, at.body.root_hash)) {
      const message = `The proof for checkpoint ${String(no)} does not lead to its root.`;
      report({ code: 'PROOF_INVALID', chain: line.chain_id, checkpoint: no, message });
      return;
    }
    if (at === newest) covered += 1;
    open.verifier.proof(line, at.trusted);
  };

  return {
    take: (line) => {
      if (line.kind === 'header') {
        createdAt = line.created_at;
        whole = line.scope['kind'] === 'all';
        const uid = line.scope['uid'];
        if (typeof uid === 'string') wanted = `rr:${uid}`;
      } else if (line.kind === 'checkpoint') checkpoint(line);
      else if (line.kind === 'chain') {
        close();
        if (present.has(line.chain_id))
          report({ code: 'DUPLICATE_SEQUENCE', chain: line.chain_id, seq: 1, message: 'The chain is there twice.' });
        present.add(line.chain_id);
        chains += 1;
        open = { chain: line.chain_id, verifier: chainVerifier(line, report) };
      } else if (line.kind === 'event') {
        events += 1;
        const { chain_seq: seq, chain_id: chain } = line.event;
        if (open === undefined) report({ code: 'SUBJECT_MISMATCH', chain, seq, message: 'The event is in no chain.' });
        else open.verifier.event(line.event);
      } else proof(line);
    },
    report: () => {
      close();
      if (wanted !== undefined && !present.has(wanted))
        report({ code: 'CHAIN_MISSING', chain: wanted, message: 'The chain that was asked for is not there.' });
      if (whole && newest !== undefined && covered < newest.body.chain_count) {
        const no = newest.body.checkpoint_no;
        const counts = `Checkpoint ${String(no)} counts ${String(newest.body.chain_count)} chains, ${String(covered)} are proven here.`;
        // A chain that is missing altogether has been named already when its proof is there.
        if (!findings.some(({ code }) => code === 'CHAIN_MISSING')) about('CHAIN_MISSING', no, counts);
      }
      for (const finding of knownElsewhere(known, keys, seen, createdAt)) report(finding);
      const last = newest?.body;
      return {
        intact: findings.length === 0,
        findings,
        chains,
        events,
        checkpoints: seen.size,
        ...(last === undefined ? {} : { newest: { checkpoint_no: last.checkpoint_no, issued_at: last.issued_at } }),
        uncovered,
        signed: keys.size > 0,
      };
    },
  };
}

/** Checkpoints count without gaps, each names the digest of the one before it, and a new key has the old one's consent. */
function successionFaults(
  before: Seen | undefined,
  body: CheckpointBody,
  keys: ReadonlyMap<string, KeyObject>,
): readonly (readonly [AuditFindingCode, string])[] {
  const no = body.checkpoint_no;
  const name = `Checkpoint ${String(no)}`;
  if (before === undefined)
    return no === 1 && body.previous_checkpoint_sha256 !== NO_PREVIOUS
      ? [['CHECKPOINT_CHAIN_BROKEN', `${name} is the first and names one before it.`]]
      : [];
  const last = before.body.checkpoint_no;
  if (no !== last + 1) return [['CHECKPOINT_GAP', `${name} comes after checkpoint ${String(last)}.`]];
  if (body.previous_checkpoint_sha256 !== sha256Hex(before.text) || body.log_id !== before.body.log_id)
    return [['CHECKPOINT_CHAIN_BROKEN', `${name} does not follow checkpoint ${String(last)} as it is here.`]];
  if (body.key_id === before.body.key_id || !keys.has(before.body.key_id)) return [];
  return checkRotation(body, keys) === true
    ? []
    : [['CHECKPOINT_CHAIN_BROKEN', `${name} has another key, and the key before it has not consented.`]];
}

function leadsTo(line: ProofLine, root: string): boolean {
  const leaf = leafHash({ chain_id: line.chain_id, chain_seq: line.seq, event_hash: line.hash });
  const bucket = climb(leaf, line.path_in_bucket);
  return (
    bucketOfPath(line.path_of_bucket) === bucketOf(line.chain_id) && hex(climb(bucket, line.path_of_bucket)) === root
  );
}

/** What trusted checkpoints from elsewhere say that is not here. */
function knownElsewhere(
  known: readonly SignedCheckpoint[],
  keys: ReadonlyMap<string, KeyObject>,
  seen: ReadonlyMap<number, Seen>,
  createdAt: string,
): readonly AuditFinding[] {
  const newest = Math.max(0, ...seen.keys());
  const bodies = known.flatMap((each) => {
    const body = readBody(each.body);
    return body !== undefined && checkSignature(each, keys) === 'valid' ? [{ body, text: each.body }] : [];
  });
  const findings: AuditFinding[] = [];
  for (const { body, text } of bodies) {
    const { checkpoint_no: checkpoint } = body;
    const here = seen.get(checkpoint);
    const name = `checkpoint ${String(checkpoint)}`;
    if (here !== undefined && here.text !== text)
      findings.push({ code: 'CHECKPOINT_CHAIN_BROKEN', checkpoint, message: `Elsewhere ${name} is another one.` });
    if (here === undefined && checkpoint > newest && body.issued_at <= createdAt)
      findings.push({
        code: 'CHECKPOINT_GAP',
        checkpoint,
        message: `Elsewhere ${name} of ${body.issued_at} is known; here the last one is ${String(newest)}.`,
      });
  }
  return findings;
}
