/** PostgreSQL and Temporal for `rrctl up`: those that are named, else ones of its own that keep their data in the state folder. */
import { join } from 'node:path';
import type pg from 'pg';
import { findBinary, locateServers } from '../../../dev/servers/locate.ts';
import { startPostgres } from '../../../dev/servers/postgres.ts';
import type { ServerProcess } from '../../../dev/servers/process.ts';
import { startTemporal } from '../../../dev/servers/temporal.ts';
import { createPool } from '../../postgres/pool.ts';

const DATABASE = 'kubernaut';

/** A server that this process has started. */
export type OwnServer = Pick<ServerProcess, 'name' | 'logFile' | 'isRunning' | 'stop'>;

/** Starts PostgreSQL on the data that is in the folder, and creates the database in it when there is none. */
export async function ownPostgres(folder: string): Promise<OwnServer & { readonly url: string }> {
  const server = await startPostgres({ folder: join(folder, 'postgres'), fsync: true, maxConnections: 50 });
  const admin = createPool(server.url, { max: 1 });
  try {
    await createDatabase(admin);
  } finally {
    await admin.end();
  }
  return { ...server, url: `${server.urlOf(DATABASE)}?sslmode=disable` };
}

/** Starts Temporal's development server, with its web UI, on the workflows that are in the folder. */
export async function ownTemporal(
  folder: string,
  namespace: string,
): Promise<OwnServer & { readonly address: string; readonly uiUrl: string | undefined }> {
  const binary = (await findBinary('temporal')) ?? (await locateServers()).temporal;
  return startTemporal({ binary, folder: join(folder, 'temporal'), namespace, durable: true, ui: true });
}

async function createDatabase(admin: pg.Pool): Promise<void> {
  const { rowCount } = await admin.query('select from pg_database where datname = $1', [DATABASE]);
  if (rowCount === 0) await admin.query(`create database ${DATABASE}`);
}
