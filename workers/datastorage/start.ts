/** Puts the service together. Ports open first; what is missing behind them is said by the readiness, and waited for. */
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import type pg from 'pg';
import { keyring } from '../../src/audit/checkpoint.ts';
import { noAuthentication, staticTokens, tokenReviews } from '../../src/datastorage/auth.ts';
import type { Authenticate, Review } from '../../src/datastorage/auth.ts';
import { databaseUrl, queuePassword } from '../../src/datastorage/config.ts';
import type { StorageConfig } from '../../src/datastorage/config.ts';
import { createStorageMetrics } from '../../src/datastorage/metrics.ts';
import { readinessOf } from '../../src/datastorage/readiness.ts';
import { probeRoutes } from '../../src/datastorage/routes/health.ts';
import { buildServer } from '../../src/datastorage/server.ts';
import type { StorageService } from '../../src/datastorage/server.ts';
import { writeEvents } from '../../src/datastorage/write-events.ts';
import { createTransport } from '../../src/kubernetes/transport.ts';
import { loadKubeconfig } from '../../src/kubernetes/kubeconfig.ts';
import type { Logger } from '../../src/logger.ts';
import type { Placed } from '../../src/postgres/append.ts';
import { ensurePartitions, strayEvents } from '../../src/postgres/partitions.ts';
import { createPool } from '../../src/postgres/pool.ts';
import { openDeadLetters } from '../../src/queue/dead-letters.ts';
import { startDrain } from '../../src/queue/drain.ts';

export interface StorageOptions {
  readonly config: StorageConfig;
  readonly log: Logger;
  readonly version: string;
  readonly kubeconfig?: string | undefined;
  readonly namespace: string;
}

/** A running service and its addresses. */
export interface RunningStorage {
  readonly url: string;
  readonly healthUrl: string;
  readonly metricsUrl: string;
  readonly stop: () => Promise<void>;
}

const HOUR_MS = 3_600_000;

/** Starts the service; resolves when its ports are open, whatever else is up. */
export async function startStorage(options: StorageOptions): Promise<RunningStorage> {
  const { config, log } = options;
  const { server } = config;
  const metrics = createStorageMetrics({ processFigures: true });
  const pool = createPool(databaseUrl(config), {
    max: config.database.maxOpenConns,
    onIdleError: (err) => {
      log.debug('A connection to PostgreSQL broke', { err });
    },
  });
  const queue =
    config.redis.addr === ''
      ? undefined
      : openDeadLetters({
          address: config.redis.addr,
          password: queuePassword(config),
          maxLength: config.redis.dlqMaxLen,
          log,
        });
  const readiness = readinessOf({
    pool,
    metrics,
    log,
    allowWeakRoles: config.audit.allowWeakRoles,
    queue: queue === undefined ? undefined : () => queue.isWritable(),
  });
  const service: StorageService = {
    pool,
    metrics,
    log,
    readiness: readiness.state,
    queue,
    authenticate: authenticationOf(options),
    version: options.version,
    maxBodySize: server.maxBodySize,
    maxBatchSize: server.maxBatchSize,
    corsAllowedOrigins: server.corsAllowedOrigins,
    rateLimit: server.rateLimit.enabled
      ? { max: server.rateLimit.burst, windowMs: (1000 * server.rateLimit.burst) / server.rateLimit.requestsPerSecond }
      : undefined,
    keys: keyring(config.audit.publicKeyFiles.map((file) => createPublicKey(readFileSync(file)))),
    now: Date.now,
  };
  const app = await buildServer(service);
  const probes = Fastify();
  await probes.register(probeRoutes(service));
  const figures = Fastify();
  figures.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
  const listen = (each: FastifyInstance, port: number): Promise<string> => each.listen({ port, host: server.host });
  const [healthUrl, metricsUrl, url] = [
    await listen(probes, server.healthPort),
    await listen(figures, server.metricsPort),
    await listen(app, server.port),
  ];
  log.info('Listening', { url, health_url: healthUrl });
  const drain =
    queue === undefined
      ? undefined
      : startDrain({
          queue,
          log,
          write: (placed) => writeEvents(pool, placed),
          stored: (placed) => storedOf(pool, placed),
          onDrained: () => {
            metrics.queueDrains.inc();
          },
          onPoison: () => {
            metrics.queuePoison.inc();
          },
          onLost: (count) => {
            metrics.queueLost.inc(count);
          },
          onState: ({ depth, oldestMs }) => {
            metrics.queueDepth.set(depth);
            metrics.queueOldestSeconds.set(oldestMs / 1000);
          },
        });
  const upkeep = keepPartitions(pool, service);
  const poll = setInterval(() => void readiness.state(), 5000);
  return {
    url,
    healthUrl,
    metricsUrl,
    stop: async () => {
      readiness.stop();
      // Until every client has heard that this one is going, requests still come and are answered.
      await sleep(server.endpointPropagationDelay);
      await app.close();
      await drain?.stop();
      clearInterval(poll);
      clearInterval(upkeep);
      await Promise.all([probes.close(), figures.close()]);
      queue?.close();
      await pool.end();
    },
  };
}

async function storedOf(pool: pg.Pool, placed: readonly Placed[]): Promise<ReadonlySet<string>> {
  const text = 'select event_id from audit_events where event_id = any($1::uuid[])';
  const ids = placed.map(({ content }) => content.event_id);
  return new Set((await pool.query<{ event_id: string }>(text, [ids])).rows.map((row) => row.event_id));
}

/** Partitions are made long before they are needed; what lies in the default one is counted. */
function keepPartitions(pool: pg.Pool, { metrics, log }: StorageService): NodeJS.Timeout {
  const look = async (): Promise<void> => {
    try {
      const made = await ensurePartitions(pool);
      if (made.length > 0) log.info('Creating partitions', { partitions: made.join(', ') });
      metrics.defaultPartitionRows.set(await strayEvents(pool));
    } catch (err) {
      log.debug('Looking after the partitions fails', { err });
    }
  };
  void look();
  return setInterval(() => void look(), HOUR_MS);
}

function authenticationOf({ config, kubeconfig, namespace }: StorageOptions): Authenticate {
  const { mode, staticTokensFile, cacheTTL } = config.auth;
  if (mode === 'none') return noAuthentication;
  if (mode === 'static') return staticTokens(staticTokensFile);
  const transport = createTransport(loadKubeconfig({ kubeconfig }), { timeoutMs: 5000 });
  const review: Review = async (path, body) => {
    const answer = await transport.send({
      method: 'POST',
      path,
      body: JSON.stringify(body),
      what: 'Reviewing a caller',
    });
    return (JSON.parse(answer) as { readonly status?: Readonly<Record<string, unknown>> }).status ?? {};
  };
  return tokenReviews(review, { namespace, cacheMs: Math.min(cacheTTL, 60_000), now: Date.now });
}
