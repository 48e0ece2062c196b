import type { FastifyPluginAsync } from 'fastify';
import { activeHolds, placeHold, releaseHold } from '../../postgres/retention/holds.ts';
import { Problem } from '../problem.ts';
import { ANY_OBJECT, answers } from '../schemas.ts';
import type { StorageService } from '../server.ts';

const security = [{ bearer: [] }];
const text = (maxLength: number) => ({ type: 'string', maxLength }) as const;

/** Legal holds, and the checkpoints for whoever wants to keep them elsewhere. */
export function holdRoutes({ pool }: StorageService): FastifyPluginAsync {
  return async (api) => {
    api.get('/audit/legal-hold', {
      config: { verb: 'get' },
      schema: {
        operationId: 'listLegalHolds',
        security,
        response: answers({ 200: ANY_OBJECT }, 401, 403, 429, 500, 503),
      },
      handler: async () => {
        const holds = await activeHolds(pool);
        return { holds, total: holds.length };
      },
    });

    api.post<{ Body: { readonly correlation_id?: string; readonly reason?: string } }>('/audit/legal-hold', {
      config: { verb: 'update' },
      schema: {
        operationId: 'placeLegalHold',
        security,
        body: { type: 'object', properties: { correlation_id: text(255), reason: text(2000) } },
        response: answers({ 200: ANY_OBJECT }, 400, 401, 403, 404, 413, 429, 500, 503),
      },
      handler: async ({ body, caller }) => {
        const { correlation_id: correlationId, reason } = body;
        if (!correlationId) throw new Problem(400, 'missing-correlation-id', 'correlation_id is required');
        if (!reason) throw new Problem(400, 'missing-reason', 'reason is required');
        const placed = await placeHold(pool, { correlationId, reason, by: caller.name });
        if (placed === undefined) throw new Problem(404, 'not-found', 'There are no events under this correlation id');
        const { placed_by: by, placed_at: at, reason: stands } = placed.hold;
        return {
          correlation_id: correlationId,
          events_affected: placed.events,
          placed_by: by,
          placed_at: at,
          reason: stands,
        };
      },
    });

    api.delete<{ Params: { readonly correlation_id: string }; Body: { readonly release_reason?: string } | null }>(
      '/audit/legal-hold/:correlation_id',
      {
        config: { verb: 'update' },
        schema: {
          operationId: 'releaseLegalHold',
          security,
          params: { type: 'object', properties: { correlation_id: { ...text(300), minLength: 1 } } },
          body: { type: 'object', properties: { release_reason: text(2000) } },
          response: answers({ 200: ANY_OBJECT }, 400, 401, 403, 404, 413, 429, 500, 503),
        },
        handler: async ({ params: { correlation_id: correlationId }, body, caller }) => {
          const reason = body?.release_reason;
          if (!reason) throw new Problem(400, 'missing-release-reason', 'release_reason is required');
          if (correlationId.includes('\0')) throw new Problem(400, 'invalid-parameter', 'correlation_id holds U+0000');
          const released = await releaseHold(pool, { correlationId, reason, by: caller.name });
          if (released === undefined)
            throw new Problem(404, 'not-found', 'There is no active hold of this correlation id');
          const { events, releasedAt } = released;
          return {
            correlation_id: correlationId,
            events_released: events,
            released_by: caller.name,
            released_at: releasedAt,
          };
        },
      },
    );

    api.get<{ Querystring: { readonly after?: number } }>('/audit/checkpoints', {
      config: { verb: 'get' },
      schema: {
        operationId: 'listCheckpoints',
        security,
        querystring: {
          type: 'object',
          properties: { after: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 } },
        },
        response: answers({ 200: ANY_OBJECT }, 400, 401, 403, 429, 500, 503),
      },
      handler: async ({ query: { after = 0 } }) => {
        const rows = await pool.query(
          `select checkpoint_no::float8 as checkpoint_no, body, signature from audit_checkpoints
           where checkpoint_no > $1 order by checkpoint_no limit 1000`,
          [after],
        );
        return { checkpoints: rows.rows as readonly unknown[] };
      },
    });
    await Promise.resolve();
  };
}
