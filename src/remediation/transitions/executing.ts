import { limitOf } from '../deadlines.ts';
import { targetString } from '../request.ts';
import type { KeptDecision, Plan, Remediation, RemediationIn } from '../state.ts';
import type { TargetHash } from '../target-hash.ts';
import { parseTime, toRfc3339 } from '../time.ts';
import type { Instant } from '../time.ts';
import { transition } from '../transition.ts';
import type { EventBody, TouchedChild, Transition } from '../transition.ts';
import { selection } from './selection.ts';
import { failure, isFalse, isTrue, moved, refTo, timeout, touched, withDetail } from './shared.ts';
import type { Ensured, FailureCount } from './shared.ts';

/** The key under which executions on one target exclude each other. */
export const targetKey = (r: Remediation, plan: Plan): string =>
  [r.request.spec.clusterID ?? '', r.request.namespace, targetString(plan.target)].join('|');

/** What was found out between the decision to run and the run. */
export interface Circumstances {
  readonly now: Instant;
  readonly hash: TargetHash;
  /** Fencing token of the target claim. */
  readonly targetToken: number | undefined;
  readonly approved?: { readonly decision: KeptDecision; readonly event: EventBody };
}

/** What the state of the target before the run adds to a step. A hash is written once and never again. */
function capture(r: Remediation, { target }: Plan, hash: TargetHash) {
  const name = `${target.kind} ${target.name}`;
  switch (hash.kind) {
    case 'hash':
      return {
        hash: hash.hash,
        delta: r.status.operatorAudit?.preRemediationSpecHash
          ? {}
          : { operatorAudit: { preRemediationSpecHash: hash.hash } },
        conditions: {
          PreRemediationHashCaptured: isTrue('HashCaptured', `The state of ${name} before the remediation is recorded`),
        },
        kubernetesEvents: [],
      };
    case 'degraded': {
      const message = `The state of ${name} before the remediation could not be recorded: ${hash.reason}`;
      return {
        hash: undefined,
        delta: {},
        conditions: { PreRemediationHashCaptured: isFalse('HashCaptureFailed', message) },
        kubernetesEvents: [{ type: 'Warning' as const, reason: 'HashCaptureDegraded', message }],
      };
    }
    case 'none':
      return { hash: undefined, delta: {}, conditions: {}, kubernetesEvents: [] };
  }
}

/** L12 and L19 alike: the execution is there. */
export function startExecuting<R extends 'L12' | 'L19'>(
  row: R,
  r: Remediation,
  plan: Plan,
  ensured: Ensured<'WorkflowExecution'>,
  { now, hash, targetToken, approved }: Circumstances,
): Transition<R> {
  const { workflow, target } = plan;
  const captured = capture(r, plan, hash);
  const preHash = r.status.operatorAudit?.preRemediationSpecHash ?? captured.hash;
  const created: EventBody = {
    type: 'remediation.workflow_created',
    action: 'workflow_created',
    outcome: 'success',
    data: {
      pre_remediation_spec_hash: preHash ?? '',
      target_resource: `${target.namespace ?? ''}/${target.kind}/${target.name}`,
      workflow_id: workflow.workflowId ?? '',
      ...(workflow.version ? { workflow_version: workflow.version } : {}),
      ...(workflow.actionType ? { action_type: workflow.actionType } : {}),
      signal_type: r.request.spec.signalType,
      signal_fingerprint: r.request.spec.signalFingerprint,
      wfe_name: ensured.child.name,
      wfe_uid: ensured.child.uid,
      ...(targetToken === undefined ? {} : { fencing_token: targetToken }),
    },
  };
  return transition<R>(
    row,
    { phase: 'Executing', since: now, plan },
    {
      delta: {
        phaseProgress: { workflowExecutionRef: refTo(ensured.child), executingStartTime: toRfc3339(now) },
        workflowSelection: selection(plan, r.request.spec.targetResource),
        ...captured.delta,
      },
      conditions: {
        ...captured.conditions,
        AIAnalysisComplete: isTrue('AIAnalysisSucceeded', 'The analysis is complete'),
        WorkflowExecutionReady: isTrue('WorkflowExecutionCreated', `WorkflowExecution ${ensured.child.name} is there`),
      },
      children: [touched(ensured)],
      before: approved === undefined ? [] : [approved.event],
      after: [created],
      ledger: {
        targetKey: targetKey(r, plan),
        workflowId: workflow.workflowId ?? null,
        actionType: workflow.actionType ?? null,
        executionName: ensured.child.name,
        preHash: preHash ?? null,
      },
      ...(targetToken === undefined ? {} : { targetToken }),
      kubernetesEvents: [
        ...(approved === undefined
          ? []
          : [{ type: 'Normal' as const, reason: 'ApprovalGranted', message: `Approved by ${approved.decision.by}` }]),
        moved(r.state.phase, 'Executing'),
        ...captured.kubernetesEvents,
        ...(r.decision?.override === undefined
          ? []
          : [
              {
                type: 'Normal' as const,
                reason: 'OperatorOverride',
                message: `${r.decision.by} changed what is run: ${String(workflow.workflowName ?? workflow.workflowId)}`,
              },
            ]),
      ],
    },
  );
}

type In = RemediationIn<'Executing'>;

/** L24: the workflow ran; what remains is to see whether it helped. */
export function startVerifying(
  r: In,
  ensured: Ensured<'EffectivenessAssessment'>,
  delays: {
    readonly hashComputeDelay?: string;
    readonly alertCheckDelay?: string;
    readonly isGitOpsManaged: boolean;
    readonly isCustomResource: boolean;
  },
  now: Instant,
): Transition<'L24'> {
  const deadline = toRfc3339(now + r.settings.timeouts.verifying);
  const { isGitOpsManaged, isCustomResource, hashComputeDelay, alertCheckDelay } = delays;
  return transition(
    'L24',
    { phase: 'Verifying', since: now, enteredAt: now, plan: r.state.plan },
    {
      delta: {
        phaseProgress: { effectivenessAssessmentRef: refTo(ensured.child), verificationDeadline: deadline },
        routingStatus: { consecutiveFailureCount: 0, nextAllowedExecution: null },
      },
      conditions: {
        WorkflowExecutionComplete: isTrue('WorkflowSucceeded', 'The workflow ran to its end'),
        EffectivenessAssessed: isFalse(
          'AssessmentInProgress',
          `Waiting for EffectivenessAssessment ${ensured.child.name}`,
        ),
      },
      children: [touched(ensured)],
      after: [
        {
          type: 'orchestrator.lifecycle.verifying_started',
          action: 'verifying_started',
          outcome: 'pending',
          data: { ea_name: ensured.child.name, verification_deadline: deadline },
        },
        {
          type: 'orchestrator.ea.created',
          action: 'ea_created',
          outcome: 'success',
          resource: { type: 'EffectivenessAssessment', id: ensured.child.name },
          data: {
            ea_name: ensured.child.name,
            ...(hashComputeDelay === undefined ? {} : { hash_compute_delay: hashComputeDelay }),
            ...(alertCheckDelay === undefined ? {} : { alert_check_delay: alertCheckDelay }),
            is_gitops_managed: isGitOpsManaged,
            is_crd: isCustomResource,
          },
        },
      ],
      ledger: {
        consecutiveFailures: 0,
        nextAllowedExecution: null,
        executionCompletedAt: parseTime(r.children.WorkflowExecution?.status.completionTime) ?? now,
      },
      kubernetesEvents: [
        {
          type: 'Normal',
          reason: 'RemediationCompleted',
          message: 'The workflow ran to its end; its effect is being verified',
        },
        {
          type: 'Normal',
          reason: 'EffectivenessAssessmentCreated',
          message: `EffectivenessAssessment ${ensured.child.name} created`,
        },
      ],
    },
  );
}

/** L25: the workflow failed. */
export function failExecution(
  r: In,
  found: { readonly error: string; readonly wasExecutionFailure: boolean },
  failures: FailureCount,
  now: Instant,
): Transition<'L25'> {
  const reason = withDetail('WorkflowExecution failed', found.error);
  const parts = failure(r, { phase: 'WorkflowExecution', reason }, failures, now);
  const review = found.wasExecutionFailure ? { requiresManualReview: true } : {};
  return transition(
    'L25',
    { phase: 'Failed', since: now },
    {
      ...parts,
      delta: { ...parts.delta, completionStatus: { ...parts.delta.completionStatus, ...review } },
      conditions: { WorkflowExecutionComplete: isFalse('WorkflowFailed', reason) },
    },
  );
}

/** L26: the execution is gone; what it did is unknown, so it is not repeated. */
export function executionGone(r: In, failures: FailureCount, now: Instant): Transition<'L26'> {
  const name = r.children.WorkflowExecution?.name;
  const reason = withDetail(
    'WorkflowExecution not found',
    name === undefined ? '' : `${name} was deleted while it was running`,
  );
  return transition(
    'L26',
    { phase: 'Failed', since: now },
    {
      ...failure(r, { phase: 'WorkflowExecution', reason }, failures, now),
      conditions: { WorkflowExecutionComplete: isFalse('WorkflowFailed', reason) },
    },
  );
}

/** L29: the workflow did not end in time. */
export function executionTimedOut(
  r: In,
  closed: readonly TouchedChild[],
  failures: FailureCount,
  now: Instant,
): Transition<'L29'> {
  const parts = timeout(r, { type: 'phase', limit: limitOf(r, 'executing'), counts: true }, failures, now);
  return transition(
    'L29',
    { phase: 'TimedOut', since: now },
    {
      ...parts,
      children: closed,
      conditions: { WorkflowExecutionComplete: isFalse('WorkflowTimeout', parts.ending.message) },
    },
  );
}
