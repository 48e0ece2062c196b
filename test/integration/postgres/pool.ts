/** A pool on the suite's own database. */
import { after, before } from 'mocha';
import type pg from 'pg';
import { createPool } from '../../../src/postgres/pool.ts';
import { useServers } from '../../support/servers.ts';

/** Opens the pool before the suite's first test and closes it after the last. */
export function usePool(): () => pg.Pool {
  let pool: pg.Pool | undefined;
  // Before the servers' own hook, which removes the database.
  after(() => pool?.end());
  const servers = useServers();
  before(() => {
    pool = createPool(servers().databaseUrl);
  });
  return () => {
    if (pool === undefined) throw new Error('The pool can be used in hooks and tests only.');
    return pool;
  };
}

/** Runs statements past the triggers, as only somebody with every right on the server can. */
export async function tamper(pool: pg.Pool, statement: string, values: readonly unknown[]): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    const { rowCount } = await client.query(statement, [...values]);
    await client.query('commit');
    return rowCount ?? 0;
  } finally {
    client.release();
  }
}
