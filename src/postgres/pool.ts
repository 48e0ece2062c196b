/** Connections to PostgreSQL, and the transaction bracket round everything that must happen together. */
import pg from 'pg';
import { toPostgresError } from './errors.ts';

/** The schema that holds trail and ledger. Statements name no schema: every connection has it as its search path. */
export const SCHEMA = 'audit';

/** Limits that keep one stuck session from holding up the others. */
const LIMITS = {
  connectionTimeoutMillis: 5_000,
  lock_timeout: 5_000,
  statement_timeout: 30_000,
  idle_in_transaction_session_timeout: 30_000,
  // For a server that has vanished without closing the connection: above the limit it would keep by itself.
  query_timeout: 35_000,
} as const;

export interface PoolOptions {
  readonly max?: number;
  /** Told of connections that broke while nobody used them; the pool replaces them by itself. */
  readonly onIdleError?: (error: Error) => void;
}

/** A pool of connections to the database of this URL. Nothing is connected before the first use. */
export function createPool(url: string, options: PoolOptions = {}): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 10,
    application_name: 'kubernaut-remediation-orchestrator',
    keepAlive: true,
    options: `-c search_path=${SCHEMA} -c synchronous_commit=on`,
    ...LIMITS,
  });
  pool.on('error', (error) => options.onIdleError?.(error));
  // A connection that breaks in use fails its query; nobody listening to itself would end the process besides.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Runs `work` in one transaction: committed when it returns, rolled back when it throws. Errors come out as ours. */
export async function withTransaction<T>(pool: pg.Pool, work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
  const client = await translating(() => pool.connect());
  let broken = false;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    broken = !(await rolledBack(client));
    throw toPostgresError(error);
  } finally {
    client.release(broken);
  }
}

/** Runs something that asks PostgreSQL; errors come out as ours. */
export async function translating<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw toPostgresError(error);
  }
}

async function rolledBack(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query('rollback');
    return true;
  } catch {
    return false;
  }
}
