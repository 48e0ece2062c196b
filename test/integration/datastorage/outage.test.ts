import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'mocha';
import pg from 'pg';
import { startPostgres } from '../../../dev/servers/postgres.ts';
import type { Postgres } from '../../../dev/servers/postgres.ts';
import { freePorts } from '../../../dev/servers/ports.ts';
import { startRedis } from '../../../dev/servers/redis.ts';
import type { RedisServer } from '../../../dev/servers/redis.ts';
import { readStorageConfig } from '../../../src/datastorage/config.ts';
import { silentLogger } from '../../../src/logger.ts';
import { migrate } from '../../../src/postgres/migrate.ts';
import { startStorage } from '../../../workers/datastorage/start.ts';
import type { RunningStorage } from '../../../workers/datastorage/start.ts';
import { eventually } from '../../support/eventually.ts';
import { anEvent } from './service.ts';

describe('DataStorage: outages', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'kubernaut-storage-'));
  let postgres: Postgres;
  let redis: RedisServer;
  let storage: RunningStorage;

  const configFile = (queue: boolean, port = postgres.port): string => {
    const secrets = join(folder, 'secrets.yaml');
    writeFileSync(secrets, 'password: secret\n');
    const file = join(folder, `config-${randomUUID()}.yaml`);
    writeFileSync(
      file,
      JSON.stringify({
        environment: 'test',
        server: { host: '127.0.0.1', port: 0, healthPort: 0, metricsPort: 0, endpointPropagationDelay: '0s' },
        database: {
          host: '127.0.0.1',
          port,
          name: 'postgres',
          user: 'ds_login',
          sslMode: 'disable',
          secretsFile: secrets,
        },
        auth: { mode: 'none' },
        ...(queue ? { redis: { addr: redis.address, dlqMaxLen: 50 } } : {}),
      }),
    );
    return file;
  };
  const start = (queue: boolean, port?: number): Promise<RunningStorage> =>
    startStorage({
      config: readStorageConfig(configFile(queue, port)),
      log: silentLogger,
      version: 'test',
      namespace: 'x',
    });
  const ready = async (of = storage, url = of.url): Promise<{ status: number; body: Record<string, unknown> }> => {
    const answer = await fetch(`${url}/readyz`);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const send = async (
    body: unknown,
  ): Promise<{ status: number; ids: readonly string[]; retryAfter: string | null }> => {
    const answer = await fetch(`${storage.url}/api/v1/audit/events/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { event_ids: ids = [] } = (await answer.json()) as { event_ids?: readonly string[] };
    return { status: answer.status, ids, retryAfter: answer.headers.get('retry-after') };
  };
  const events = async (correlation: string): Promise<readonly { event_id: string; event_data: { n: number } }[]> => {
    const answer = await fetch(`${storage.url}/api/v1/audit/events?chain_id=c:${correlation}&after_seq=0&limit=1000`);
    assert.equal(answer.status, 200);
    return ((await answer.json()) as { data: readonly { event_id: string; event_data: { n: number } }[] }).data;
  };
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${storage.metricsUrl}/metrics`)).text();
    return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
  };
  const downPostgres = (): Promise<void> => postgres.stop();
  const upPostgres = async (): Promise<void> => {
    postgres = await startPostgres({ folder: join(folder, 'postgres'), port: postgres.port });
  };

  before(async () => {
    postgres = await startPostgres({ folder: join(folder, 'postgres') });
    await migrate(postgres.url);
    const admin = new pg.Client({ connectionString: postgres.url });
    await admin.connect();
    await admin.query(`create role ds_login login password 'secret' in role kubernaut_ds`);
    await admin.end();
    redis = await startRedis({ folder: join(folder, 'redis') });
    storage = await start(true);
    await eventually(async () => assert.equal((await ready()).status, 200));
  });
  after(async () => {
    await storage.stop();
    await redis.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('C-06: says what is missing while PostgreSQL is down, stays alive, and is ready again by itself', async () => {
    await downPostgres();
    await eventually(async () => {
      const { status, body } = await ready();
      assert.deepEqual([status, body['reason']], [503, 'database_unreachable']);
    });
    const health = await fetch(`${storage.url}/health`);
    assert.deepEqual([health.status, ((await health.json()) as { database: string }).database], [503, 'unreachable']);
    assert.equal((await fetch(`${storage.healthUrl}/healthz`)).status, 200);
    assert.equal((await ready(storage, storage.healthUrl)).status, 200, 'accepts by the queue');
    await upPostgres();
    await eventually(async () => assert.equal((await ready()).status, 200), { timeoutMs: 5000 });
  });

  it('queues while PostgreSQL is down and stores every event once, in the order of arrival', async () => {
    const correlation = randomUUID();
    const one = (n: number) => anEvent({ correlation_id: correlation, event_data: { event_type: 'x', n } });
    assert.equal((await send([one(0)])).status, 201);
    await downPostgres();
    const answers: Awaited<ReturnType<typeof send>>[] = [];
    const batches = Array.from({ length: 10 }, (_, i) => [one(2 * i + 1), one(2 * i + 2)]);
    for (const batch of batches) answers.push(await send(batch));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [202]);
    // A reply got lost: the same request again.
    const again = await send(batches[3]);
    assert.deepEqual(again.ids, answers[3]?.ids);
    await upPostgres();
    const stored = await eventually(
      async () => {
        const all = await events(correlation);
        assert.equal(all.length, 21);
        return all;
      },
      { timeoutMs: 40_000 },
    );
    assert.deepEqual(
      stored.map(({ event_data: { n } }) => n),
      Array.from({ length: 21 }, (_, i) => i),
    );
    assert.deepEqual(
      stored.slice(1).map(({ event_id: id }) => id),
      answers.flatMap(({ ids }) => ids),
    );
    await eventually(async () => assert.equal((await send([one(21)])).status, 201));
  });

  it('refuses what the queue has no room for, whole, and drops nothing for it', async () => {
    const correlation = randomUUID();
    const batch = (count: number) =>
      Array.from({ length: count }, (_, n) =>
        anEvent({ correlation_id: correlation, event_data: { event_type: 'x', n, part: randomUUID() } }),
      );
    await downPostgres();
    assert.equal((await send(batch(45))).status, 202);
    const refused = await send(batch(6));
    assert.deepEqual([refused.status, refused.retryAfter], [503, '5']);
    assert.equal((await send(batch(5))).status, 202);
    await upPostgres();
    await eventually(async () => assert.equal((await events(correlation)).length, 50), { timeoutMs: 40_000 });
    assert.ok((await metric('datastorage_dlq_rejected_total')) >= 6);
  });

  it('answers 503 when both are down, keeps nothing, and says that the queue is away', async () => {
    const correlation = randomUUID();
    await redis.stop();
    await eventually(async () => assert.deepEqual((await ready()).body['degraded'], ['redis_unreachable']));
    assert.equal((await send([anEvent({ correlation_id: correlation })])).status, 201, 'PostgreSQL alone is enough');
    await downPostgres();
    const refused = await send([anEvent({ correlation_id: correlation })]);
    assert.deepEqual([refused.status, refused.retryAfter], [503, '5']);
    await eventually(async () => assert.equal((await ready(storage, storage.healthUrl)).status, 503));
    await upPostgres();
    redis = await startRedis({ folder: join(folder, 'redis'), port: redis.port });
    await allReady();
    assert.equal((await events(correlation)).length, 1);
  });

  const allReady = () =>
    eventually(async () => assert.deepEqual((await ready()).body, { status: 'ready' }), { timeoutMs: 20_000 });

  it('keeps what is acknowledged through a kill of a persistent queue server', async () => {
    const correlation = randomUUID();
    await allReady();
    await downPostgres();
    assert.equal((await send([anEvent({ correlation_id: correlation })])).status, 202);
    redis.signal('SIGKILL');
    await eventually(() => assert.equal(redis.isRunning(), false));
    redis = await startRedis({ folder: join(folder, 'redis'), port: redis.port });
    await upPostgres();
    await eventually(async () => assert.equal((await events(correlation)).length, 1), { timeoutMs: 40_000 });
    assert.equal(await metric('datastorage_dlq_lost_total'), 0);
  });

  it('notices and counts acknowledged events that a queue server has forgotten', async () => {
    await allReady();
    await downPostgres();
    assert.equal((await send([anEvent(), anEvent()])).status, 202);
    redis.signal('SIGKILL');
    await eventually(() => assert.equal(redis.isRunning(), false));
    rmSync(join(folder, 'redis'), { recursive: true, force: true });
    redis = await startRedis({ folder: join(folder, 'redis'), port: redis.port });
    await upPostgres();
    await eventually(async () => assert.equal(await metric('datastorage_dlq_lost_total'), 2), { timeoutMs: 40_000 });
  });

  it('9.1: a service that is up before PostgreSQL is ready within 5 s of it', async () => {
    await downPostgres();
    const early = await start(false);
    const isReady = () => ready(early);
    assert.deepEqual([(await isReady()).status, (await isReady()).body['reason']], [503, 'database_unreachable']);
    await upPostgres();
    await eventually(async () => assert.equal((await isReady()).status, 200), { timeoutMs: 5000 });
    await early.stop();
  });

  it('9.1: names a migration that is missing, a partition that is missing, and a role that is too strong', async () => {
    const admin = new pg.Client({ connectionString: postgres.url });
    await admin.connect();
    await admin.query('set search_path = audit');
    const reason = async (): Promise<unknown> => (await ready()).body['reason'];
    const restored = () => eventually(async () => assert.equal(await reason(), undefined));
    try {
      const { rows } = await admin.query<{ name: string }>(
        `select name from schema_migrations order by id desc limit 1`,
      );
      const name = rows[0]?.name;
      await admin.query(`update schema_migrations set name = 'x' || name where name = $1`, [name]);
      await eventually(async () => assert.equal(await reason(), 'schema_too_new'));
      await admin.query(`update schema_migrations set name = $1 where name = 'x' || $1`, [name]);
      await restored();
      const next = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 1, 1))
        .toISOString()
        .slice(0, 7)
        .replace('-', '_');
      await admin.query(`alter table audit_events_${next} rename to hidden`);
      await eventually(async () => assert.equal(await reason(), 'partition_missing'));
      await admin.query(`alter table hidden rename to audit_events_${next}`);
      await restored();
      await admin.query('grant delete on audit_events to kubernaut_ds');
      const strong = await start(false);
      await eventually(async () => assert.equal((await ready(strong)).body['reason'], 'role_too_strong'));
      await admin.query('revoke delete on audit_events from kubernaut_ds');
      await eventually(async () => assert.equal((await ready(strong)).status, 200));
      await strong.stop();
    } finally {
      await admin.end();
    }
  });

  it('9.1: is not ready from the moment it is told to stop', async () => {
    const other = await start(false);
    await eventually(async () => assert.equal((await ready(other)).status, 200));
    await other.stop();
    await assert.rejects(fetch(`${other.url}/readyz`));
  });

  it('9.1: a PostgreSQL that does not answer holds up no probe', async () => {
    const { proxy } = await freePorts('proxy');
    const silent = await import('node:net').then(({ createServer }) =>
      createServer(() => undefined).listen(proxy, '127.0.0.1'),
    );
    const other = await start(false, proxy);
    const began = Date.now();
    assert.equal((await ready(other)).status, 503);
    assert.ok(Date.now() - began < 3000);
    assert.equal((await fetch(`${other.healthUrl}/healthz`)).status, 200);
    silent.close();
    await other.stop();
  });
});
