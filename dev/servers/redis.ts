import { execFile } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { withLock } from './lock.ts';
import { portFor } from './ports.ts';
import { startProcess, untilReady } from './process.ts';
import type { ServerProcess } from './process.ts';

const run = promisify(execFile);

/** The variable that names a redis-server, or anything that speaks its protocol and takes its options. */
export const REDIS_VARIABLE = 'KUBERNAUT_REDIS_BIN';

const PROGRAMS = ['redis-server', 'valkey-server'];

export interface RedisOptions {
  readonly folder: string;
  /** A free one by default; name the former to come back after a stop. */
  readonly port?: number;
  /** Whether what it holds survives a restart. */
  readonly persistent?: boolean;
}

/** A running Redis. */
export interface RedisServer extends ServerProcess {
  readonly address: string;
  readonly port: number;
}

/** Starts a Redis-compatible server and waits until it answers. */
export async function startRedis({ folder, port: wanted, persistent = true }: RedisOptions): Promise<RedisServer> {
  const command = await locateRedis();
  const port = await portFor('redis', wanted);
  mkdirSync(folder, { recursive: true });
  const server = startProcess({
    name: 'redis',
    command,
    args: [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
      ...['--appendonly', persistent ? 'yes' : 'no', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'],
    ],
    logFile: join(folder, 'redis.log'),
  });
  await untilReady(server, async () => {
    const client = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: null, connectTimeout: 1000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.ping();
    } finally {
      client.disconnect();
    }
  });
  return { ...server, port, address: `127.0.0.1:${String(port)}` };
}

/** Named by the variable, on PATH, or installed from Debian's packages by root; an error says how to get one otherwise. */
export async function locateRedis(): Promise<string> {
  const named = process.env[REDIS_VARIABLE];
  if (named !== undefined && named !== '') {
    if (isExecutable(named)) return named;
    throw new Error(`${REDIS_VARIABLE} names ${named}, which is no executable file: correct it or unset it.`);
  }
  const found = onPath();
  if (found !== undefined) return found;
  if (process.getuid?.() === 0) await install();
  const installed = onPath();
  if (installed !== undefined) return installed;
  throw new Error(
    `redis-server is not installed: install it (apt-get install redis-server, brew install redis), or let ${REDIS_VARIABLE} name one.`,
  );
}

async function install(): Promise<void> {
  const waiting = (): void => undefined;
  await withLock('/tmp/kubernaut-redis-install.lock', waiting, async () => {
    if (onPath() !== undefined) return;
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const packages = ['install', '-y', '--no-install-recommends', 'redis-server'];
    try {
      await run('apt-get', packages, { env });
    } catch {
      // The lists of packages may be missing or old.
      await run('apt-get', ['update'], { env }).catch(() => undefined);
      await run('apt-get', packages, { env }).catch(() => undefined);
    }
  });
}

function onPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.flatMap((folder) => PROGRAMS.map((name) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
