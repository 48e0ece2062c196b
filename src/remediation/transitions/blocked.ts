/** Leaving a block. */
import type { OriginalAnswer } from '../routing/question.ts';
import type { Lift, RemediationIn } from '../state.ts';
import { OUTCOMES } from '../status.ts';
import type { Outcome, StatusDelta } from '../status.ts';
import type { Instant } from '../time.ts';
import { transition } from '../transition.ts';
import type { Transition } from '../transition.ts';
import { withoutBlock } from './block.ts';
import { moved, withDetail } from './shared.ts';

type In = RemediationIn<'Blocked'>;

const free = { originPhase: null, blockReason: null, blockedUntil: null, waitingOn: null } as const;

/** Why a block is over. */
export type Ended = { readonly wake: 'signal' | 'expiry' } | { readonly wake: 'operator'; readonly lift: Lift };

/** L34 and L35: the block is over, back to where it came from. */
export function unblock(r: In, ended: Ended, now: Instant): Transition<'L34' | 'L35'> {
  const { origin, plan, reason } = r.state;
  const wasReview = reason === 'IneffectiveChain';
  const review: StatusDelta = wasReview ? { completionStatus: { outcome: null, requiresManualReview: null } } : {};
  const details = {
    delta: { routingStatus: withoutBlock(r), ...review },
    ledger: { ...free, ...(wasReview ? { outcome: null } : {}) },
    kubernetesEvents: [moved('Blocked', origin)],
    unblocked: {
      wake: ended.wake,
      ...(ended.wake === 'operator' ? { releasedBy: withDetail(ended.lift.by, ended.lift.reason) } : {}),
    },
  };
  if (origin === 'Pending') return transition('L34', { phase: origin, since: now }, details);
  const approved = plan !== undefined && r.decision?.decision === 'Approved' ? { approved: plan } : {};
  return transition('L35', { phase: origin, since: now, ...approved }, details);
}

/** L36: the cooldown after repeated failures is served; it does not run again by itself. */
export function cooldownServed(r: In, now: Instant): Transition<'L36'> {
  const reason = 'cooldown expired after blocking due to ConsecutiveFailures';
  const message = `Failed in Blocked: ${reason}`;
  return transition(
    'L36',
    { phase: 'Failed', since: now },
    {
      delta: {
        completionStatus: { failurePhase: 'Blocked', failureReason: reason },
        routingStatus: { blockedUntil: null },
      },
      ledger: { ...free, failurePhase: 'Blocked', failureReason: reason, blockReason: r.state.reason ?? null },
      ending: { message, failure: { phase: 'Blocked', reason, code: 'ERR_INTERNAL_ORCHESTRATION', word: 'Unknown' } },
      kubernetesEvents: [{ type: 'Warning', reason: 'RemediationFailed', message }],
      unblocked: { wake: 'expiry' },
    },
  );
}

type Original = Extract<OriginalAnswer, { original: 'ended' }>;

const isOutcome = (word: string | undefined): word is Outcome => OUTCOMES.some((outcome) => outcome === word);

/** L37: the original completed, and this one with it. */
export function inheritCompleted(r: In, original: Original, now: Instant): Transition<'L37'> {
  const outcome = isOutcome(original.outcome) ? original.outcome : 'Remediated';
  const message = `Completed as RemediationRequest ${original.name} did, of which it is a duplicate: ${outcome}`;
  return transition(
    'L37',
    { phase: 'Completed', since: now },
    {
      delta: {
        routingStatus: withoutBlock(r),
        completionStatus: { outcome, ...(outcome === 'ManualReviewRequired' ? { requiresManualReview: true } : {}) },
      },
      ledger: { ...free, outcome, inheritedFrom: original.uid },
      ending: { message },
      kubernetesEvents: [{ type: 'Normal', reason: 'InheritedCompleted', message }],
      unblocked: { wake: 'signal' },
    },
  );
}

/** L38: the original did not complete, or is gone. It is no failure of this one's own. */
export function inheritFailed(r: In, original: Original | undefined, now: Instant): Transition<'L38'> {
  const name = original?.name ?? r.status.routingStatus?.duplicateOf ?? 'unknown';
  const end =
    original === undefined || original.wasDeleted
      ? 'was deleted'
      : withDetail(`ended as ${original.phase}`, original.failureReason ?? '');
  const reason = `RemediationRequest ${name}, of which it is a duplicate, ${end}`;
  return transition(
    'L38',
    { phase: 'Failed', since: now },
    {
      delta: {
        routingStatus: withoutBlock(r),
        completionStatus: { failurePhase: 'Deduplicated', failureReason: reason },
      },
      ledger: {
        ...free,
        failurePhase: 'Deduplicated',
        failureReason: reason,
        inheritedFrom: original?.uid ?? name,
      },
      ending: {
        message: `Failed in Deduplicated: ${reason}`,
        failure: { phase: 'Deduplicated', reason, code: 'ERR_INTERNAL_ORCHESTRATION', word: 'Unknown' },
      },
      kubernetesEvents: [{ type: 'Warning', reason: 'InheritedFailed', message: reason }],
      unblocked: { wake: 'signal' },
    },
  );
}
