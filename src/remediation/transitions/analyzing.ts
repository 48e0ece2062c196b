import { limitOf } from '../deadlines.ts';
import type { BoundApproval, Plan, RemediationIn } from '../state.ts';
import type { Outcome } from '../status.ts';
import { parseTime, toRfc3339 } from '../time.ts';
import type { Instant } from '../time.ts';
import { transition } from '../transition.ts';
import type { TouchedChild, Transition } from '../transition.ts';
import { selection } from './selection.ts';
import { failure, isFalse, isTrue, moved, timeout, touched, withDetail } from './shared.ts';
import type { Ensured, FailureCount } from './shared.ts';

type In = RemediationIn<'Analyzing'>;

/** The condition of an analysis that has said what to do. */
export const analysed = isTrue('AIAnalysisSucceeded', 'The analysis is complete');

/** L08: there is nothing to do; the same signal is held back for a while. */
export function nothingToDo(r: In, now: Instant): Transition<'L08'> {
  const status = r.children.AIAnalysis?.status;
  const message = withDetail('No action required', status?.message ?? '');
  return transition(
    'L08',
    { phase: 'Completed', since: now },
    {
      ...held(r, 'NoActionRequired', message, now),
      conditions: { AIAnalysisComplete: analysed },
    },
  );
}

/** L09: a person must look, and there is no workflow to propose. */
export function reviewNeeded(r: In, now: Instant): Transition<'L09'> {
  const status = r.children.AIAnalysis?.status;
  const message = withDetail('Manual review required', status?.message ?? '');
  const parts = held(r, 'ManualReviewRequired', message, now);
  return transition(
    'L09',
    { phase: 'Completed', since: now },
    {
      ...parts,
      delta: { ...parts.delta, completionStatus: { outcome: 'ManualReviewRequired', requiresManualReview: true } },
      conditions: { AIAnalysisComplete: status?.phase === 'Failed' ? isFalse('AIAnalysisFailed', message) : analysed },
    },
  );
}

function held(r: In, outcome: Outcome, message: string, now: Instant) {
  const delay = r.settings.noActionRequiredDelay;
  const until = delay > 0 ? now + delay : undefined;
  const reason = r.children.AIAnalysis?.status.reason ?? outcome;
  return {
    delta: {
      completionStatus: { outcome },
      ...(until === undefined ? {} : { routingStatus: { nextAllowedExecution: toRfc3339(until) } }),
    },
    ledger: { outcome, nextAllowedExecution: until ?? null },
    ending: { message, noAction: { reason, ...(until === undefined ? {} : { suppressedUntil: until }) } },
  };
}

/** L10: dry run is on, so the analysis is all there is. */
export function dryRun(r: In, now: Instant): Transition<'L10'> {
  const present = parseTime(r.status.routingStatus?.nextAllowedExecution) ?? 0;
  const heldUntil = Math.max(present, now + r.settings.dryRunHoldPeriod);
  const message = 'Dry run: analysed, nothing was executed';
  return transition(
    'L10',
    { phase: 'Completed', since: now },
    {
      delta: { completionStatus: { outcome: 'DryRun' }, routingStatus: { nextAllowedExecution: toRfc3339(heldUntil) } },
      conditions: { AIAnalysisComplete: analysed },
      ledger: { outcome: 'DryRun', nextAllowedExecution: heldUntil },
      ending: { message, dryRun: { heldUntil } },
      kubernetesEvents: [{ type: 'Normal', reason: 'DryRunCompleted', message }],
    },
  );
}

/** L11: the question is put to a person. */
export function askApproval(
  r: In,
  plan: Plan,
  approval: Omit<BoundApproval, 'requested'>,
  ensured: Ensured<'RemediationApprovalRequest'>,
  now: Instant,
): Transition<'L11'> {
  const reason = r.children.AIAnalysis?.status.approval?.approvalReason || 'Approval required by policy';
  const percent = `${((plan.workflow.confidence ?? 0) * 100).toFixed(0)} %`;
  const requested = { step: r.step + 1, type: 'orchestrator.approval.requested' as const, ordinal: 0, at: now };
  return transition(
    'L11',
    { phase: 'AwaitingApproval', since: now, plan, approval: { ...approval, requested } },
    {
      delta: { workflowSelection: selection(plan, r.request.spec.targetResource) },
      conditions: { AIAnalysisComplete: analysed },
      children: [touched(ensured)],
      before: [
        {
          type: 'orchestrator.approval.requested',
          action: 'approval_requested',
          outcome: 'pending',
          resource: { type: 'RemediationApprovalRequest', id: ensured.child.name },
          data: {
            rar_name: ensured.child.name,
            rar_uid: ensured.child.uid,
            required_by: toRfc3339(approval.requiredBy),
            workflow_id: plan.workflow.workflowId ?? '',
            confidence_str: (plan.workflow.confidence ?? 0).toFixed(2),
            reason,
            plan_digest: approval.planDigest,
          },
        },
      ],
      kubernetesEvents: [
        moved('Analyzing', 'AwaitingApproval'),
        {
          type: 'Normal',
          reason: 'ApprovalRequired',
          message: `Approval required at a confidence of ${percent}: ${reason}`,
        },
      ],
    },
  );
}

type FailingRow = 'L14' | 'L15' | 'L17';

/** L14, L15, L17: the analysis gave nothing that can be run; a person must look. */
export function failAnalysis<R extends FailingRow>(
  row: R,
  r: In,
  detail: string,
  failures: FailureCount,
  now: Instant,
): Transition<R> {
  const reason = withDetail('AIAnalysis failed', detail);
  const parts = failure(r, { phase: 'AIAnalysis', reason }, failures, now);
  const completionStatus = {
    ...parts.delta.completionStatus,
    outcome: 'ManualReviewRequired' as const,
    requiresManualReview: true,
  };
  return transition<R>(
    row,
    { phase: 'Failed', since: now },
    {
      ...parts,
      delta: { ...parts.delta, completionStatus },
      ledger: { ...parts.ledger, outcome: 'ManualReviewRequired' },
      conditions: {
        AIAnalysisComplete: row === 'L14' || row === 'L17' ? isFalse('AIAnalysisFailed', reason) : analysed,
      },
      kubernetesEvents: [
        ...parts.kubernetesEvents,
        { type: 'Warning', reason: 'EscalatedToManualReview', message: reason },
      ],
    },
  );
}

/** L18: the analysis did not end in time. */
export function analysisTimedOut(
  r: In,
  closed: readonly TouchedChild[],
  failures: FailureCount,
  now: Instant,
): Transition<'L18'> {
  const parts = timeout(r, { type: 'phase', limit: limitOf(r, 'analyzing'), counts: true }, failures, now);
  return transition(
    'L18',
    { phase: 'TimedOut', since: now },
    {
      ...parts,
      children: closed,
      conditions: { AIAnalysisComplete: isFalse('AIAnalysisTimeout', parts.ending.message) },
    },
  );
}
