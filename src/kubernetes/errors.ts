/** What the API server answers when it does not do what was asked, and what is thrown when it does not answer. */
import { OrchestratorError, UnavailableError } from '../errors.ts';

/** Answers that a caller may expect and treat as values. */
export type RefusalKind =
  | 'not-found'
  /** The server does not serve this kind of object, or not yet: its CRD is missing. Says nothing about any object. */
  | 'no-resource'
  | 'already-exists'
  | 'conflict'
  /** The resourceVersion or the continue token is too old. */
  | 'gone'
  | 'invalid'
  | 'forbidden';

const CODES = {
  'not-found': 'NOT_FOUND',
  'no-resource': 'NOT_FOUND',
  'already-exists': 'CONFLICT',
  conflict: 'CONFLICT',
  gone: 'CONFLICT',
  invalid: 'INVALID_REQUEST',
  forbidden: 'FORBIDDEN',
} as const satisfies Record<RefusalKind, string>;

/** The API server answered, with a refusal. `kind` is what callers switch on; `message` is the server's own text. */
export class ApiError extends OrchestratorError {
  override readonly name = 'ApiError';
  readonly kind: RefusalKind;
  readonly code: (typeof CODES)[RefusalKind];
  readonly retryable: boolean;
  readonly status: number;
  /** The machine-readable reason of the server's Status object: `AlreadyExists`, `Invalid`, `Expired`. */
  readonly reason: string;
  constructor(kind: RefusalKind, status: number, reason: string, message: string) {
    super(message);
    this.kind = kind;
    this.code = CODES[kind];
    this.retryable = this.code === 'CONFLICT' || kind === 'no-resource';
    this.status = status;
    this.reason = reason;
  }
}

/** The API server is overloaded, failing or refuses our credentials; with the wait that it asks for, if it does. */
export class ApiUnavailableError extends UnavailableError {
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  constructor(message: string, options: ErrorOptions & { status?: number; retryAfterMs?: number | undefined } = {}) {
    super('KUBERNETES_UNAVAILABLE', message, options);
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whether the error is a refusal of one of these kinds. */
export const isRefusal = (error: unknown, ...kinds: readonly RefusalKind[]): error is ApiError =>
  error instanceof ApiError && kinds.includes(error.kind);

/** The error for an answer that is not 2xx. `what` names the request: `PATCH RemediationRequest default/rr-1`. */
export function errorOfAnswer(what: string, status: number, body: string, retryAfter?: string): Error {
  const { reason, message, named } = readStatus(body);
  const text = `${what}: ${message === '' ? `HTTP ${String(status)}` : message}`;
  const kind = kindOf(status, reason, named);
  if (kind !== undefined) return new ApiError(kind, status, reason, text);
  const seconds = Number(retryAfter);
  const retryAfterMs = retryAfter !== undefined && seconds >= 0 ? seconds * 1000 : undefined;
  if (status === 401)
    return new ApiUnavailableError(`${what}: the API server refuses our credentials; check the kubeconfig or token`, {
      status,
    });
  return new ApiUnavailableError(`${text} (HTTP ${String(status)})`, { status, retryAfterMs });
}

/** The error for a request that was not answered. */
export const errorOfNetwork = (what: string, server: string, cause: unknown): ApiUnavailableError =>
  new ApiUnavailableError(`${what}: no answer from the API server at ${server}`, { cause });

function kindOf(status: number, reason: string, named: boolean): RefusalKind | undefined {
  switch (status) {
    case 404:
      return named ? 'not-found' : 'no-resource';
    case 409:
      return reason === 'AlreadyExists' ? 'already-exists' : 'conflict';
    case 410:
      return 'gone';
    case 403:
      return 'forbidden';
    case 400:
    case 405:
    case 413:
    case 415:
    case 422:
      return 'invalid';
    default:
      return undefined;
  }
}

/** `named` is whether the server speaks of one object: only then does a 404 mean that there is none. */
function readStatus(body: string): { reason: string; message: string; named: boolean } {
  try {
    const { reason, message, details } = JSON.parse(body) as {
      reason?: unknown;
      message?: unknown;
      details?: { name?: unknown };
    };
    return {
      reason: typeof reason === 'string' ? reason : '',
      message: typeof message === 'string' ? message : '',
      named: typeof details?.name === 'string' && details.name !== '',
    };
  } catch {
    return { reason: '', message: body.slice(0, 200).trim(), named: false };
  }
}
