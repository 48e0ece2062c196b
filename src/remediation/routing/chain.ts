/** Whether earlier runs on a target had no effect, so that another one would have none either. */
import type { RoutingLimits } from '../settings.ts';
import type { Instant } from '../time.ts';

/** One completed run on the target, with what is known of the target's state around it. */
export interface PastExecution {
  readonly completedAt: Instant;
  readonly actionType?: string;
  readonly preHash?: string;
  readonly postHash?: string;
  /** Whether the alert was looked at afterwards, and was gone. Absent when nobody looked. */
  readonly isResolved?: boolean;
  /** Set when the target fell back to its state before the run. */
  readonly hasFallenBack?: boolean;
}

type Limits = Pick<
  RoutingLimits,
  | 'ineffectiveChainThreshold'
  | 'recurrenceCountThreshold'
  | 'ineffectiveTimeWindow'
  | 'forwardChainThreshold'
  | 'forwardChainWindow'
>;

/** What is wrong with running again, in half a sentence; undefined when nothing speaks against it. Entries are oldest first. */
export function ineffective(
  entries: readonly PastExecution[],
  preHash: string,
  limits: Limits,
  now: Instant,
): string | undefined {
  const inWindow = entries.filter(({ completedAt }) => completedAt > now - limits.ineffectiveTimeWindow);
  const unchanged = trailing(inWindow, (entry) => entry.preHash === preHash || entry.hasFallenBack === true);
  if (unchanged >= limits.ineffectiveChainThreshold)
    return `the last ${String(unchanged)} remediations of it left it as it was`;
  const linked = forwardChain(inWindow, preHash, limits, now);
  if (linked >= limits.forwardChainThreshold)
    return `the last ${String(linked)} remediations of it led to each other and did not resolve the signal`;
  if (inWindow.length >= limits.recurrenceCountThreshold)
    return `it was remediated ${String(inWindow.length)} times within the time that is looked at`;
  return undefined;
}

/** How many entries at the end hold, without a gap. */
function trailing(entries: readonly PastExecution[], holds: (entry: PastExecution) => boolean): number {
  let count = 0;
  for (const entry of [...entries].reverse()) {
    if (!holds(entry)) break;
    count += 1;
  }
  return count;
}

/** Length of the chain that ends in the present state: each run began where the one before it had ended. */
function forwardChain(entries: readonly PastExecution[], preHash: string, limits: Limits, now: Instant): number {
  let before: string | undefined = preHash;
  let action: string | undefined;
  return trailing(entries, (entry) => {
    const isLinked =
      entry.completedAt > now - limits.forwardChainWindow &&
      entry.isResolved === false &&
      before !== undefined &&
      entry.postHash === before &&
      (action === undefined || entry.actionType === action);
    before = entry.preHash;
    action = entry.actionType ?? '';
    return isLinked;
  });
}
