/** Entering a block, and finding another reason while blocked. */
import type { DecisionRecord, Block } from '../routing/question.ts';
import { REASONS } from '../routing/reasons.ts';
import { targetString } from '../request.ts';
import type { Origin, Plan, Remediation, RemediationIn, StateIn } from '../state.ts';
import type { RoutingStatus, StatusDelta } from '../status.ts';
import { toRfc3339 } from '../time.ts';
import type { Instant } from '../time.ts';
import { transition } from '../transition.ts';
import type { ConditionChanges, EventBody, Transition } from '../transition.ts';

/** A block as routing answered it. */
export interface Blocking {
  readonly block: Block;
  readonly decision: DecisionRecord;
}

const FIELDS = ['blockReason', 'blockMessage', 'blockedUntil', 'blockingWorkflowExecution', 'duplicateOf'] as const;

/** What takes the block out of the status: the fields that stand there, and no others. */
export const withoutBlock = ({ status }: Remediation): NonNullable<StatusDelta['routingStatus']> =>
  Object.fromEntries(
    FIELDS.filter((field) => status.routingStatus?.[field] !== undefined).map((field) => [field, null]),
  );

/** L04, L13, L20: routing says no. */
export function enterBlock<R extends 'L04' | 'L13' | 'L20'>(
  row: R,
  r: Remediation,
  answer: Blocking,
  what: {
    readonly plan?: Plan;
    readonly before?: readonly EventBody[];
    readonly conditions?: ConditionChanges;
  },
  now: Instant,
): Transition<R> {
  const origin: Origin = row === 'L04' ? 'Pending' : 'Analyzing';
  return transition<R>(row, stateOf(answer.block, origin, what.plan, now), {
    ...parts(r, answer, what.plan),
    before: [...(what.before ?? []), blockedEvent(r, answer, what.plan)],
    conditions: what.conditions ?? {},
  });
}

/** L39: still blocked, but for another reason, because of somebody else, or until another time. */
export function blockAgain(r: RemediationIn<'Blocked'>, answer: Blocking): Transition<'L39'> {
  const { origin, plan, since } = r.state;
  return transition('L39', stateOf(answer.block, origin, plan, since), {
    ...parts(r, answer, plan),
    before: [blockedEvent(r, answer, plan)],
  });
}

function stateOf(
  { reason, waitingOn, isForeign }: Block,
  origin: Origin,
  plan: Plan | undefined,
  since: Instant,
): StateIn<'Blocked'> {
  return {
    phase: 'Blocked',
    since,
    reason,
    origin,
    ...(plan === undefined ? {} : { plan }),
    ...(reason === 'DuplicateInProgress' && waitingOn !== undefined ? { original: waitingOn } : {}),
    ...(isForeign === undefined ? {} : { isForeign }),
  };
}

/** What every block says in status, ledger and Kubernetes Events. */
function parts(r: Remediation, { block }: Blocking, plan: Plan | undefined) {
  const { reason, message, until, duplicateOf, blockingExecution, retries } = block;
  const shown: RoutingStatus = {
    blockReason: reason,
    blockMessage: message,
    ...(until === undefined ? {} : { blockedUntil: toRfc3339(until) }),
    ...(duplicateOf === undefined ? {} : { duplicateOf }),
    ...(blockingExecution === undefined ? {} : { blockingWorkflowExecution: blockingExecution }),
  };
  const counter = r.status.routingStatus?.consecutiveFailureCount ?? 0;
  const isReview = reason === 'IneffectiveChain';
  const delta: StatusDelta = {
    routingStatus: {
      ...withoutBlock(r),
      ...shown,
      ...(retries !== undefined && retries !== counter ? { consecutiveFailureCount: retries } : {}),
    },
    ...(isReview ? { completionStatus: { outcome: 'ManualReviewRequired', requiresManualReview: true } } : {}),
  };
  return {
    delta,
    ledger: {
      originPhase: r.state.phase === 'Blocked' ? r.state.origin : r.state.phase === 'Pending' ? 'Pending' : 'Analyzing',
      blockReason: reason,
      blockedUntil: until ?? null,
      ...(plan === undefined ? {} : { workflowId: plan.workflow.workflowId ?? null }),
      ...(isReview ? ({ outcome: 'ManualReviewRequired' } as const) : {}),
    },
    kubernetesEvents: [{ ...REASONS[reason].event, message }],
  };
}

function blockedEvent(r: Remediation, { block, decision }: Blocking, plan: Plan | undefined): EventBody {
  const { reason, message, until, duplicateOf, blockingExecution, failures, backoffMs } = block;
  return {
    type: 'orchestrator.routing.blocked',
    action: 'blocked',
    outcome: 'pending',
    data: {
      block_reason: reason,
      block_message: message,
      from_phase: r.state.phase,
      to_phase: 'Blocked',
      target_resource: targetString(plan?.target ?? r.request.spec.targetResource),
      ...(plan?.workflow.workflowId === undefined ? {} : { workflow_id: plan.workflow.workflowId }),
      ...(until === undefined ? {} : { blocked_until: toRfc3339(until) }),
      ...(backoffMs === undefined
        ? {}
        : { requeue_after_seconds: Math.ceil(backoffMs / 1000), backoff_seconds: Math.ceil(backoffMs / 1000) }),
      ...(blockingExecution === undefined ? {} : { blocking_wfe: blockingExecution }),
      ...(reason === 'RecentlyRemediated' && blockingExecution !== undefined ? { recent_wfe: blockingExecution } : {}),
      ...(duplicateOf === undefined ? {} : { duplicate_of: duplicateOf }),
      ...(failures === undefined ? {} : { consecutive_failures: failures }),
      decision: { check: decision.check, inputs: decision.inputs },
    },
  };
}
