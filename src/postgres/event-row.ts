/** One row of audit_events, under the names of its columns: what is hashed, stored, printed and exported is one shape. */
import type { JsonObject } from '../remediation/json.ts';

/** An event without its place in the chain. */
export interface EventContent {
  readonly event_id: string;
  readonly event_version: string;
  /** UTC with exactly six fractional digits, as it enters the hash. */
  readonly event_timestamp: string;
  readonly event_date: string;
  readonly event_type: string;
  readonly event_category: string;
  readonly event_action: string;
  readonly event_outcome: string;
  readonly actor_type?: string;
  readonly actor_id?: string;
  readonly actor_ip?: string;
  readonly resource_type?: string;
  readonly resource_id?: string;
  readonly resource_name?: string;
  readonly correlation_id: string;
  readonly parent_event_id?: string;
  readonly parent_event_date?: string;
  readonly namespace?: string;
  readonly cluster_id?: string;
  readonly severity?: string;
  readonly duration_ms?: number;
  readonly error_code?: string;
  readonly error_message?: string;
  readonly retention_days: number;
  readonly is_sensitive: boolean;
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly event_data: JsonObject;
  readonly event_metadata?: JsonObject;
  readonly rr_uid?: string;
  readonly step_no?: number;
  readonly step_ordinal: number;
  readonly event_data_sha256: string;
}

/** An event in its chain, as it is inserted. */
export interface EventRow extends EventContent {
  readonly chain_id: string;
  readonly chain_seq: number;
  readonly previous_event_hash: string;
  readonly event_hash: string;
  readonly hash_algorithm: string;
}

/** An event as it is read. */
export interface TrailEvent extends EventRow {
  readonly recorded_at: string;
}

/** The columns that are written; recorded_at is the database's own. */
const COLUMNS = [
  'event_id',
  'event_version',
  'event_timestamp',
  'event_date',
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
  'namespace',
  'cluster_id',
  'severity',
  'duration_ms',
  'error_code',
  'error_message',
  'retention_days',
  'is_sensitive',
  'trace_id',
  'span_id',
  'event_data',
  'event_metadata',
  'rr_uid',
  'chain_id',
  'chain_seq',
  'step_no',
  'step_ordinal',
  'event_data_sha256',
  'previous_event_hash',
  'event_hash',
  'hash_algorithm',
] as const satisfies readonly (keyof EventRow)[];

/** The statement that inserts the rows given as one JSON array in parameter `$n`. */
export const insertEvents = (n: number): string =>
  `insert into audit_events (${COLUMNS.join(', ')})
   select ${COLUMNS.join(', ')} from jsonb_populate_recordset(null::audit_events, $${String(n)}::jsonb)`;

const TIMESTAMP = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

/** How columns are read whose value in JavaScript would otherwise differ from what was hashed. */
const READ_AS: Readonly<Record<string, string>> = {
  event_timestamp: `to_char(event_timestamp at time zone 'UTC', ${TIMESTAMP})`,
  event_date: 'event_date::text',
  parent_event_date: 'parent_event_date::text',
  actor_ip: 'host(actor_ip)',
  duration_ms: 'duration_ms::float8',
  chain_seq: 'chain_seq::float8',
  recorded_at: `to_char(recorded_at at time zone 'UTC', ${TIMESTAMP})`,
};

/** The select list under which a row of audit_events reads as a TrailEvent. */
export const EVENT_COLUMNS = [...COLUMNS, 'recorded_at']
  .map((column) => (column in READ_AS ? `${READ_AS[column] ?? ''} as ${column}` : column))
  .join(', ');

/** A row read under EVENT_COLUMNS: empty columns are absent members. */
export function toTrailEvent(row: TrailEvent): TrailEvent {
  const members = Object.entries(row) as [string, unknown][];
  return Object.fromEntries(members.filter(([, value]) => value !== null)) as unknown as TrailEvent;
}
