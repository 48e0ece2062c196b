/** How often in a row a signal's remediation has failed. */
import type { FailurePhase, Outcome } from './status.ts';
import type { Instant } from './time.ts';

/** Which earlier remediations are asked for: those of the same signal that are senior to this one. */
export interface HistoryQuestion {
  readonly namespace: string;
  readonly fingerprint: string;
  readonly targetNamespace: string;
  readonly uid: string;
  readonly name: string;
  readonly createdAt: Instant;
  /** Ends before this instant are forgotten. */
  readonly since: Instant;
}

/** How an earlier remediation ended. */
export interface PastRemediation {
  readonly uid: string;
  readonly phase: string;
  readonly outcome?: Outcome;
  readonly failurePhase?: FailurePhase;
  readonly timeoutPhase?: string;
  readonly wasInherited: boolean;
  /** Set when it was ended by hand while it was blocked. */
  readonly endedWhileBlocked: boolean;
}

const COUNTED_TIMEOUTS = new Set(['Processing', 'Analyzing', 'Executing']);

type Weight = 'counts' | 'passed over' | 'ends the count';

/** What an earlier end says about the signal: that it failed, nothing, or that what lies before does not matter any more. */
function weight(past: PastRemediation): Weight {
  if (past.wasInherited || past.failurePhase === 'Deduplicated') return 'passed over';
  switch (past.phase) {
    case 'Failed':
      return past.failurePhase === 'Blocked' || past.endedWhileBlocked ? 'ends the count' : 'counts';
    case 'TimedOut':
      return COUNTED_TIMEOUTS.has(past.timeoutPhase ?? '') ? 'counts' : 'passed over';
    case 'Completed':
      if (past.outcome === 'Inconclusive') return 'counts';
      return past.outcome === 'DryRun' ? 'passed over' : 'ends the count';
    default:
      return 'passed over';
  }
}

/** Failures in a row, given the earlier ends with the most recent first. */
export function failuresInARow(history: readonly PastRemediation[]): number {
  let count = 0;
  for (const past of history) {
    const says = weight(past);
    if (says === 'ends the count') return count;
    if (says === 'counts') count += 1;
  }
  return count;
}
