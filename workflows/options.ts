/** How long effects may take and how they are tried again. The only place with such numbers. */
import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow';

/**
 * First try: inside the worker, without a round trip through the server. Given up after about five seconds, well
 * below the ten seconds of a workflow task, so that an outage shows as a pending activity instead of a silent wait.
 */
export const atOnce = {
  startToCloseTimeout: '4s',
  scheduleToCloseTimeout: '5s',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '1s' },
} satisfies LocalActivityOptions;

/** Then: through the server, for as long as it takes. People see it pending, with its last failure. */
export const untilDone = {
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
  cancellationType: 'TRY_CANCEL',
} satisfies ActivityOptions;

/** For what is worth a try but not a wait: together with the first try ten seconds, then the remediation goes on without. */
export const worthATry = {
  startToCloseTimeout: '4s',
  scheduleToCloseTimeout: '5s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '2s' },
} satisfies ActivityOptions;

/** So long a change of delivery waits for the next one, or for a step whose PATCH shows it as well. */
export const MIRROR_PATIENCE_MS = 1_000;

/** How long a refused write on a child is tried again before the end of its remediation goes ahead without it. */
export const REFUSED_WRITE_PATIENCE_MS = 60_000;

/** Pause between two tries of something that another object stands in the way of. */
export const OBSTACLE_PAUSE_MS = 5_000;

/** One duty of the keeper: once, because the next pass is the next try. */
export const oneDuty = {
  startToCloseTimeout: '60s',
  scheduleToCloseTimeout: '90s',
  retry: { maximumAttempts: 1 },
} satisfies LocalActivityOptions;

/** How long a pass of the keeper goes on while there is more to do; the next one takes the rest. */
export const PASS_MS = 25_000;
