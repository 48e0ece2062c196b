import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { locatePostgres } from './postgres-binaries.ts';
import { portFor } from './ports.ts';
import { startProcess, untilReady } from './process.ts';
import type { ServerProcess } from './process.ts';
import { runAs, unprivilegedUser } from './run-as.ts';
import type { User } from './run-as.ts';

const run = promisify(execFile);

/** Where PostgreSQL keeps its data and log, and how much it may lose. */
export interface PostgresOptions {
  readonly folder: string;
  /** A free one by default; name the former to come back after a stop. */
  readonly port?: number;
  /** Survives a power cut. Off by default: a crash of the server alone loses nothing either way. */
  readonly fsync?: boolean;
  readonly maxConnections?: number;
  readonly survive?: boolean;
}

/** A running PostgreSQL. */
export interface Postgres extends ServerProcess {
  /** The administrator's connection to the database `postgres`. */
  readonly url: string;
  readonly port: number;
  /** The administrator's connection to another database of this server. */
  urlOf(database: string): string;
}

/** Creates a database cluster in the folder, unless one is there, starts it and waits until it answers. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const user = unprivilegedUser();
  const programs = locatePostgres(user);
  const port = await portFor('postgres', options.port);
  const data = join(options.folder, 'data');
  const passwordFile = join(options.folder, 'password');
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(programs, options.folder, passwordFile, user);
  const password = readFileSync(passwordFile, 'utf8').trim();
  const server = startProcess({
    name: 'postgres',
    command: join(programs, 'postgres'),
    args: ['-D', data, '-p', String(port), ...settings(options)],
    logFile: join(options.folder, 'postgres.log'),
    // The fast shutdown: it does not wait for clients.
    stopSignal: 'SIGINT',
    graceMs: 5000,
    survive: options.survive ?? false,
    user,
  });
  const urlOf = (database: string): string =>
    `postgres://postgres:${password}@127.0.0.1:${String(port)}/${encodeURIComponent(database)}`;
  const url = urlOf('postgres');
  await untilReady(server, () => probe(url));
  return { ...server, url, port, urlOf };
}

function settings(options: PostgresOptions): readonly string[] {
  const durable = options.fsync === true ? 'on' : 'off';
  const values: Readonly<Record<string, string>> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: String(options.maxConnections ?? 200),
    timezone: 'UTC',
    fsync: durable,
    full_page_writes: durable,
    max_wal_size: '2GB',
    log_checkpoints: 'off',
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function initialise(
  programs: string,
  folder: string,
  passwordFile: string,
  user: User | undefined,
): Promise<void> {
  const data = join(folder, 'data');
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true, mode: 0o700 });
  writeFileSync(passwordFile, `${randomBytes(16).toString('hex')}\n`, { mode: 0o600 });
  if (user !== undefined) for (const path of [data, passwordFile]) chownSync(path, user.uid, user.gid);
  const args = [`--pgdata=${data}`, `--pwfile=${passwordFile}`, '--username=postgres', '--auth=scram-sha-256'];
  const form = ['--encoding=UTF8', '--no-locale', '--no-sync', '--no-instructions'];
  try {
    const initdb = runAs(join(programs, 'initdb'), [...args, ...form], { user });
    await run(initdb.command, initdb.args, { cwd: '/', ...initdb.identity });
  } catch (error) {
    const advice = user === undefined ? '' : ' As root, keep the state folder where other users may enter.';
    throw new Error(`PostgreSQL cannot create its data in ${data}.${advice}`, { cause: error });
  }
}

async function probe(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 });
  // A connection that the starting server cuts reports itself a second time.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end();
  }
}
