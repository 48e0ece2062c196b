import { setTimeout as sleep } from 'node:timers/promises';

/** How long to insist, and how often to look. */
export interface EventuallyOptions {
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
}

/**
 * Repeats an assertion until it holds and returns its result. When the time is up it throws the last failure,
 * so that a test says what was wrong and not just that it took too long.
 */
export async function eventually<T>(assertion: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<T> {
  const { timeoutMs = 15_000, intervalMs = 50 } = options;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() + intervalMs > deadline) {
        if (error instanceof Error) error.message += ` (still so after ${String(timeoutMs / 1000)} s)`;
        throw error;
      }
    }
    await sleep(intervalMs);
  }
}
