/** What the transitions of several phases say alike. */
import { backoff } from '../backoff.ts';
import type { LedgerChange } from '../commit.ts';
import { formatDuration } from '../durations.ts';
import type { ChildKind, ChildSnapshot } from '../snapshots.ts';
import type { Remediation } from '../state.ts';
import type { FailurePhase, ObjectReference, StatusDelta } from '../status.ts';
import { toRfc3339 } from '../time.ts';
import type { Instant } from '../time.ts';
import type { ConditionChange, Ending, ErrorCode, TouchedChild } from '../transition.ts';

export const API_VERSION = 'kubernaut.ai/v1alpha1';

/** A child as the status points at it. */
export const refTo = (child: ChildSnapshot): ObjectReference => ({
  apiVersion: API_VERSION,
  kind: child.kind,
  name: child.name,
  namespace: child.namespace,
  uid: child.uid,
});

/** A child that an effect of this step made sure of. */
export interface Ensured<K extends ChildKind> {
  readonly child: ChildSnapshot<K>;
  readonly wasCreated: boolean;
}

export const touched = ({ child, wasCreated }: Ensured<ChildKind>): TouchedChild => ({
  kind: child.kind,
  name: child.name,
  uid: child.uid,
  action: wasCreated ? 'created' : 'adopted',
});

export const isTrue = (reason: string, message: string): ConditionChange => ({ status: 'True', reason, message });
export const isFalse = (reason: string, message: string): ConditionChange => ({ status: 'False', reason, message });

/** How often in a row it has failed, this time included, and a number between 0 and 1 that spreads retries. */
export interface FailureCount {
  readonly count: number;
  readonly random: number;
}

/** Failure counter and back-off of an end that counts as a failure. */
export function counted(r: Remediation, { count, random }: FailureCount, now: Instant) {
  const isBelow = count < r.settings.consecutiveFailureThreshold;
  const nextAllowed = isBelow ? now + backoff(r.settings.backoff, count, random) : undefined;
  const ledger: Partial<LedgerChange> = { consecutiveFailures: count, nextAllowedExecution: nextAllowed ?? null };
  const routingStatus = {
    consecutiveFailureCount: count,
    ...(nextAllowed === undefined ? {} : { nextAllowedExecution: toRfc3339(nextAllowed) }),
  };
  return { ledger, routingStatus };
}

/** The parts that every end in Failed has. */
export function failure(
  r: Remediation,
  cause: {
    readonly phase: FailurePhase;
    readonly reason: string;
    readonly code?: ErrorCode;
    readonly word?: NonNullable<Ending['failure']>['word'];
  },
  failures: FailureCount,
  now: Instant,
) {
  const { ledger, routingStatus } = counted(r, failures, now);
  const delta: StatusDelta = {
    completionStatus: { failurePhase: cause.phase, failureReason: cause.reason },
    routingStatus,
  };
  const ending: Ending = {
    message: `Failed in ${cause.phase}: ${cause.reason}`,
    failure: {
      phase: cause.phase,
      reason: cause.reason,
      code: cause.code ?? 'ERR_INTERNAL_ORCHESTRATION',
      word: cause.word ?? 'Unknown',
    },
  };
  return {
    delta,
    ending,
    ledger: { ...ledger, failurePhase: cause.phase, failureReason: cause.reason },
    kubernetesEvents: [{ type: 'Warning' as const, reason: 'RemediationFailed', message: ending.message }],
  };
}

/** The parts that every end in TimedOut has. */
export function timeout(
  r: Remediation,
  what: { readonly type: 'global' | 'phase'; readonly limit: number; readonly counts: boolean },
  failures: FailureCount,
  now: Instant,
) {
  const { phase } = r.state;
  const { ledger, routingStatus } = counted(r, failures, now);
  const limit = formatDuration(what.limit);
  const clock = what.type === 'global' ? 'global limit' : `limit of phase ${phase}`;
  const message = `Timed out in ${phase}: the ${clock} of ${limit} has passed`;
  const delta: StatusDelta = {
    completionStatus: { timeoutPhase: phase, timeoutTime: toRfc3339(now) },
    ...(what.counts ? { routingStatus } : {}),
  };
  const ending: Ending = { message, timeout: { type: what.type, phase, limit } };
  return {
    delta,
    ending,
    ledger: { ...(what.counts ? ledger : {}), timeoutPhase: phase },
    kubernetesEvents: [{ type: 'Warning' as const, reason: 'RemediationTimeout', message }],
  };
}

/** The Kubernetes Event of an ordinary move. */
export const moved = (from: string, to: string) => ({
  type: 'Normal' as const,
  reason: 'PhaseTransition',
  message: `Moved from ${from} to ${to}`,
});

/** Text with more behind it, if there is more: `SignalProcessing failed: no such namespace`. */
export const withDetail = (text: string, detail: string): string => (detail === '' ? text : `${text}: ${detail}`);
