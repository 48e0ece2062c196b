/** HTTP to the API server: one keep-alive connection pool, with the credentials of a kubeconfig. */
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { CONTROLLER_NAME } from '../remediation/names.ts';
import { credentialsOf } from './credentials.ts';
import { errorOfAnswer, errorOfNetwork } from './errors.ts';

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query, as the API server documents them. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  /** The form of the answer, where another than plain JSON is wanted. */
  readonly accept?: string;
  /** Names the request in errors; by default method and path. */
  readonly what?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** One finished request, for whoever counts them. `status` is 0 when there was no answer. */
export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
}

export interface Transport {
  readonly server: string;
  /** The whole body of a 2xx answer, within the time limit. Everything else is thrown as errors.ts says. */
  send(call: HttpCall): Promise<string>;
  /** The answer's body as it comes, for watches. The time limit holds until the headers are there. */
  open(call: HttpCall): Promise<IncomingMessage>;
  close(): void;
}

export interface TransportOptions {
  readonly timeoutMs: number;
  readonly onRequest?: ((record: RequestRecord) => void) | undefined;
  /** How the program calls itself; stands in the API server's audit log. */
  readonly userAgent?: string | undefined;
}

/** Opens nothing yet: connections are made when they are needed and kept for the next request. */
export function createTransport(config: KubeConfig, options: TransportOptions): Transport {
  const server = config.getCurrentCluster()?.server ?? '';
  const base = new URL(server);
  const prefix = base.pathname.replace(/\/+$/, '');
  const make = base.protocol === 'https:' ? httpsRequest : httpRequest;
  const credentials = credentialsOf(config);

  const once = async (call: HttpCall, streaming: boolean): Promise<IncomingMessage> => {
    const { headers: fixed, ...target } = await credentials.read();
    const headers: Record<string, string | number> = {
      'user-agent': options.userAgent ?? CONTROLLER_NAME,
      ...(fixed as Record<string, string>),
    };
    if (call.accept !== undefined) headers['accept'] = call.accept;
    if (call.body !== undefined) {
      headers['content-type'] = call.contentType ?? 'application/json';
      headers['content-length'] = Buffer.byteLength(call.body);
    }
    return new Promise((resolve, reject) => {
      const request = make({ ...target, method: call.method, path: prefix + call.path, headers });
      const limit = call.timeoutMs ?? options.timeoutMs;
      const timer = setTimeout(() => request.destroy(new Error(`no answer within ${String(limit / 1000)} s`)), limit);
      const abort = (): void => void request.destroy(new Error('stopped'));
      request.once('close', () => {
        clearTimeout(timer);
        call.signal?.removeEventListener('abort', abort);
      });
      request.once('response', (response) => {
        if (streaming && succeeded(response)) clearTimeout(timer);
        resolve(response);
      });
      request.once('error', (error: NodeJS.ErrnoException) => {
        reject(request.reusedSocket && error.code === 'ECONNRESET' ? new StaleConnection(error) : error);
      });
      if (call.signal?.aborted === true) abort();
      else call.signal?.addEventListener('abort', abort, { once: true });
      request.end(call.body);
    });
  };

  /** Repeats once what an idle connection swallowed, or what expired credentials were refused for. */
  const answer = async (call: HttpCall, streaming: boolean): Promise<IncomingMessage> => {
    const what = nameOf(call);
    const began = performance.now();
    const record = (status: number): void =>
      options.onRequest?.({ method: call.method, path: call.path, status, durationMs: performance.now() - began });
    for (let attempt = 1; ; attempt++) {
      const response = await once(call, streaming).catch((error: unknown) => error);
      if (!isResponse(response)) {
        if (response instanceof StaleConnection && attempt === 1) continue;
        record(0);
        throw errorOfNetwork(what, server, response instanceof StaleConnection ? response.cause : response);
      }
      const status = response.statusCode ?? 0;
      record(status);
      if (succeeded(response)) return response;
      const body = await readAll(response).catch(() => '');
      if (status !== 401 || attempt > 1) throw errorOfAnswer(what, status, body, response.headers['retry-after']);
      credentials.forget();
    }
  };

  return {
    server,
    open: (call) => answer(call, true),
    async send(call) {
      const response = await answer(call, false);
      try {
        return await readAll(response);
      } catch (cause) {
        throw errorOfNetwork(nameOf(call), server, cause);
      }
    },
    close: () => {
      credentials.close();
    },
  };
}

const nameOf = (call: HttpCall): string => call.what ?? `${call.method} ${call.path}`;

const succeeded = ({ statusCode = 0 }: IncomingMessage): boolean => statusCode >= 200 && statusCode < 300;

const isResponse = (value: unknown): value is IncomingMessage =>
  typeof value === 'object' && value !== null && 'statusCode' in value;

class StaleConnection extends Error {
  constructor(cause: Error) {
    super('the connection was closed while idle', { cause });
  }
}

function readAll(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.once('end', () => {
      resolve(Buffer.concat(parts).toString('utf8'));
    });
    response.once('error', reject);
    response.once('close', () => {
      if (!response.complete) reject(new Error('the answer was cut off'));
    });
  });
}
