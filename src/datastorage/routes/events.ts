import type { FastifyPluginAsync } from 'fastify';
import type { Placed } from '../../postgres/append.ts';
import { placedEvents } from '../event-request.ts';
import type { EventRequest } from '../event-request.ts';
import { queryEvents } from '../event-query.ts';
import type { EventQuery } from '../event-query.ts';
import { ingest } from '../ingest.ts';
import { Problem } from '../problem.ts';
import * as schemas from '../schemas.ts';
import type { StorageService } from '../server.ts';

const SINGLE_MS = 5_000;
const BATCH_MS = 30_000;
const security = [{ bearer: [] }];

/** Writing and reading events. */
export function eventRoutes(service: StorageService): FastifyPluginAsync {
  const count = (placed: readonly Placed[], kind: string, now: number): void => {
    for (const { content } of placed) {
      service.metrics.traces.inc({ service: content.event_category, status: kind });
      if (kind === 'stored')
        service.metrics.lagSeconds.observe(
          { service: content.event_category },
          Math.max(0, now - Date.parse(content.event_timestamp)) / 1000,
        );
    }
  };
  return async (api) => {
    api.post<{ Body: EventRequest }>('/audit/events', {
      config: { verb: 'create' },
      schema: {
        operationId: 'createAuditEvent',
        security,
        body: schemas.AUDIT_EVENT_REQUEST,
        response: schemas.answers(
          { 201: schemas.CREATED_ONE, 202: schemas.ACCEPTED_ONE },
          ...[400, 401, 403, 413, 429, 500, 503],
        ),
      },
      handler: async (request, reply) => {
        const now = service.now();
        const placed = placedEvents([request.body], request.caller, { now, isBatch: false });
        const { kind, ids } = await ingest(placed, SINGLE_MS, service);
        count(placed, kind, now);
        const [id = ''] = ids;
        if (kind === 'queued') return reply.code(202).send({ status: 'accepted', message: 'queued', event_id: id });
        const at = placed[0]?.content.event_timestamp;
        return reply.code(201).send({ event_id: id, event_timestamp: at, message: 'audit event created successfully' });
      },
    });

    api.post<{ Body: readonly EventRequest[] }>('/audit/events/batch', {
      config: { verb: 'create' },
      schema: {
        operationId: 'createAuditEventsBatch',
        security,
        body: schemas.BATCH_REQUEST,
        response: schemas.answers(
          { 201: schemas.CREATED_BATCH, 202: schemas.ACCEPTED_BATCH },
          ...[400, 401, 403, 413, 429, 500, 503],
        ),
      },
      // Before the schema, so that these faults have their own names.
      preValidation: (request, _reply, done) => {
        done(batchFault(request.body, service.maxBatchSize));
      },
      handler: async (request, reply) => {
        const now = service.now();
        const placed = placedEvents(request.body, request.caller, { now, isBatch: true });
        const { kind, ids } = await ingest(placed, BATCH_MS, service);
        count(placed, kind, now);
        const n = String(ids.length);
        if (kind === 'stored')
          return reply.code(201).send({ event_ids: ids, message: `${n} audit events created successfully` });
        const message = `${n} audit events queued`;
        return reply.code(202).send({ status: 'accepted', message, count: ids.length, event_ids: ids });
      },
    });

    api.get<{ Querystring: EventQuery }>('/audit/events', {
      config: { verb: 'get' },
      schema: {
        operationId: 'queryAuditEvents',
        security,
        querystring: schemas.EVENTS_QUERY,
        response: schemas.answers({ 200: schemas.EVENTS_PAGE }, 400, 401, 403, 429, 500, 503),
      },
      handler: (request) => queryEvents(service.pool, request.query, service.now()),
    });
    await Promise.resolve();
  };
}

function batchFault(body: unknown, most: number): Problem | undefined {
  if (!Array.isArray(body)) return new Problem(400, 'invalid_request', 'The body must be a list of events');
  if (body.length === 0) return new Problem(400, 'validation-error', 'batch cannot be empty');
  if (body.length > most)
    return new Problem(
      400,
      'batch-size-exceeded',
      `A batch has at most ${String(most)} events, this one has ${String(body.length)}`,
    );
  return undefined;
}
