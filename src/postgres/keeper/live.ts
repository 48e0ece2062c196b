/** Live remediations as the keeper compares them with the workflows that run. */
import type pg from 'pg';
import type { Registration } from '../../remediation/commit.ts';
import { translating, withTransaction } from '../pool.ts';

/** A live remediation in the ledger. */
export interface LiveRow {
  readonly registration: Registration;
  readonly generation: number;
  readonly step: number;
  /** Whether somebody has pointed at it. */
  readonly isHinted: boolean;
}

interface StoredRow {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly clusterID: string | null;
  readonly fingerprint: string;
  readonly targetNamespace: string;
  readonly createdAt: Date;
  readonly workflowId: string;
  readonly phase: string;
  readonly generation: number;
  readonly step: number;
  readonly isHinted: boolean;
}

const COLUMNS = `uid, namespace, name, cluster_id as "clusterID", fingerprint, target_namespace as "targetNamespace",
  created_at as "createdAt", temporal_workflow_id as "workflowId", phase, generation, step, hint_at is not null as "isHinted"`;

const read = (pool: pg.Pool, name: string, text: string, values: readonly unknown[]): Promise<readonly LiveRow[]> =>
  translating(async () => (await pool.query<StoredRow>({ name, text, values: [...values] })).rows.map(toRow));

function toRow({ generation, step, isHinted, clusterID, createdAt, ...rest }: StoredRow): LiveRow {
  const cluster = clusterID === null ? {} : { clusterID };
  return { registration: { ...rest, createdAt: createdAt.getTime(), ...cluster }, generation, step, isHinted };
}

/** Those that were registered so long ago and have made no step yet, the oldest first. */
export const unbegun = (pool: pg.Pool, namespace: string, ageMs: number, most: number): Promise<readonly LiveRow[]> =>
  read(
    pool,
    'unbegun',
    `select ${COLUMNS} from remediations
      where namespace = $1 and terminal_at is null and step = 0
        and registered_at < clock_timestamp() - make_interval(secs => $2::float8 / 1000)
      order by registered_at limit $3`,
    [namespace, ageMs, most],
  );

/** Those that somebody has pointed at because no workflow heard of their news. */
export const hintedLive = (pool: pg.Pool, namespace: string, most: number): Promise<readonly LiveRow[]> =>
  read(
    pool,
    'hinted-live',
    `select ${COLUMNS} from remediations
      where hint_at is not null and namespace = $1 and terminal_at is null order by hint_at limit $2`,
    [namespace, most],
  );

/** The next ones behind this uid, in the order of their uids, without those that did something just now. */
export const liveAfter = (
  pool: pg.Pool,
  namespace: string,
  uid: string | undefined,
  ageMs: number,
  most: number,
): Promise<readonly LiveRow[]> =>
  read(
    pool,
    'live-after',
    `select ${COLUMNS} from remediations
      where namespace = $1 and terminal_at is null and ($2::uuid is null or uid > $2::uuid)
        and updated_at < clock_timestamp() - make_interval(secs => $3::float8 / 1000)
      order by uid limit $4`,
    [namespace, uid ?? null, ageMs, most],
  );

/** The hints on these live remediations have been followed. */
export const forgetHints = (pool: pg.Pool, uids: readonly string[]): Promise<void> =>
  translating(async () => {
    await pool.query('update remediations set hint_at = null where uid = any($1) and terminal_at is null', [uids]);
  });

/** How long whoever takes a restart has the time to make it. */
const RESTART_MS = 30_000;

/**
 * Shuts out the run that commits as `expected` and answers the next generation; undefined when somebody else has just
 * done so and is about to start the new run, or when it has ended.
 */
export const takeRestart = (pool: pg.Pool, uid: string, expected: number): Promise<number | undefined> =>
  translating(async () => {
    const text = `update remediations set generation = generation + 1, look_at = clock_timestamp()
      where uid = $1 and generation = $2 and terminal_at is null
        and (look_at is null or look_at < clock_timestamp() - make_interval(secs => $3::float8 / 1000))
      returning generation`;
    const result = await pool.query<{ generation: number }>(text, [uid, expected, RESTART_MS]);
    return result.rows[0]?.generation;
  });

/** Lets others try a restart that did not work out. */
export const returnRestart = (pool: pg.Pool, uid: string): Promise<void> =>
  translating(async () => {
    await pool.query('update remediations set look_at = null where uid = $1 and terminal_at is null', [uid]);
  });

/** Ends the row of a request that is gone and that nobody has begun; false when somebody has begun it meanwhile. */
export const endUnbegun = (pool: pg.Pool, uid: string): Promise<boolean> =>
  withTransaction(pool, async (client) => {
    const text = `update remediations set terminal_at = clock_timestamp(), updated_at = clock_timestamp()
      where uid = $1 and step = 0 and terminal_at is null`;
    return (await client.query(text, [uid])).rowCount === 1;
  });

/** An ended remediation that still holds a target. */
export interface EndedHolder {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly executionName: string | undefined;
}

/** Who has ended and still holds a target, the oldest claim first. */
export const endedHolders = (pool: pg.Pool, namespace: string, most: number): Promise<readonly EndedHolder[]> =>
  translating(async () => {
    const text = `select r.uid, r.namespace, r.name, r.we_name as "executionName"
      from claims c join remediations r on r.uid = c.holder_uid
      where c.kind = 'target' and c.released_at is null and r.namespace = $1 and r.terminal_at is not null
      order by c.acquired_at limit $2`;
    const result = await pool.query<Omit<EndedHolder, 'executionName'> & { executionName: string | null }>({
      name: 'ended-holders',
      text,
      values: [namespace, most],
    });
    return result.rows.map((row) => ({ ...row, executionName: row.executionName ?? undefined }));
  });

/** Forgets foreign executions that ended or went so long ago; they neither block nor count any more. */
export const forgetExecutions = (pool: pg.Pool, namespace: string, olderThanMs: number): Promise<number> =>
  translating(async () => {
    const text = `delete from foreign_executions where namespace = $1
      and (gone_at is not null or phase in ('Completed', 'Failed'))
      and coalesce(gone_at, completed_at, observed_at) < clock_timestamp() - make_interval(secs => $2::float8 / 1000)`;
    return (await pool.query(text, [namespace, olderThanMs])).rowCount ?? 0;
  });
