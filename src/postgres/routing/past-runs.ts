/** What earlier runs did to a target. This is the one fact that may be missing: a history that cannot be read blocks nothing. */
import type pg from 'pg';
import type { PastExecution } from '../../remediation/routing/chain.ts';
import type { RoutingQuestion } from '../../remediation/routing/question.ts';

/** Entries oldest first; absent when nobody asks for them, or with the fault when they cannot be read. */
export interface PastRuns {
  readonly entries?: readonly PastExecution[];
  readonly fault?: Error;
}

const MOST_RUNS = 200;

const RUNS = `
  select "completedAt", "actionType", "preHash", "postHash", "isResolved" from (
    select extract(epoch from we_completed_at)::float8 * 1000 as "completedAt", action_type as "actionType",
      pre_hash as "preHash", post_hash as "postHash",
      case outcome when 'Inconclusive' then false when 'Remediated' then true end as "isResolved"
    from remediations
    where lower(target_key) = $1 and we_completed_at > $2::timestamptz and uid <> $3::uuid
    order by we_completed_at desc limit ${String(MOST_RUNS)}) newest
  order by "completedAt"`;

/** Reads the runs within the transaction but before its locks, for two seconds at most. */
export async function pastRuns(
  client: pg.ClientBase,
  { asking, intent, preHash, limits, request }: RoutingQuestion,
  now: number,
): Promise<PastRuns> {
  if (asking !== 'after analysis' || intent === undefined || preHash === undefined || preHash === '') return {};
  const longest = Math.max(limits.ineffectiveTimeWindow, limits.forwardChainWindow);
  const values = [intent.targetKey, new Date(now - longest), request.uid];
  await client.query(`savepoint past_runs; set local statement_timeout = '2s'`);
  try {
    const result = await client.query<PastExecution>({ name: 'past-runs', text: RUNS, values });
    await client.query(`release savepoint past_runs; set local statement_timeout = '30s'`);
    return { entries: result.rows.map(withoutNulls) };
  } catch (error) {
    await client.query('rollback to savepoint past_runs');
    return { fault: error instanceof Error ? error : new Error(String(error)) };
  }
}

const withoutNulls = (row: PastExecution): PastExecution =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as PastExecution;
