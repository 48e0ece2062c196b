import type { RemediationIn } from '../state.ts';
import type { StatusDelta } from '../status.ts';
import type { Instant } from '../time.ts';
import { transition } from '../transition.ts';
import type { Transition } from '../transition.ts';
import { moved } from './shared.ts';

type In = RemediationIn<'Blocked'>;

const cleared: StatusDelta = {
  routingStatus: {
    blockReason: null,
    blockMessage: null,
    blockedUntil: null,
    blockingWorkflowExecution: null,
    duplicateOf: null,
  },
};
const free = { originPhase: null, blockReason: null, blockedUntil: null } as const;

/** L34 and L35: the block is over, back to where it came from. */
export function unblock(r: In, now: Instant): Transition<'L34' | 'L35'> {
  const { origin } = r.state;
  const details = { delta: cleared, ledger: free, kubernetesEvents: [moved('Blocked', origin)] };
  return origin === 'Pending'
    ? transition('L34', { phase: origin, since: now }, details)
    : transition('L35', { phase: origin, since: now }, details);
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
    },
  );
}
