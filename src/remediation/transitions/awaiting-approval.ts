import type { KeptDecision, RemediationIn } from '../state.ts';
import { toRfc3339 } from '../time.ts';
import type { Instant } from '../time.ts';
import { transition } from '../transition.ts';
import type { EventBody, Transition } from '../transition.ts';
import { childName } from '../names.ts';
import { failure, withDetail } from './shared.ts';
import type { FailureCount } from './shared.ts';

type In = RemediationIn<'AwaitingApproval'>;

const resource = (r: In) => ({ type: 'RemediationApprovalRequest', id: childName('rar', r.request) });

/** The event that a decision answers. */
const askedBefore = ({ state: { approval } }: In) =>
  approval.requested === undefined ? {} : { parent: approval.requested };

function told({ state }: In, decision: KeptDecision, now: Instant) {
  return {
    identity_source: decision.identity,
    ...(decision.via === undefined ? {} : { decided_via: decision.via }),
    requested_at: toRfc3339(state.approval.requestedAt),
    decided_at: toRfc3339(decision.at),
    waited_ms: Math.max(1, now - state.approval.requestedAt),
    plan_digest: state.approval.planDigest,
  };
}

/** The event of a granted approval. */
export function approvedEvent(r: In, decision: KeptDecision, now: Instant): EventBody {
  const { override } = decision;
  return {
    type: 'orchestrator.approval.approved',
    action: 'approved',
    outcome: 'success',
    actor: { type: 'user', id: decision.by },
    resource: resource(r),
    ...askedBefore(r),
    data: {
      rar_name: childName('rar', r.request),
      decision: 'Approved',
      approved_by: decision.by,
      door: decision.door,
      ...told(r, decision, now),
      ...(decision.message === undefined ? {} : { message: decision.message }),
      ...(override === undefined ? {} : { workflow_override: overrideTold(override) }),
    },
  };
}

const overrideTold = ({ workflowName, parameters, rationale }: NonNullable<KeptDecision['override']>) => ({
  ...(workflowName === undefined ? {} : { workflow_name: workflowName }),
  ...(parameters === undefined
    ? {}
    : { parameters: Object.fromEntries(Object.keys(parameters).map((key) => [key, '(set)'])) }),
  ...(rationale === undefined ? {} : { rationale }),
});

/** L21: a person said no. */
export function reject(r: In, decision: KeptDecision, failures: FailureCount, now: Instant): Transition<'L21'> {
  const reason = decision.message || 'Rejected by operator';
  const parts = failure(r, { phase: 'Approval', reason, word: 'ApprovalRejected' }, failures, now);
  return transition(
    'L21',
    { phase: 'Failed', since: now },
    {
      ...parts,
      before: [
        {
          type: 'orchestrator.approval.rejected',
          action: 'rejected',
          outcome: 'failure',
          actor: { type: 'user', id: decision.by },
          resource: resource(r),
          ...askedBefore(r),
          data: {
            rar_name: childName('rar', r.request),
            decision: 'Rejected',
            crd_decision: 'Rejected',
            rejected_by: decision.by,
            rejection_reason: reason,
            ...told(r, decision, now),
          },
        },
      ],
      kubernetesEvents: [
        { type: 'Warning', reason: 'ApprovalRejected', message: `Rejected by ${decision.by}: ${reason}` },
        ...parts.kubernetesEvents,
      ],
    },
  );
}

/** L22: nobody answered in time. */
export function approvalExpired(r: In, failures: FailureCount, now: Instant): Transition<'L22'> {
  const { requiredBy, requestedAt, planDigest } = r.state.approval;
  const reason = `Approval request expired: nobody decided by ${toRfc3339(requiredBy)}`;
  const parts = failure(r, { phase: 'Approval', reason, word: 'Timeout' }, failures, now);
  return transition(
    'L22',
    { phase: 'Failed', since: now },
    {
      ...parts,
      before: [
        {
          type: 'orchestrator.approval.rejected',
          action: 'expired',
          outcome: 'failure',
          resource: resource(r),
          ...askedBefore(r),
          data: {
            rar_name: childName('rar', r.request),
            crd_decision: 'Expired',
            rejected_by: 'system',
            rejection_reason: reason,
            requested_at: toRfc3339(requestedAt),
            decided_at: toRfc3339(now),
            waited_ms: Math.max(1, now - requestedAt),
            plan_digest: planDigest,
          },
        },
      ],
      kubernetesEvents: [{ type: 'Warning', reason: 'ApprovalExpired', message: reason }, ...parts.kubernetesEvents],
    },
  );
}

/** L23: approved, but what was approved cannot be run. */
export function approvedUnusable(
  r: In,
  decision: KeptDecision,
  error: string,
  failures: FailureCount,
  now: Instant,
): Transition<'L23'> {
  const parts = failure(
    r,
    { phase: 'Approval', reason: withDetail('The approved workflow cannot be run', error) },
    failures,
    now,
  );
  return transition(
    'L23',
    { phase: 'Failed', since: now },
    {
      ...parts,
      before: [approvedEvent(r, decision, now)],
      kubernetesEvents: [
        { type: 'Normal', reason: 'ApprovalGranted', message: `Approved by ${decision.by}` },
        ...parts.kubernetesEvents,
      ],
    },
  );
}
