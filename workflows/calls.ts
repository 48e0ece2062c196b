/** How activities are called: first inside the worker, then through the server for as long as it takes. */
import {
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  TemporalFailure,
} from '@temporalio/workflow';
import type { RemediationActivities } from '../activities/contract.ts';
import type { Instant } from '../src/remediation/time.ts';
import { atOnce, untilDone, worthATry } from './options.ts';
import { Overtaken } from './ports.ts';

const local = proxyLocalActivities<RemediationActivities>(atOnce);
const regular = proxyActivities<RemediationActivities>(untilDone);
const tried = proxyActivities<RemediationActivities>(worthATry);

type Method = keyof RemediationActivities;
type Question<M extends Method> = Parameters<RemediationActivities[M]>[0];
type Ask = <M extends Method>(name: M, summary: string, question: Question<M>) => ReturnType<RemediationActivities[M]>;
type Execute = (options: { readonly summary: string }, args: readonly unknown[]) => Promise<unknown>;

const executed =
  (proxy: typeof local | typeof regular): Ask =>
  <M extends Method>(name: M, summary: string, question: Question<M>) => {
    const activity = proxy[name] as unknown as { readonly executeWithOptions: Execute };
    return activity.executeWithOptions({ summary }, [question]) as ReturnType<RemediationActivities[M]>;
  };

const atOnceBy = executed(local);
const untilDoneBy = executed(regular);
const triedBy = executed(tried);

/** What may overtake an effect that takes long. */
export interface Watch {
  /** Whether something else would be done by now. */
  readonly isOvertaken: () => boolean;
  /** Grows with every piece of news. */
  readonly news: () => number;
  /** The next deadline of the remediation. */
  readonly deadline: () => Instant | undefined;
}

type Attempt = <M extends Method>(
  name: M,
  summary: string,
  question: Question<M>,
) => Promise<Awaited<ReturnType<RemediationActivities[M]>> | undefined>;

export interface Calls {
  /** Asks until it is answered. */
  readonly ask: Ask;
  /** Asks until it is answered or overtaken; throws Overtaken then. */
  readonly effect: Ask;
  /** Asks for ten seconds at most; undefined when there was no answer. */
  readonly attempt: Attempt;
}

/** The two ways to call, for a run that tries local activities first or does not. */
export function createCalls(localFirst: boolean, watch: Watch): Calls {
  const patiently =
    (fallback: Ask): Ask =>
    (name, summary, question) =>
      localFirst
        ? orElse(atOnceBy(name, summary, question), () => fallback(name, summary, question))
        : fallback(name, summary, question);
  return {
    ask: patiently(untilDoneBy),
    effect: patiently((...call) => unlessOvertaken(() => untilDoneBy(...call), watch)),
    attempt: (...call) => orUndefined(patiently(triedBy)(...call)),
  };
}

/**
 * Whether an activity has failed, and was not cancelled. A local activity that ran out of time throws an ActivityFailure
 * when it happens and the bare TimeoutFailure when its history is replayed, so either must mean the same.
 */
const hasFailed = (error: unknown): boolean => error instanceof TemporalFailure && !isCancellation(error);

/** The answer of the first, or what the second says when the first has failed. */
const orElse = <T extends Promise<unknown>>(first: T, second: () => T): T =>
  first.catch((error: unknown) => {
    if (hasFailed(error)) return second();
    throw error;
  }) as T;

/** The answer; undefined when the activity has failed for good. */
const orUndefined = <T extends Promise<unknown>>(answer: T): Promise<Awaited<T> | undefined> =>
  answer.catch((error: unknown) => {
    if (hasFailed(error)) return undefined;
    throw error;
  }) as Promise<Awaited<T> | undefined>;

/** The same promise type for work that may be given up. */
const unlessOvertaken = <T extends Promise<unknown>>(work: () => T, watch: Watch): T =>
  giveUpWhenOvertaken(work, watch) as T;

/** Runs the work until it is done, or until it is overtaken by news or a deadline: then it is given up. */
async function giveUpWhenOvertaken<T>(work: () => Promise<T>, { isOvertaken, news, deadline }: Watch): Promise<T> {
  const scope = new CancellationScope();
  const state = { isOver: false };
  const running = scope.run(work).finally(() => {
    state.isOver = true;
  });
  running.catch(() => undefined);
  for (;;) {
    const known = news();
    const left = (deadline() ?? 0) + 1 - Date.now();
    const isNew = () => state.isOver || news() !== known;
    await (left > 0 ? condition(isNew, left, { summary: 'an effect is under way' }) : condition(isNew));
    if (state.isOver) return running;
    if (!isOvertaken()) continue;
    scope.cancel();
    await running.catch(() => undefined);
    throw new Overtaken();
  }
}
