import type { FastifyPluginAsync } from 'fastify';
import { translating } from '../../postgres/pool.ts';
import { effectivenessAnswer } from '../effectiveness.ts';
import type { AssessmentEvent } from '../effectiveness.ts';
import { historyQuestion, remediationHistory } from '../history.ts';
import { Problem } from '../problem.ts';
import { ANY_OBJECT, answers } from '../schemas.ts';
import type { StorageService } from '../server.ts';
import { verifyChain } from '../verify-chain.ts';

const security = [{ bearer: [] }];
const text = { type: 'string', maxLength: 300 } as const;

/** What the trail tells about remediations, and whether it can be believed. */
export function readingRoutes(service: StorageService): FastifyPluginAsync {
  const { pool, now } = service;
  return async (api) => {
    api.get<{ Querystring: Readonly<Record<string, string | undefined>> }>('/remediation-history/context', {
      config: { verb: 'get' },
      schema: {
        operationId: 'getRemediationHistoryContext',
        security,
        querystring: {
          type: 'object',
          properties: Object.fromEntries(
            'targetKind targetName targetNamespace currentSpecHash tier1Window tier2Window clusterId'
              .split(' ')
              .map((name) => [name, text]),
          ),
        },
        response: answers({ 200: ANY_OBJECT }, 400, 401, 403, 429, 500, 503),
      },
      handler: (request) => remediationHistory(pool, historyQuestion(request.query), now()),
    });

    api.get<{ Params: { readonly correlation_id: string } }>('/effectiveness/:correlation_id', {
      config: { verb: 'get' },
      schema: {
        operationId: 'getEffectivenessScore',
        security,
        params: { type: 'object', properties: { correlation_id: { ...text, minLength: 1 } } },
        response: answers({ 200: ANY_OBJECT }, 400, 401, 403, 404, 429, 500, 503),
      },
      handler: async ({ params: { correlation_id: id } }) => {
        refuseNul(id);
        const query = `select event_type, event_data from audit_events
          where correlation_id = $1 and event_category = 'effectiveness' order by event_timestamp, chain_seq`;
        const { rows } = await translating(() => pool.query<AssessmentEvent>(query, [id]));
        if (rows.length === 0)
          throw new Problem(404, 'effectiveness/not-found', 'Nothing was assessed under this correlation id');
        return effectivenessAnswer(id, rows, now());
      },
    });

    api.post<{ Body: { readonly correlation_id?: string } }>('/audit/verify-chain', {
      config: { verb: 'create' },
      schema: {
        operationId: 'verifyAuditChain',
        security,
        body: { type: 'object', properties: { correlation_id: { type: 'string', maxLength: 255 } } },
        response: answers({ 200: ANY_OBJECT }, 400, 401, 403, 413, 429, 500, 503),
      },
      handler: async ({ body: { correlation_id: id } }) => {
        if (id === undefined || id === '')
          throw new Problem(400, 'missing-correlation-id', 'correlation_id is required');
        return verifyChain(pool, id, service.keys, service.version);
      },
    });
    await Promise.resolve();
  };
}

/** A path may hold any character; a database text may not. */
function refuseNul(text: string): void {
  if (text.includes('\0')) throw new Problem(400, 'invalid-parameter', 'correlation_id holds U+0000');
}
