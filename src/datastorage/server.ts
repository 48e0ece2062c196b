/** The HTTP service: routes, who may call them, and how faults are answered. */
import { randomUUID } from 'node:crypto';
import cors from '@fastify/cors';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import Fastify from 'fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { KeyObject } from 'node:crypto';
import type pg from 'pg';
import { ConflictError, UnavailableError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Authenticate, Verb } from './auth.ts';
import type { Caller } from './event-request.ts';
import type { EventQueue } from './ingest.ts';
import type { StorageMetrics } from './metrics.ts';
import { parseBody, validationProblem, validatorCompiler } from './parsing.ts';
import { Problem, PROBLEM_TYPE, problemBody, unavailable } from './problem.ts';
import type { Readiness } from './readiness.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { holdRoutes } from './routes/holds.ts';
import { readingRoutes } from './routes/reading.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The right that the route asks for; a route without one is open to everybody. */
    readonly verb?: Verb;
  }
  interface FastifyRequest {
    caller: Caller;
  }
}

/** What the routes work with. */
export interface StorageService {
  readonly pool: pg.Pool;
  readonly authenticate: Authenticate;
  readonly metrics: StorageMetrics;
  readonly log: Logger;
  readonly readiness: () => Promise<Readiness>;
  readonly queue?: EventQueue | undefined;
  readonly version: string;
  readonly maxBodySize: number;
  readonly maxBatchSize: number;
  readonly corsAllowedOrigins: readonly string[];
  readonly rateLimit?: { readonly max: number; readonly windowMs: number } | undefined;
  /** Public keys that checkpoints are verified with. */
  readonly keys: ReadonlyMap<string, KeyObject>;
  readonly now: () => number;
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** The service, ready to listen or to be asked directly. */
export async function buildServer(service: StorageService): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: service.maxBodySize,
    requestTimeout: 30_000,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 4000, ignoreTrailingSlash: true },
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
    // A URL that cannot be decoded is the caller's fault like any other.
    frameworkErrors: (_error, request, reply) => {
      const problem = new Problem(400, 'invalid_request', 'The URL is malformed');
      const answer = reply as unknown as FastifyReply;
      void answer
        .code(problem.status)
        .type(PROBLEM_TYPE)
        .send(problemBody(problem, '/', request.id));
    },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSchemaErrorFormatter((errors, context) => validationProblem(errors, context));
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  app.decorateRequest('caller');
  app.setErrorHandler((error: FastifyError | Problem, request, reply) => {
    const problem = problemOf(error, service.log, request);
    if (problem.status === 503) void reply.header('retry-after', '5');
    void reply
      .code(problem.status)
      .type(PROBLEM_TYPE)
      .send(problemBody(problem, pathOf(request), request.id));
  });
  app.setNotFoundHandler((request, reply) => {
    const problem = new Problem(404, 'not-found', 'There is nothing at this address');
    void reply
      .code(404)
      .type(PROBLEM_TYPE)
      .send(problemBody(problem, pathOf(request), request.id));
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: { title: 'DataStorage', version: service.version, description: 'Audit trail of kubernaut' },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    },
  });
  if (service.corsAllowedOrigins.length > 0) await app.register(cors, { origin: [...service.corsAllowedOrigins] });
  if (service.rateLimit !== undefined)
    await app.register(rateLimit, { max: service.rateLimit.max, timeWindow: service.rateLimit.windowMs });
  watch(app, service);
  guard(app, service);
  await app.register(healthRoutes(service));
  await app.register(
    async (api) => {
      await api.register(eventRoutes(service));
      await api.register(readingRoutes(service));
      await api.register(holdRoutes(service));
    },
    { prefix: '/api/v1' },
  );
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await app.ready();
  return app;
}

const pathOf = (request: FastifyRequest): string => request.url.split('?')[0] ?? request.url;

function watch(app: FastifyInstance, { metrics }: StorageService): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    void reply.header('x-request-id', request.id).header('cache-control', 'no-store');
    done(null, payload);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    metrics.requests.inc({ route, method: request.method, code: String(reply.statusCode) });
    metrics.requestSeconds.observe({ route }, reply.elapsedTime / 1000);
    done();
  });
}

/** Before a body is read it must be clear who sends it. */
function guard(app: FastifyInstance, { authenticate, metrics, log }: StorageService): void {
  app.addHook('onRequest', async (request) => {
    const { verb } = request.routeOptions.config;
    if (verb === undefined) return;
    try {
      request.caller = await authenticate(request.headers, verb);
    } catch (error) {
      if (error instanceof Problem && error.status < 500) {
        metrics.denied.inc({ code: String(error.status) });
        log.warn('Refusing a caller', {
          code: String(error.status),
          route: request.routeOptions.url,
          request_id: request.id,
        });
      }
      throw error;
    }
  });
}

function problemOf(error: FastifyError | Problem, log: Logger, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof UnavailableError || error instanceof ConflictError) {
    log.warn('Answering a request is not possible', { err: error, route: request.routeOptions.url });
    return unavailable();
  }
  if ('code' in error && error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new Problem(413, 'request-too-large', 'The body is larger than this service takes');
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
  if (status === 429) return new Problem(429, 'rate-limited', 'Too many requests: try again later');
  if (status >= 400 && status < 500) return new Problem(400, 'invalid_request', 'The request cannot be read');
  log.error('Answering a request fails', { err: error, route: request.routeOptions.url, request_id: request.id });
  return new Problem(500, 'internal-error', 'Something went wrong here: the log of the service tells more');
}
