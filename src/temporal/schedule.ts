/** The Schedule that starts the keeper, made by the product itself, and its bell for those who cannot wait. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ScheduleAlreadyRunning } from '@temporalio/client';
import type { ScheduleDescription, ScheduleOptions, ScheduleUpdateOptions } from '@temporalio/client';
import type { KEEPER_TYPE } from '../../workflows/input.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Temporal } from './connection.ts';

const KEEPER: typeof KEEPER_TYPE = 'keeper';
const DEFAULT_TASK_QUEUE = 'remediation-orchestrator';

/** Which Schedule: those of several installations in one Temporal namespace are told apart by their task queues. */
export const keeperScheduleId = (taskQueue: string): string =>
  taskQueue === DEFAULT_TASK_QUEUE ? 'rr-keeper' : `rr-keeper-${taskQueue}`;

export interface KeeperSchedule {
  readonly taskQueue: string;
  readonly intervalMs: number;
}

/** Longer than any pass: a run that nobody carries any more must not hold up the next. */
const LONGEST_PASS = '10 minutes';

/** Makes the Schedule, or brings the one that is there up to date. Safe to call by many processes at once. */
export async function ensureKeeperSchedule(
  temporal: Temporal,
  { taskQueue, intervalMs }: KeeperSchedule,
): Promise<'created' | 'updated' | 'unchanged'> {
  const scheduleId = keeperScheduleId(taskQueue);
  const wanted = {
    scheduleId,
    spec: { intervals: [{ every: intervalMs }] },
    // What was missed while the server was down is not made up for: the next pass does it all.
    policies: { overlap: 'SKIP', catchupWindow: '10 seconds' },
    action: {
      type: 'startWorkflow',
      workflowType: KEEPER,
      workflowId: scheduleId,
      taskQueue,
      args: [],
      workflowRunTimeout: LONGEST_PASS,
      staticSummary: 'Retention, repairs and sweeps of RemediationRequests',
    },
    state: { note: 'Made by the orchestrator; while it is paused nothing is deleted, repaired or woken' },
  } satisfies ScheduleOptions;
  const { schedule } = temporal.client;
  try {
    await temporal.within(`Creating schedule ${scheduleId}`, () => schedule.create(wanted));
    return 'created';
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
  const handle = schedule.getHandle(scheduleId);
  const present = await temporal.within(`Reading schedule ${scheduleId}`, () => handle.describe());
  if (isAsWanted(present, intervalMs)) return 'unchanged';
  const { spec, action, policies } = wanted;
  // Whether somebody has paused it is theirs to say.
  const changed = ({ state }: ScheduleDescription): ScheduleUpdateOptions => ({ spec, action, policies, state });
  await temporal.within(`Updating schedule ${scheduleId}`, () => handle.update(changed));
  return 'updated';
}

const isAsWanted = ({ spec, action, policies }: ScheduleDescription, intervalMs: number): boolean =>
  spec.intervals?.length === 1 &&
  spec.intervals[0]?.every === intervalMs &&
  action.workflowType === KEEPER &&
  policies.overlap === 'SKIP';

/** The same for a process that stays up whatever happens: tries until it succeeds or is stopped. */
export async function keepScheduled(
  temporal: Temporal,
  wanted: KeeperSchedule,
  on: { readonly signal: AbortSignal; readonly onFailure: (error: unknown) => void },
): Promise<void> {
  for (let wait = 500; !on.signal.aborted; wait = Math.min(wait * 2, 15_000)) {
    try {
      await ensureKeeperSchedule(temporal, wanted);
      return;
    } catch (error) {
      on.onFailure(error);
      if (error instanceof InvalidRequestError) return;
    }
    await sleep(wait, undefined, { signal: on.signal }).catch(() => undefined);
  }
}

/** Rings for the keeper: at once, but at most so often. */
export interface Bell {
  /** Now, or within this time. */
  readonly ring: (withinMs?: number) => void;
  readonly stop: () => void;
}

/** A bell whose ring starts a pass. While one is under way the next is kept for afterwards, so that no hint waits for the clock. */
export const keeperBell = (temporal: Temporal, taskQueue: string, onFailure: (error: unknown) => void): Bell =>
  createBell(() => {
    const scheduleId = keeperScheduleId(taskQueue);
    const handle = temporal.client.schedule.getHandle(scheduleId);
    return temporal.within(`Triggering schedule ${scheduleId}`, () => handle.trigger('BUFFER_ONE'));
  }, onFailure);

/** Calls `trigger` for every ring, at most once a second: what rings in between is served by the one call that follows. */
export function createBell(
  trigger: () => Promise<unknown>,
  onFailure: (error: unknown) => void,
  intervalMs = 1000,
): Bell {
  let timer: NodeJS.Timeout | undefined;
  let dueAt = Infinity;
  let rangAt = -Infinity;
  const call = (): void => {
    dueAt = Infinity;
    rangAt = performance.now();
    trigger().catch(onFailure);
  };
  return {
    ring: (withinMs = 0) => {
      const due = Math.max(performance.now() + withinMs, rangAt + intervalMs);
      if (due >= dueAt) return;
      clearTimeout(timer);
      dueAt = due;
      timer = setTimeout(call, Math.ceil(due - performance.now()));
    },
    stop: () => {
      clearTimeout(timer);
    },
  };
}
