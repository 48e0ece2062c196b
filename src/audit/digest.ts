/** The digests of postgres/chain.ts, for a million events at a time. Pure: no I/O, no clock. */
import { hash } from 'node:crypto';
import { canonicalJson } from '../postgres/canonical.ts';
import type { EventRow } from '../postgres/event-row.ts';
import type { Json } from '../remediation/json.ts';

/** The canonical text of a value: what stands in order already is only written down. */
export const canonicalText = (value: Json): string => (isInOrder(value) ? JSON.stringify(value) : canonicalJson(value));

/** Whether every object in the value has its keys in canonical order, with nothing that JSON would leave out. */
function isInOrder(value: Json | undefined): boolean {
  if (value === undefined) return false;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return value.isWellFormed();
  if (value === null || typeof value === 'boolean') return true;
  if (Array.isArray(value)) return (value as readonly Json[]).every(isInOrder);
  let before = '';
  for (const key of Object.keys(value)) {
    if (key < before || !isInOrder((value as { readonly [key: string]: Json })[key])) return false;
    before = key;
  }
  return true;
}

/** What is hashed besides the payload, in canonical order. */
const HASHED = [
  'actor_id',
  'actor_ip',
  'actor_type',
  'chain_id',
  'chain_seq',
  'cluster_id',
  'correlation_id',
  'duration_ms',
  'error_code',
  'error_message',
  'event_action',
  'event_category',
  'event_data_sha256',
  'event_id',
  'event_metadata',
  'event_outcome',
  'event_timestamp',
  'event_type',
  'event_version',
  'is_sensitive',
  'namespace',
  'parent_event_date',
  'parent_event_id',
  'previous_event_hash',
  'resource_id',
  'resource_name',
  'resource_type',
  'retention_days',
  'rr_uid',
  'severity',
  'span_id',
  'step_no',
  'step_ordinal',
  'trace_id',
] as const satisfies readonly (keyof EventRow)[];

/** The digest of a payload, as postgres/chain.ts defines it. */
export const fastPayloadDigest = (payload: Json): string => hash('sha256', canonicalText(payload), 'hex');

/** The hash of an event in its place, as postgres/chain.ts defines it. */
export function fastEventHash(event: Omit<EventRow, 'event_hash' | 'hash_algorithm' | 'event_data'>): string {
  let text = 'kubernaut-audit-event-v1\n{';
  for (const name of HASHED) {
    const value = event[name];
    if (value === undefined) continue;
    text += `"${name}":${name === 'event_metadata' ? canonicalText(value) : JSON.stringify(value)},`;
  }
  return hash('sha256', `${text}"v":1}`, 'hex');
}
