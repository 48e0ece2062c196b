/** The connection to a Temporal server that may be down when we start, and later. */
import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '../errors.ts';

export interface TemporalOptions {
  readonly address: string;
  readonly namespace: string;
  readonly tls?: ConnectionOptions['tls'];
  readonly apiKey?: string;
  /** Shown by Temporal beside what this process did. */
  readonly identity?: string;
  /** Longest wait for an answer of the server; 10 s by default. */
  readonly callTimeoutMs?: number;
  /** Longest wait for an answer of a workflow, which needs a worker; 15 s by default. */
  readonly workerTimeoutMs?: number;
}

export interface Temporal {
  readonly address: string;
  readonly namespace: string;
  readonly workerTimeoutMs: number;
  readonly connection: Connection;
  readonly client: Client;
  /** Makes one call with a time limit. `what` begins the message of the error when the server does not answer usefully. */
  within<T>(what: string, call: () => Promise<T>, timeoutMs?: number): Promise<T>;
  close(): Promise<void>;
}

const CALL_TIMEOUT_MS = 10_000;
const WORKER_TIMEOUT_MS = 15_000;

/** Does not connect yet: the first call does, and a lost connection is made again by the next. */
export function openTemporal(options: TemporalOptions): Temporal {
  const { address, namespace, tls, apiKey, identity } = options;
  const connection = Connection.lazy({
    address,
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
    connectTimeout: '5s',
    // The library would wait up to two minutes before it looks whether the server is back.
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 3000 },
  });
  const client = new Client({ connection, namespace, ...(identity === undefined ? {} : { identity }) });
  return {
    address,
    namespace,
    workerTimeoutMs: options.workerTimeoutMs ?? WORKER_TIMEOUT_MS,
    connection,
    client,
    async within(what, call, timeoutMs = options.callTimeoutMs ?? CALL_TIMEOUT_MS) {
      try {
        return await connection.withDeadline(Date.now() + timeoutMs, call);
      } catch (error) {
        throw translated(what, address, error);
      }
    },
    close: () => connection.close(),
  };
}

/** Waits until the server answers for the namespace, however long that takes; `onFailure` hears of every vain attempt. */
export async function waitForTemporal(
  temporal: Temporal,
  { signal, onFailure }: { readonly signal?: AbortSignal; readonly onFailure?: (error: unknown) => void } = {},
): Promise<void> {
  for (let wait = 200; ; wait = Math.min(wait * 2, 15_000)) {
    try {
      const { namespace } = temporal;
      await temporal.within(`Looking for the namespace ${namespace}`, () =>
        temporal.client.workflowService.describeNamespace({ namespace }),
      );
      return;
    } catch (error) {
      onFailure?.(error);
      await sleep(wait * (0.5 + Math.random() / 2), undefined, { ...(signal === undefined ? {} : { signal }) });
    }
  }
}

/** Creates the namespace unless it exists. Closed workflows stay readable for the retention. */
export async function ensureNamespace(temporal: Temporal, retentionDays = 7): Promise<'created' | 'exists'> {
  const { namespace } = temporal;
  try {
    await temporal.within(`Creating the namespace ${namespace}`, () =>
      temporal.client.workflowService.registerNamespace({
        namespace,
        description: 'Remediations of kubernaut',
        workflowExecutionRetentionPeriod: { seconds: retentionDays * 86_400 } as never,
      }),
    );
    return 'created';
  } catch (error) {
    if (grpcCode(error) === ALREADY_EXISTS) return 'exists';
    throw error;
  }
}

const INVALID_ARGUMENT = 3;
export const ALREADY_EXISTS = 6;
export const PERMISSION_DENIED = 7;
export const UNIMPLEMENTED = 12;
const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;

/** The gRPC status code at the root of an error, if there is one. */
export function grpcCode(error: unknown): number | undefined {
  for (let e: unknown = error; e instanceof Error; e = e.cause) if (isGrpcServiceError(e)) return e.code;
  return undefined;
}

/** Whether the server was asked and time ran out: for updates and queries it means that no worker answered. */
export function isOutOfTime(error: unknown): boolean {
  const code = grpcCode(error);
  return code === CANCELLED || code === DEADLINE_EXCEEDED;
}

/** Errors that carry a gRPC status become UnavailableError; all others are answers and stay as they are. */
function translated(what: string, address: string, error: unknown): unknown {
  if (error instanceof UnavailableError || !(error instanceof Error)) return error;
  const code = grpcCode(error);
  if (code === undefined && !/connect|deadline|cancelled/i.test(error.message)) return error;
  return new UnavailableError('TEMPORAL_UNAVAILABLE', `${what}: ${reasonOf(code, address)}`, { cause: error });
}

function reasonOf(code: number | undefined, address: string): string {
  switch (code) {
    case NOT_FOUND:
      return `the Temporal server at ${address} does not know it; create the namespace with "rrctl migrate" or "temporal operator namespace create"`;
    case ALREADY_EXISTS:
      return 'it exists already';
    case INVALID_ARGUMENT:
    case PERMISSION_DENIED:
      return `the Temporal server at ${address} refuses the call`;
    case CANCELLED:
    case DEADLINE_EXCEEDED:
      return `no answer in time from the Temporal server at ${address}`;
    default:
      return `the Temporal server at ${address} cannot be reached`;
  }
}
