import { limitOf } from '../deadlines.ts';
import type { Phase } from '../phases.ts';
import type { LiveState, Remediation } from '../state.ts';
import type { FailurePhase } from '../status.ts';
import { isPhase } from '../phases.ts';
import type { Instant } from '../time.ts';
import { transition } from '../transition.ts';
import type { ErrorCode, TouchedChild, Transition } from '../transition.ts';
import { failure, moved, timeout } from './shared.ts';
import type { FailureCount } from './shared.ts';

type In = Remediation<LiveState>;

const COUNTS = new Set<Phase>(['Processing', 'Analyzing', 'Executing']);

/** L40: the time for the whole remediation is up. */
export function outOfTime(
  r: In,
  closed: readonly TouchedChild[],
  failures: FailureCount,
  now: Instant,
): Transition<'L40'> {
  const what = { type: 'global' as const, limit: limitOf(r, 'global'), counts: COUNTS.has(r.state.phase) };
  return transition('L40', { phase: 'TimedOut', since: now }, { ...timeout(r, what, failures, now), children: closed });
}

/** L41: somebody cancelled. What is already in the status stays. */
export function cancelled(r: In, closed: readonly TouchedChild[], now: Instant): Transition<'L41'> {
  const { by, via, reason } = r.cancellation ?? { by: 'unknown', via: 'api', reason: '' };
  const message = `Cancelled in ${r.state.phase} by ${by}${reason === '' ? '' : `: ${reason}`}`;
  return transition(
    'L41',
    { phase: 'Cancelled', since: now },
    {
      children: closed,
      ending: { message, cancelled: { by, via, reason } },
      kubernetesEvents: [moved(r.state.phase, 'Cancelled')],
    },
  );
}

/** L42: it cannot go on as it is configured, or a child cannot be made. */
export function misconfigured(
  r: In,
  cause: { readonly reason: string; readonly code: ErrorCode; readonly phase: FailurePhase },
  closed: readonly TouchedChild[],
  failures: FailureCount,
  now: Instant,
): Transition<'L42'> {
  const word = cause.code === 'ERR_K8S_ALREADY_EXISTS' ? 'InfrastructureError' : 'ValidationError';
  return transition(
    'L42',
    { phase: 'Failed', since: now },
    { ...failure(r, { ...cause, word }, failures, now), children: closed },
  );
}

/** L43: somebody else wrote an end into the status; it is taken as it stands. */
export function endedElsewhere(
  r: In,
  phase: Transition<'L43'>['to']['phase'],
  closed: readonly TouchedChild[],
  now: Instant,
): Transition<'L43'> {
  const message = `${phase} was set in the status by somebody else while in ${r.state.phase}`;
  return transition('L43', { phase, since: now }, { children: closed, ending: { message } });
}

/** L44: somebody else blocked it; the reason and the end found in the status are taken. */
export function blockedElsewhere(r: In, now: Instant): Transition<'L44'> {
  const { state, status } = r;
  const routing = status.routingStatus;
  const origin = status.phaseProgress?.aiAnalysisRef === undefined ? 'Pending' : 'Analyzing';
  return transition(
    'L44',
    { phase: 'Blocked', since: now, reason: routing?.blockReason, origin },
    {
      before: [
        {
          type: 'orchestrator.routing.blocked',
          action: 'blocked',
          outcome: 'pending',
          severity: 'warning',
          data: {
            block_reason: routing?.blockReason ?? 'Manual',
            block_message: routing?.blockMessage ?? 'Blocked by hand in the status',
            from_phase: state.phase,
            to_phase: 'Blocked',
            target_resource: r.request.spec.targetResource.name,
            ...(routing?.blockedUntil === undefined ? {} : { blocked_until: routing.blockedUntil }),
            decision: { check: 'External', inputs: {} },
          },
        },
      ],
      ledger: { originPhase: isPhase(origin) ? origin : null, blockReason: routing?.blockReason ?? null },
      kubernetesEvents: [moved(state.phase, 'Blocked')],
    },
  );
}

/** L46: the object is gone; the trail closes without it. */
export function deleted(r: In, now: Instant): Transition<'L46'> {
  const by = 'unknown (deletion)';
  return transition(
    'L46',
    { phase: 'Cancelled', since: now },
    {
      isGone: true,
      ledger: { deletedAt: now },
      ending: {
        message: `The RemediationRequest was deleted in ${r.state.phase}`,
        cancelled: { by, via: 'deletion', reason: 'the object was deleted' },
      },
    },
  );
}
