/** Serves /healthz, /readyz and /metrics, and says once when readiness changes. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { fullMessage } from './errors.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** Answers `ok`, or why not. One that throws or takes too long has failed. */
export type Check = () => string | Promise<string>;

/** What a check last answered, and since when it has answered so. */
export interface CheckState {
  readonly check: string;
  readonly ok: boolean;
  readonly reason?: string;
  readonly since: string;
}

export interface HealthOptions {
  /** Addresses to listen on, as `:8081` or `127.0.0.1:0`. All of them serve everything. */
  readonly addresses: readonly string[];
  /** What must be ok for the process to be ready. */
  readonly checks: Readonly<Record<string, Check>>;
  /** What must be ok for the process to be left alive. */
  readonly liveness?: Readonly<Record<string, Check>>;
  readonly metrics: Pick<Metrics, 'registry'>;
  readonly log: Logger;
  /** Told of every change of a check, the first answer included. */
  readonly onChange?: (state: CheckState) => void;
  /** How often checks are asked when nobody wants to know, in milliseconds. */
  readonly everyMs?: number;
}

export interface Health {
  /** Base URLs of the servers, in the order of the addresses. */
  readonly urls: readonly string[];
  /** Asks every check. */
  states(): Promise<readonly CheckState[]>;
  close(): Promise<void>;
}

const CHECK_TIMEOUT_MS = 3000;
const LONGEST_TURN_MS = 10_000;

/** Starts the servers; resolves when they listen. */
export async function serveHealth(options: HealthOptions): Promise<Health> {
  const readiness = watched(options.checks, options);
  let turned = Date.now();
  const turn = setInterval(() => (turned = Date.now()), 1000).unref();
  const eventLoop: Check = () => (Date.now() - turned < LONGEST_TURN_MS ? 'ok' : 'the event loop is blocked');
  const liveness = watched({ 'event-loop': eventLoop, ...options.liveness }, { log: options.log });
  const poll = setInterval(() => void readiness(), options.everyMs ?? 5000).unref();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const verbose = url.searchParams.has('verbose');
    if (url.pathname === '/readyz') sendStates(response, await readiness(), verbose);
    else if (url.pathname === '/healthz') sendStates(response, await liveness(), verbose);
    else if (url.pathname === '/metrics')
      send(response, 200, options.metrics.registry.contentType, await options.metrics.registry.metrics());
    else send(response, 404, 'text/plain', 'Only /healthz, /readyz and /metrics are here.\n');
  };
  const addresses = [...new Set(options.addresses)];
  const servers = await Promise.all(addresses.map((address) => listen(address, answer)));
  void readiness();
  return {
    urls: servers.map(urlOf),
    states: readiness,
    close: async () => {
      clearInterval(turn);
      clearInterval(poll);
      await Promise.all(servers.map(closed));
    },
  };
}

/** All checks as one question, which remembers since when each answer has stood and logs when it changes. */
function watched(
  checks: Readonly<Record<string, Check>>,
  { log, onChange }: Pick<HealthOptions, 'log' | 'onChange'>,
): () => Promise<readonly CheckState[]> {
  const known = new Map<string, CheckState>();
  let running: Promise<readonly CheckState[]> | undefined;
  const ask = async (check: string, question: Check): Promise<CheckState> => {
    const answer = await bounded(question);
    const before = known.get(check);
    const ok = answer === 'ok';
    const since = before?.ok === ok ? before.since : new Date().toISOString();
    const state: CheckState = { check, ok, since, ...(ok ? {} : { reason: answer }) };
    known.set(check, state);
    if (before?.ok === ok) return state;
    if (!ok) log.warn('Check fails', { check, reason: answer });
    else if (before !== undefined) log.info('Check is ok again', { check, failed_since: before.since });
    onChange?.(state);
    return state;
  };
  return () => {
    running ??= Promise.all(Object.entries(checks).map(([name, check]) => ask(name, check))).finally(() => {
      running = undefined;
    });
    return running;
  };
}

async function bounded(check: Check): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => {
      resolve(`no answer in ${String(CHECK_TIMEOUT_MS / 1000)} s`);
    }, CHECK_TIMEOUT_MS);
  });
  try {
    return await Promise.race([Promise.resolve().then(check), late]);
  } catch (error) {
    return fullMessage(error);
  } finally {
    clearTimeout(timer);
  }
}

function sendStates(response: ServerResponse, states: readonly CheckState[], verbose: boolean): void {
  const code = states.every(({ ok }) => ok) ? 200 : 503;
  if (!verbose) {
    send(response, code, 'application/json', `${JSON.stringify(states)}\n`);
    return;
  }
  const lines = states.map(({ check, ok, reason, since }) =>
    ok ? `[+] ${check} ok since ${since}` : `[-] ${check} failed since ${since}: ${reason ?? ''}`,
  );
  send(response, code, 'text/plain; charset=utf-8', `${[...lines, code === 200 ? 'ready' : 'not ready'].join('\n')}\n`);
}

function send(response: ServerResponse, code: number, type: string, body: string): void {
  response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}

async function listen(
  address: string,
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<Server> {
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      send(response, 500, 'text/plain', `${fullMessage(error)}\n`);
    });
  });
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  server.listen({ port: Number(address.slice(colon + 1)), ...(host === '' ? {} : { host }) });
  await once(server, 'listening');
  return server;
}

function urlOf(server: Server): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return '';
  const host = ['::', '0.0.0.0'].includes(bound.address) ? 'localhost' : bound.address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${String(bound.port)}`;
}

async function closed(server: Server): Promise<void> {
  const end = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await end;
}
