/** Waiters that nobody woke, and the figures of those that are blocked. */
import type pg from 'pg';
import type { Waiter } from '../../remediation/commit.ts';
import { translating } from '../pool.ts';

const LOST = `
  select w.uid, w.temporal_workflow_id as "workflowId" from remediations w
  where w.namespace = $1 and w.terminal_at is null and w.waiting_on is not null
    and case when strpos(w.waiting_on, '|') = 0
      then not exists (
        select from remediations o where o.uid::text = w.waiting_on and o.terminal_at is null and o.deleted_at is null)
      else not exists (
          select from claims c join remediations h on h.uid = c.holder_uid
          where c.kind = 'target' and c.key = w.waiting_on and c.released_at is null
            and h.terminal_at is null and h.deleted_at is null)
        and not exists (
          select from foreign_executions f where lower(f.target_key) = w.waiting_on
            and f.gone_at is null and f.phase not in ('Completed', 'Failed'))
      end
  order by w.created_at, w.name collate "C", w.uid`;

/** Who waits although what they wait for is over. They decide for themselves when they are woken; nothing is written here. */
export const lostWaiters = (pool: pg.Pool, namespace: string): Promise<readonly Waiter[]> =>
  translating(async () => (await pool.query<Waiter>({ name: 'lost-waiters', text: LOST, values: [namespace] })).rows);

/** Blocked remediations, by namespace. */
export interface BlockedCount {
  readonly namespace: string;
  readonly count: number;
}

/** How many remediations are blocked now. */
export const blockedCounts = (pool: pg.Pool): Promise<readonly BlockedCount[]> =>
  translating(async () => {
    const text = `select namespace, count(*)::int as count from remediations
      where phase = 'Blocked' and terminal_at is null group by namespace`;
    return (await pool.query<BlockedCount>({ name: 'blocked-counts', text })).rows;
  });
