/** The kinds of surprise. What is expected comes back as a value; what is thrown is one of these. */

export abstract class OrchestratorError extends Error {
  /** Stable, documented in docs/errors.md; also the failure type in Temporal. */
  abstract readonly code: string;
  /** Whether trying again may help without anybody doing anything. */
  abstract readonly retryable: boolean;
}

/** A server cannot be reached or does not answer in time. Try again. */
export class UnavailableError extends OrchestratorError {
  override readonly name = 'UnavailableError';
  readonly retryable = true;
  readonly code: 'POSTGRES_UNAVAILABLE' | 'KUBERNETES_UNAVAILABLE' | 'TEMPORAL_UNAVAILABLE';
  constructor(code: UnavailableError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Somebody else changed it first. Read again, then try again. */
export class ConflictError extends OrchestratorError {
  override readonly name = 'ConflictError';
  readonly retryable = true;
  readonly code = 'CONFLICT';
}

/** It is refused and will be refused again until somebody acts. */
export class InvalidRequestError extends OrchestratorError {
  override readonly name = 'InvalidRequestError';
  readonly retryable = false;
  readonly code: 'INVALID_REQUEST' | 'FORBIDDEN' | 'NOT_FOUND' | 'INVALID_CONFIG';
  constructor(code: InvalidRequestError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A bug of ours: something that cannot be, is. */
export class InvariantError extends OrchestratorError {
  override readonly name = 'InvariantError';
  readonly retryable = false;
  readonly code: 'INVARIANT';
  constructor(code: InvariantError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The message of an error with those of its causes, each once. */
export function fullMessage(error: unknown): string {
  const parts: string[] = [];
  for (let e: unknown = error; e !== undefined; e = e instanceof Error ? e.cause : undefined) {
    const text = e instanceof Error ? e.message : typeof e === 'string' ? e : JSON.stringify(e);
    if (text !== '' && !parts.includes(text)) parts.push(text);
  }
  return parts.join(': ');
}
