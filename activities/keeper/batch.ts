/** Doing the same to many objects: some at a time, one that fails does not stop the others. */
import { fullMessage, UnavailableError } from '../../src/errors.ts';
import type { Logger } from '../../src/logger.ts';

const AT_ONCE = 8;

export interface Batch<T> {
  readonly items: readonly T[];
  readonly nameOf: (item: T) => string;
  readonly what: string;
  readonly log: Logger;
  /** Answers whether there was something to do. */
  readonly work: (item: T) => Promise<boolean>;
  /** For an item that did not work out. */
  readonly onFailure?: (item: T) => Promise<void>;
}

/** Works on all items. Throws only when a server cannot be reached: then the rest would fail as well. */
export async function eachOf<T>(batch: Batch<T>): Promise<{ readonly done: number; readonly failed: number }> {
  const { items, log } = batch;
  const left = [...items];
  const outage: { error?: UnavailableError } = {};
  let [done, failed] = [0, 0];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined && outage.error === undefined; item = left.shift()) {
      try {
        if (await batch.work(item)) done += 1;
      } catch (error) {
        // Next time others come first, should it be this one alone that cannot be reached.
        await batch.onFailure?.(item).catch(() => undefined);
        if (error instanceof UnavailableError) {
          outage.error = error;
          return;
        }
        failed += 1;
        log.warn(`${batch.what} failed`, { rr: batch.nameOf(item), reason: fullMessage(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (outage.error !== undefined) throw outage.error;
  return { done, failed };
}
