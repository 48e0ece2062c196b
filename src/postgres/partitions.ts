/** Monthly partitions of the trail, created before they are needed. */
import type pg from 'pg';
import { translating } from './pool.ts';

/** Creates the partitions of this month and the next thirteen that are missing, and answers their names. Safe to call at any time. */
export async function ensurePartitions(pool: pg.Pool): Promise<readonly string[]> {
  const text = 'select ensure_audit_partitions() as partition';
  const result = await translating(() => pool.query<{ partition: string }>(text));
  return result.rows.map((row) => row.partition);
}

/** How many events lie in the default partition. More than none means that the month of an event had no partition. */
export async function strayEvents(pool: pg.Pool): Promise<number> {
  const text = 'select count(*)::int as count from audit_events_default';
  const result = await translating(() => pool.query<{ count: number }>(text));
  return result.rows[0]?.count ?? 0;
}
