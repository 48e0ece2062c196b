import type { FastifyPluginAsync } from 'fastify';
import type { StorageService } from '../server.ts';

const ALIVE = { status: 'alive' } as const;

/** What other services ask before they rely on this one. Strict: ready means that PostgreSQL takes events. */
export function healthRoutes({
  readiness,
  metrics,
  now,
}: Pick<StorageService, 'readiness' | 'metrics' | 'now'>): FastifyPluginAsync {
  return async (app) => {
    const hidden = { schema: { hide: true } };
    app.get('/healthz', hidden, () => ({ status: 'healthy', timestamp: new Date(now()).toISOString() }));
    app.get('/health/live', hidden, () => ALIVE);
    for (const path of ['/readyz', '/health/ready'])
      app.get(path, hidden, async (_request, reply) => {
        const { reason, detail, degraded } = await readiness();
        if (reason === undefined) return degraded.length === 0 ? { status: 'ready' } : { status: 'ready', degraded };
        return reply.code(503).send({ status: 'not_ready', reason, detail });
      });
    app.get('/health', hidden, async (_request, reply) => {
      const { reason, detail } = await readiness();
      if (reason === undefined) return { status: 'healthy', database: 'connected' };
      const database = reason === 'database_unreachable' ? 'unreachable' : 'connected';
      return reply.code(503).send({ status: 'unhealthy', database, error: reason, detail });
    });
    app.get('/metrics', hidden, async (_request, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
    );
    await Promise.resolve();
  };
}

/** What the kubelet asks: ready means that events can be taken in, if need be by the queue. */
export function probeRoutes(service: Pick<StorageService, 'readiness' | 'metrics' | 'now'>): FastifyPluginAsync {
  return async (app) => {
    app.get('/readyz', async (_request, reply) => {
      const { accepts, reason, detail, degraded } = await service.readiness();
      const body = { status: accepts ? 'ready' : 'not_ready', reason, detail, degraded };
      return reply.code(accepts ? 200 : 503).send(body);
    });
    await app.register(async (rest) => {
      rest.get('/healthz', () => ({ status: 'healthy', timestamp: new Date(service.now()).toISOString() }));
      rest.get('/health/live', () => ALIVE);
      for (const path of ['/health', '/health/ready'])
        rest.get(path, async (_request, reply) => {
          const { reason, detail } = await service.readiness();
          return reply
            .code(reason === undefined ? 200 : 503)
            .send(
              reason === undefined
                ? { status: 'healthy', database: 'connected' }
                : { status: 'unhealthy', error: reason, detail },
            );
        });
      await Promise.resolve();
    });
  };
}
