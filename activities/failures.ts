/** From our errors to Temporal's failures: the only file that makes them. */
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure, CompleteAsyncError, TemporalFailure } from '@temporalio/common';
import { fullMessage, OrchestratorError } from '../src/errors.ts';
import { ApiUnavailableError } from '../src/kubernetes/errors.ts';

/** What needs a person is tried again this seldom: the activity stays visible as pending, and goes on once it is mended. */
const NEEDS_A_PERSON_MS = 30_000;

/**
 * The failure for an error. Nothing is ever given up: what only a person can mend is tried again slowly. As a local
 * activity it gives up at once instead, so that the wait shows in Temporal.
 */
export function toFailure(error: unknown): unknown {
  if (error instanceof TemporalFailure || error instanceof CompleteAsyncError) return error;
  const isOurs = error instanceof OrchestratorError;
  const isHopeless = isOurs && !error.retryable;
  const cause = error instanceof Error ? error : new Error(String(error));
  const wait = error instanceof ApiUnavailableError ? error.retryAfterMs : undefined;
  return ApplicationFailure.create({
    type: isOurs ? error.code : 'UNEXPECTED',
    message: fullMessage(error),
    nonRetryable: isHopeless && activityInfo().isLocal,
    ...(isHopeless ? { nextRetryDelay: NEEDS_A_PERSON_MS } : wait === undefined ? {} : { nextRetryDelay: wait }),
    cause,
  });
}

type Activities = Record<string, (...args: never[]) => Promise<unknown>>;

/** The same activities with their errors translated. */
export function translating<T extends object>(activities: T): T {
  const translated = Object.entries(activities as Activities).map(([name, activity]) => [
    name,
    async (...args: never[]) => {
      try {
        return await activity(...args);
      } catch (error) {
        throw toFailure(error);
      }
    },
  ]);
  return Object.fromEntries(translated) as T;
}
