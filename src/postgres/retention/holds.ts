/** Legal holds: what is held is neither purged with its month nor deleted from the cluster. */
import type pg from 'pg';
import { translating } from '../pool.ts';

export interface LegalHold {
  readonly hold_id: string;
  readonly correlation_id: string;
  readonly reason: string;
  readonly placed_by: string;
  readonly placed_at: Date;
}

const COLUMNS = 'hold_id, correlation_id, reason, placed_by, placed_at';

/** Every hold that has not been released, the oldest first. */
export async function activeHolds(pool: pg.Pool): Promise<readonly LegalHold[]> {
  const text = `select ${COLUMNS} from audit_legal_holds where released_at is null order by placed_at`;
  return (await translating(() => pool.query<LegalHold>(text))).rows;
}

/** Holds everything under a correlation id and answers how many events that is; undefined when there are none. One that is held already stays as it is. */
export async function placeHold(
  pool: pg.Pool,
  hold: { readonly correlationId: string; readonly reason: string; readonly by: string },
): Promise<{ readonly hold: LegalHold; readonly events: number } | undefined> {
  const events = await eventsUnder(pool, hold.correlationId);
  if (events === 0) return undefined;
  const text = `with placed as (
      insert into audit_legal_holds (correlation_id, reason, placed_by) values ($1, $2, $3)
      on conflict (correlation_id) where released_at is null do nothing returning ${COLUMNS}
    )
    select * from placed union all
    select ${COLUMNS} from audit_legal_holds where correlation_id = $1 and released_at is null limit 1`;
  const result = await translating(() => pool.query<LegalHold>(text, [hold.correlationId, hold.reason, hold.by]));
  const row = result.rows[0];
  return row === undefined ? undefined : { hold: row, events };
}

/** Releases the hold of a correlation id; undefined when there is none. */
export async function releaseHold(
  pool: pg.Pool,
  release: { readonly correlationId: string; readonly reason: string; readonly by: string },
): Promise<{ readonly releasedAt: Date; readonly events: number } | undefined> {
  const text = `update audit_legal_holds set released_by = $3, released_at = clock_timestamp(), release_reason = $2
    where correlation_id = $1 and released_at is null returning released_at as "releasedAt"`;
  const values = [release.correlationId, release.reason, release.by];
  const row = (await translating(() => pool.query<{ releasedAt: Date }>(text, values))).rows[0];
  if (row === undefined) return undefined;
  return { releasedAt: row.releasedAt, events: await eventsUnder(pool, release.correlationId) };
}

async function eventsUnder(pool: pg.Pool, correlationId: string): Promise<number> {
  const text = 'select count(*)::int as n from audit_events where correlation_id = $1';
  return (await translating(() => pool.query<{ n: number }>(text, [correlationId]))).rows[0]?.n ?? 0;
}
