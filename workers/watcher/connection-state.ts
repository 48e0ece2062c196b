/** Whether the calls to one server succeed, said once per change. */
import { fullMessage } from '../../src/errors.ts';
import type { Logger } from '../../src/logger.ts';

export interface ConnectionState {
  succeeded(): void;
  failed(error: unknown): void;
  /** `ok`, or why not. */
  readonly state: () => string;
}

/** ok until a call fails. */
export function createConnectionState(name: string, log: Logger): ConnectionState {
  let reason: string | undefined;
  return {
    succeeded() {
      if (reason !== undefined) log.info('Server is reachable again', { server: name });
      reason = undefined;
    },
    failed(error) {
      if (reason === undefined) log.warn('Server cannot be reached, retrying', { server: name, err: error });
      reason = fullMessage(error);
    },
    state: () => reason ?? 'ok',
  };
}
