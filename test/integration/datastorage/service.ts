/** The service on the suite's own database, logged in under the role it is meant for. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { after, before } from 'mocha';
import type pg from 'pg';
import { noAuthentication } from '../../../src/datastorage/auth.ts';
import { createStorageMetrics } from '../../../src/datastorage/metrics.ts';
import { readinessOf } from '../../../src/datastorage/readiness.ts';
import { buildServer } from '../../../src/datastorage/server.ts';
import type { StorageService } from '../../../src/datastorage/server.ts';
import { silentLogger } from '../../../src/logger.ts';
import { createPool } from '../../../src/postgres/pool.ts';
import { useServers } from '../../support/servers.ts';

export interface Storage {
  readonly app: FastifyInstance;
  readonly pool: pg.Pool;
  /** Everything may be done over this one. */
  readonly admin: pg.Pool;
  readonly metrics: StorageService['metrics'];
}

/** A login that is a member of one role alone; the administrator's pool, its URL, and how to be rid of both. */
export async function loginAs(databaseUrl: string, role: string) {
  const url = new URL(databaseUrl);
  const login = `login_${role}_${randomUUID().slice(0, 8)}`;
  const admin = createPool(url.href, { max: 2 });
  await admin.query(`create role ${login} login password 'secret' in role ${role}`);
  const own = Object.assign(new URL(url), { username: login, password: 'secret' }).href;
  return {
    admin,
    url: own,
    end: async () => {
      await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = $1`, [login]);
      await admin.query(`drop role ${login}`);
      await admin.end();
    },
  };
}

/** A service before the suite's first test. */
export function useStorage(overrides: (pool: pg.Pool) => Partial<StorageService> = () => ({})): () => Storage {
  let storage: (Storage & { end: () => Promise<void> }) | undefined;
  after(() => storage?.end());
  const servers = useServers();
  before(async () => {
    const login = await loginAs(servers().databaseUrl, 'kubernaut_ds');
    const pool = createPool(login.url);
    const metrics = createStorageMetrics({ processFigures: false });
    const readiness = readinessOf({ pool, metrics, log: silentLogger, allowWeakRoles: false });
    const app = await buildServer({
      pool,
      metrics,
      readiness: readiness.state,
      authenticate: noAuthentication,
      log: silentLogger,
      version: 'test',
      maxBodySize: 5 * 1024 * 1024,
      maxBatchSize: 1000,
      corsAllowedOrigins: [],
      keys: new Map(),
      now: Date.now,
      ...overrides(pool),
    });
    const end = async (): Promise<void> => {
      await app.close();
      await pool.end();
      await login.end();
    };
    storage = { app, pool, admin: login.admin, metrics, end };
  });
  return () => {
    if (storage === undefined) throw new Error('The service can be used in hooks and tests only.');
    return storage;
  };
}

/** An event as another service sends it; every call is another one. */
export function anEvent(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    version: '1.0',
    event_type: 'gateway.signal.received',
    event_timestamp: new Date()
      .toISOString()
      .replace(/\d{3}Z$/, '123456Z')
      .replace(/\.\d*123456Z$/, '.123456Z'),
    event_category: 'gateway',
    event_action: 'received',
    event_outcome: 'success',
    correlation_id: `rr-${randomUUID()}`,
    event_data: { event_type: 'gateway.signal.received', signal_name: 'HighMemory', n: Math.random() },
    ...overrides,
  };
}
