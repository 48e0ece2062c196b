/** The hash chain: each event carries the hash of the one before it, the first one a hash that names its chain. */
import type { Json, JsonObject } from '../remediation/json.ts';
import { canonicalJson, sha256Hex } from './canonical.ts';
import type { EventContent, EventRow } from './event-row.ts';

const HASH_ALGORITHM = 'sha256-jcs-v1';

/** Where a chain ends: its last sequence number and hash. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: string;
}

/** The chain of one RemediationRequest. */
export const chainIdOf = (uid: string): string => `rr:${uid}`;

/** The hash that the first event of a chain points back to; it binds the chain to its subject. */
export const genesisHash = (chainId: string): string => sha256Hex(`kubernaut-audit-genesis-v1\n${chainId}`);

/** The end of a chain without events. */
export const emptyChain = (chainId: string): ChainEnd => ({ seq: 0, hash: genesisHash(chainId) });

/** Digest of a payload; the payload enters the event's hash by it alone, so that it can be left out of an export. */
export const payloadDigest = (payload: JsonObject): string => sha256Hex(canonicalJson(payload));

/** What is hashed besides the payload. Order does not matter, the canonical form sorts. */
const HASHED = [
  'chain_id',
  'chain_seq',
  'previous_event_hash',
  'event_id',
  'event_version',
  'event_timestamp',
  'event_type',
  'event_category',
  'event_action',
  'event_outcome',
  'actor_type',
  'actor_id',
  'actor_ip',
  'resource_type',
  'resource_id',
  'resource_name',
  'correlation_id',
  'parent_event_id',
  'parent_event_date',
  'trace_id',
  'span_id',
  'namespace',
  'cluster_id',
  'severity',
  'duration_ms',
  'error_code',
  'error_message',
  'retention_days',
  'is_sensitive',
  'rr_uid',
  'step_no',
  'step_ordinal',
  'event_metadata',
  'event_data_sha256',
] as const satisfies readonly (keyof EventRow)[];

/** The text whose SHA-256, behind a prefix, is the hash of the event. */
export function hashInput(event: Omit<EventRow, 'event_hash' | 'hash_algorithm'>): string {
  const members = HASHED.map((name): [string, Json | undefined] => [name, event[name]]);
  return canonicalJson(Object.fromEntries([['v', 1], ...members]));
}

/** The hash of the event in its place in the chain. */
export const eventHash = (event: Omit<EventRow, 'event_hash' | 'hash_algorithm'>): string =>
  sha256Hex(`kubernaut-audit-event-v1\n${hashInput(event)}`);

/** The events in their order, linked behind the end of their chain. */
export function linked(chainId: string, end: ChainEnd, contents: readonly EventContent[]): readonly EventRow[] {
  const rows: EventRow[] = [];
  let { seq, hash } = end;
  for (const content of contents) {
    seq += 1;
    const placed = { ...content, chain_id: chainId, chain_seq: seq, previous_event_hash: hash };
    hash = eventHash(placed);
    rows.push({ ...placed, event_hash: hash, hash_algorithm: HASH_ALGORITHM });
  }
  return rows;
}
