/** A log with checkpoints in memory, made of the product's pure parts, and what may be done to it behind its back. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { BundleEvent, ContentLine, ProofLine } from '../../../src/audit/bundle.ts';
import { NO_PREVIOUS, signCheckpoint } from '../../../src/audit/checkpoint.ts';
import type { CheckpointBody, SignedCheckpoint } from '../../../src/audit/checkpoint.ts';
import { FORMAT } from '../../../src/audit/bundle.ts';
import {
  BUCKETS,
  bucketOf,
  bucketRoot,
  byChain,
  EMPTY_ROOT,
  hex,
  leafHash,
  pathOf,
  rootOf,
} from '../../../src/audit/merkle.ts';
import type { ChainLeaf, PathStep } from '../../../src/audit/merkle.ts';
import { sha256Hex } from '../../../src/postgres/canonical.ts';
import { emptyChain, eventHash, linked, payloadDigest } from '../../../src/postgres/chain.ts';
import { eventId } from '../../../src/postgres/event-ids.ts';
import type { EventContent, EventRow } from '../../../src/postgres/event-row.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';

export const aKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;

/** What stands in the database: everything an attacker with every right may change. */
export interface Stored {
  readonly chains: Map<string, { events: EventRow[]; head?: { seq: number; hash: string } }>;
  checkpoints: SignedCheckpoint[];
  readonly heads: Map<number, ReadonlyMap<string, ChainLeaf>>;
}

const TYPE = 'orchestrator.status.updated';

/** An event of a remediation, with this payload. */
export function content(uid: string, step: number, data: JsonObject): EventContent {
  const payload = { event_type: TYPE, rr_uid: uid, ...data };
  return {
    event_id: eventId(uid, step, TYPE, 0),
    event_version: '1.0',
    event_timestamp: '2026-11-23T10:00:00.123456Z',
    event_date: '2026-11-23',
    event_type: TYPE,
    event_category: 'orchestration',
    event_action: 'status_updated',
    event_outcome: 'success',
    correlation_id: `rr-${uid.slice(0, 8)}`,
    retention_days: 2555,
    is_sensitive: false,
    event_data: payload,
    rr_uid: uid,
    step_no: step,
    step_ordinal: 0,
    event_data_sha256: payloadDigest(payload),
  };
}

/** A log that grows and takes checkpoints with this key. */
export function aLog(key: KeyObject) {
  const stored: Stored = { chains: new Map(), checkpoints: [], heads: new Map() };
  const logId = randomUUID();
  return {
    stored,
    append: (uid: string, payloads: readonly JsonObject[]): void => {
      const chain = `rr:${uid}`;
      const { events } = stored.chains.get(chain) ?? { events: [] };
      const last = events.at(-1);
      const end = last === undefined ? emptyChain(chain) : { seq: last.chain_seq, hash: last.event_hash };
      const added = linked(
        chain,
        end,
        payloads.map((data, i) => content(uid, end.seq + i + 1, data)),
      );
      const all = [...events, ...added];
      const { chain_seq: seq, event_hash: hash } = all.at(-1) ?? { chain_seq: 0, event_hash: end.hash };
      stored.chains.set(chain, { events: all, head: { seq, hash } });
    },
    checkpoint: (by = key, previousKey?: KeyObject): void => {
      const leaves = new Map<string, ChainLeaf>();
      for (const [chain, { head }] of stored.chains)
        if (head) leaves.set(chain, { chain_id: chain, chain_seq: head.seq, event_hash: head.hash });
      const no = stored.checkpoints.length + 1;
      stored.heads.set(no, leaves);
      stored.checkpoints.push(signCheckpoint(statement(stored, no, logId, rootOf(rootsOf(leaves))), by, previousKey));
    },
  };
}

const statement = (stored: Stored, no: number, logId: string, root: Uint8Array) => ({
  log_id: logId,
  checkpoint_no: no,
  issued_at: new Date(Date.parse('2026-11-23T11:00:00Z') + no * 60_000).toISOString(),
  chain_count: stored.chains.size,
  event_count: [...stored.chains.values()].reduce((sum, { events }) => sum + events.length, 0),
  root_hash: hex(root),
  previous_checkpoint_sha256: no === 1 ? NO_PREVIOUS : sha256Hex(stored.checkpoints.at(-1)?.body ?? ''),
});

const known = new WeakMap<ReadonlyMap<string, ChainLeaf>, Uint8Array[]>();

/** The roots of all buckets, and paths from them; most of the work of a test. */
function rootsOf(leaves: ReadonlyMap<string, ChainLeaf>): readonly Uint8Array[] {
  const before = known.get(leaves);
  if (before !== undefined) return before;
  const roots = Array.from({ length: BUCKETS }, (): Uint8Array => EMPTY_ROOT);
  const buckets = new Set([...leaves.keys()].map(bucketOf));
  for (const bucket of buckets)
    roots[bucket] = bucketRoot([...leaves.values()].filter((leaf) => bucketOf(leaf.chain_id) === bucket));
  known.set(leaves, roots);
  return roots;
}

const paths = new WeakMap<ReadonlyMap<string, ChainLeaf>, Map<number, readonly PathStep[]>>();

function upperPath(leaves: ReadonlyMap<string, ChainLeaf>, bucket: number): readonly PathStep[] {
  const made = paths.get(leaves) ?? new Map<number, readonly PathStep[]>();
  paths.set(leaves, made);
  const path = made.get(bucket) ?? pathOf(rootsOf(leaves), bucket);
  made.set(bucket, path);
  return path;
}

/** Signs the checkpoints anew from the first on, as an attacker would: with another key, and without a gap. */
export function resigned(stored: Stored, key: KeyObject): void {
  let previous = NO_PREVIOUS;
  stored.checkpoints = stored.checkpoints.map(({ body }) => {
    const { v: _v, key_id: _key, rotation: _rotation, ...rest } = JSON.parse(body) as CheckpointBody;
    const signed = signCheckpoint({ ...rest, previous_checkpoint_sha256: previous }, key);
    previous = sha256Hex(signed.body);
    return signed;
  });
}

/** Recomputes digests, links and hashes from this place on, and the head: all that needs no key. */
export function recomputed(stored: Stored, chain: string, from: number): void {
  const entry = stored.chains.get(chain);
  if (entry === undefined) return;
  const end = entry.events[from - 1];
  let last = end === undefined ? emptyChain(chain) : { seq: end.chain_seq, hash: end.event_hash };
  entry.events = entry.events.map((event, i) => {
    if (i < from) return event;
    const placed = {
      ...event,
      chain_seq: last.seq + 1,
      previous_event_hash: last.hash,
      event_data_sha256: payloadDigest(event.event_data),
    };
    last = { seq: placed.chain_seq, hash: eventHash(placed) };
    return { ...placed, event_hash: last.hash };
  });
  entry.head = last;
}

/** The bundle of everything that is stored, with proofs from the recorded heads, as the product makes it. */
export function linesOf({ chains, checkpoints, heads }: Stored): readonly ContentLine[] {
  const names = [...new Set([...chains.keys(), ...[...heads.values()].flatMap((leaves) => [...leaves.keys()])])].sort();
  const numbers = checkpoints.map((_, i) => i + 1).filter((no) => heads.has(no));
  return [
    {
      kind: 'header',
      format: FORMAT,
      created_at: '2026-11-24T00:00:00Z',
      scope: { kind: 'all' },
      product_version: '0',
    },
    ...checkpoints.map((checkpoint) => ({ kind: 'checkpoint', ...checkpoint }) as const),
    ...names.flatMap((chain): readonly ContentLine[] => {
      const { events = [], head } = chains.get(chain) ?? {};
      return [
        { kind: 'chain', chain_id: chain, ...(head === undefined ? {} : { head }) },
        ...events.map(
          (event) => ({ kind: 'event', event: { ...event, recorded_at: '' } satisfies BundleEvent }) as const,
        ),
        ...numbers.flatMap((no) => proofOf(heads.get(no) ?? new Map<string, ChainLeaf>(), chain, no)),
      ];
    }),
  ];
}

function proofOf(leaves: ReadonlyMap<string, ChainLeaf>, chain: string, no: number): readonly ProofLine[] {
  const leaf = leaves.get(chain);
  if (leaf === undefined) return [];
  const bucket = bucketOf(chain);
  const siblings = [...leaves.values()].filter((each) => bucketOf(each.chain_id) === bucket).sort(byChain);
  return [
    {
      kind: 'proof',
      chain_id: chain,
      checkpoint_no: no,
      seq: leaf.chain_seq,
      hash: leaf.event_hash,
      path_in_bucket: pathOf(siblings.map(leafHash), siblings.indexOf(leaf)),
      path_of_bucket: upperPath(leaves, bucket),
    },
  ];
}
