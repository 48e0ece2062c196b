/** Executions that the product did not make. They hold no claim; they only block and count. */
import type pg from 'pg';
import type { Waiter } from '../../remediation/commit.ts';
import { translating, withTransaction } from '../pool.ts';
import { lockHeldTarget, lockKeys } from './keys.ts';

/** An execution as the watcher sees it. */
export interface SeenExecution {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly targetKey: string;
  readonly workflowId?: string;
  readonly phase: string;
  readonly completedAt?: string;
  readonly deduplicatedBy?: string;
  readonly ownerUid?: string;
  readonly resourceVersion: string;
  readonly isGone: boolean;
}

const hasEnded = ({ isGone, phase }: SeenExecution): boolean => isGone || phase === 'Completed' || phase === 'Failed';

// An execution whose owner ever held a target claim is the product's own.
const NOTE = `
  with seen as (
    select s.*, (s."isGone")::boolean as gone from jsonb_to_recordset($1::jsonb) as s(
      uid uuid, namespace text, name text, "targetKey" text, "workflowId" text, phase text, "completedAt" timestamptz,
      "deduplicatedBy" text, "ownerUid" text, "resourceVersion" text, "isGone" boolean)
    where not exists (
      select from claims c where c.kind = 'target' and c.holder_uid::text = s."ownerUid")
  )
  insert into foreign_executions as f (uid, namespace, name, target_key, workflow_id, phase, completed_at,
    deduplicated_by, owner_uid, resource_version, gone_at)
  select uid, namespace, name, "targetKey", "workflowId", phase, "completedAt", "deduplicatedBy", "ownerUid",
    "resourceVersion", case when gone then clock_timestamp() end
  from seen order by uid
  on conflict (uid) do update set
    phase = excluded.phase, completed_at = excluded.completed_at, workflow_id = excluded.workflow_id,
    deduplicated_by = excluded.deduplicated_by, resource_version = excluded.resource_version,
    gone_at = coalesce(f.gone_at, excluded.gone_at),
    observed_at = case when f.phase = excluded.phase then f.observed_at else clock_timestamp() end
  where excluded.resource_version::numeric > f.resource_version::numeric
    or (excluded.gone_at is not null and f.gone_at is null)
  returning uid`;

const WAITING = `
  select uid, temporal_workflow_id as "workflowId" from remediations
  where waiting_on = $1 and terminal_at is null order by created_at, name collate "C", uid`;

/** Enters the foreign ones among the executions. Answers who waits for a target on which one has ended. */
export async function noteExecutions(
  pool: pg.Pool,
  seen: readonly SeenExecution[],
): Promise<{ readonly entered: number; readonly waiters: readonly Waiter[] }> {
  const live = seen.filter((execution) => !hasEnded(execution));
  let entered = live.length === 0 ? 0 : await translating(() => note(pool, live));
  const waiters: Waiter[] = [];
  // At most one target lock a transaction.
  for (const ended of seen.filter(hasEnded)) {
    const found = await withTransaction(pool, async (client) => {
      await lockKeys(client, undefined, ended.targetKey);
      const count = await note(client, [ended]);
      if (count === 0) return undefined;
      return (await client.query<Waiter>({ name: 'target-waiters', text: WAITING, values: [ended.targetKey] })).rows;
    });
    if (found === undefined) continue;
    entered += 1;
    waiters.push(...found);
  }
  return { entered, waiters };
}

async function note(asking: pg.Pool | pg.ClientBase, seen: readonly SeenExecution[]): Promise<number> {
  const result = await asking.query({ name: 'note-executions', text: NOTE, values: [JSON.stringify(seen)] });
  return result.rowCount ?? 0;
}

const RELEASE = `
  with freed as (
    update claims c set released_at = clock_timestamp()
    from remediations r
    where c.holder_uid = $1 and c.kind = 'target' and c.released_at is null
      and r.uid = c.holder_uid and (r.terminal_at is not null or r.deleted_at is not null)
    returning c.key
  )
  select w.uid, w.temporal_workflow_id as "workflowId" from remediations w join freed on w.waiting_on = freed.key
  where w.terminal_at is null order by w.created_at, w.name collate "C", w.uid`;

/** The execution of an ended remediation is over: its target is free. Answers who waits for it. */
export const releaseOfEnded = (pool: pg.Pool, uid: string): Promise<readonly Waiter[]> =>
  withTransaction(pool, async (client) => {
    const key = await lockHeldTarget(client, uid);
    if (key === undefined) return [];
    return (await client.query<Waiter>({ name: 'release-of-ended', text: RELEASE, values: [uid] })).rows;
  });
