/** Reads events by filters, page by page. Every value is a parameter of the statement, never a part of it. */
import type pg from 'pg';
import { EVENT_COLUMNS } from '../postgres/event-row.ts';
import type { TrailEvent } from '../postgres/event-row.ts';
import { translating } from '../postgres/pool.ts';
import { Problem } from './problem.ts';

/** Filters as the schema has checked them. */
export interface EventQuery {
  readonly event_type?: string;
  readonly event_category?: string;
  readonly event_outcome?: string;
  readonly severity?: string;
  readonly correlation_id?: string;
  readonly since?: string;
  readonly until?: string;
  readonly detail_key?: string;
  readonly detail_value?: string;
  readonly rr_uid?: string;
  readonly chain_id?: string;
  readonly after_seq?: number;
  readonly limit: number;
  readonly offset: number;
}

/** Rows are counted up to here. */
const MAX_TOTAL = 100_000;

const EQUAL = [
  'event_type',
  'event_category',
  'event_outcome',
  'severity',
  'correlation_id',
  'rr_uid',
  'chain_id',
] as const;

/** A page of the events that match, newest first; with `after_seq` in the order of their chain. */
export async function queryEvents(pool: pg.Pool, query: EventQuery, now: number) {
  const { where, values } = conditions(query, now);
  const order = query.after_seq === undefined ? 'event_timestamp desc, event_id desc' : 'chain_id, chain_seq';
  const columns = EVENT_COLUMNS.replaceAll(/\b(correlation_id)\b/g, 'e.$1');
  const page = `select ${columns}, h.hold_id is not null as legal_hold, h.reason as legal_hold_reason,
      h.placed_by as legal_hold_placed_by, to_char(h.placed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as legal_hold_placed_at
    from (select * from audit_events where ${where} order by ${order}
      limit $${String(values.length + 1)} offset $${String(values.length + 2)}) e
    left join audit_legal_holds h on h.correlation_id = e.correlation_id and h.released_at is null
    order by ${order.replaceAll(/(event_timestamp|event_id|chain_id|chain_seq)/g, 'e.$1')}`;
  const count = `select count(*)::int as total from (select 1 from audit_events where ${where} limit ${String(MAX_TOTAL)}) e`;
  const [rows, totals] = await translating(() =>
    Promise.all([
      pool.query<TrailEvent>(page, [...values, query.limit, query.offset]),
      pool.query<{ total: number }>(count, [...values]),
    ]),
  );
  const data = rows.rows.map(asAnswered);
  const total = totals.rows[0]?.total ?? 0;
  const { limit, offset } = query;
  return { data, pagination: { limit, offset, total, has_more: offset + data.length < total } };
}

function conditions(query: EventQuery, now: number): { readonly where: string; readonly values: readonly unknown[] } {
  const values: unknown[] = [];
  const parts: string[] = [];
  const add = (part: (n: string) => string, value: unknown): void => {
    values.push(value);
    parts.push(part(`$${String(values.length)}`));
  };
  for (const name of EQUAL)
    if (query[name] !== undefined && query[name] !== '') add((n) => `${name} = ${n}`, query[name]);
  // Clients of upstream cannot read the store's own events.
  if (query.chain_id === undefined) parts.push(`chain_id not like 'sys:%'`);
  if (query.since !== undefined) add((n) => `event_timestamp >= ${n}`, timeOf('since', query.since, now));
  if (query.until !== undefined) add((n) => `event_timestamp <= ${n}`, timeOf('until', query.until, now));
  if (query.after_seq !== undefined) add((n) => `chain_seq > ${n}`, query.after_seq);
  if ((query.detail_key === undefined) !== (query.detail_value === undefined))
    throw new Problem(400, 'validation-error', 'detail_key and detail_value go together: give both or neither');
  if (query.detail_key !== undefined) {
    values.push(query.detail_key, query.detail_value);
    parts.push(`event_data ->> $${String(values.length - 1)} = $${String(values.length)}`);
  }
  return { where: parts.length === 0 ? 'true' : parts.join(' and '), values };
}

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `30m` ago, an RFC 3339 time, or a day or second in UTC. */
export function timeOf(name: string, text: string, now: number): string {
  const relative = /^(\d{1,9})([smhd])$/.exec(text);
  const ms = relative === null ? absolute(text) : now - Number(relative[1]) * UNITS[relative[2] as keyof typeof UNITS];
  const at = new Date(ms);
  const isTime = !Number.isNaN(at.getTime()) && at.getUTCFullYear() >= 1 && at.getUTCFullYear() <= 9999;
  if (isTime) return at.toISOString();
  throw new Problem(400, 'validation-error', `${name} must be a time such as 24h, 2026-11-23 or 2026-11-23T10:00:00Z`, {
    [name]: 'invalid',
  });
}

function absolute(text: string): number {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return Date.parse(`${text}T00:00:00Z`);
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?$/.test(text)) return Date.parse(`${text}Z`);
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : NaN;
}

/** A row under the names of the interface; empty columns are absent. */
function asAnswered(row: TrailEvent): Readonly<Record<string, unknown>> {
  const { event_version: version, ...rest } = row;
  return Object.fromEntries(
    (Object.entries({ version, ...rest }) as [string, unknown][]).filter(([, value]) => value !== null),
  );
}
