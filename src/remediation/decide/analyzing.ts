import type { Findings } from '../found.ts';
import type { ResourceTarget } from '../request.ts';
import type { AIAnalysisStatus, SelectedWorkflow } from '../snapshots.ts';
import type { PhaseRules } from './rules.ts';

type Finding = Findings['Analyzing'];

const hasTarget = (target: ResourceTarget | undefined): target is ResourceTarget =>
  target !== undefined && target.kind !== '' && target.name !== '';

/** The root-cause target of the analysis, if it names one by kind and name. */
export function analyzedTarget(status: AIAnalysisStatus): ResourceTarget | undefined {
  const target = status.rcaResult?.rootCauseAnalysis?.remediationTarget;
  return hasTarget(target) ? target : undefined;
}

/** What is wrong with the workflow that the analysis chose; undefined when it can be proposed. */
export function unusable(workflow: SelectedWorkflow | undefined): string | undefined {
  if (workflow === undefined) return 'the analysis selected no workflow';
  if (!workflow.workflowId) return 'the selected workflow has no workflowId';
  if (!workflow.executionBundle) return `the selected workflow ${workflow.workflowId} has no executionBundle`;
  const { confidence } = workflow;
  if (confidence === undefined || !(confidence >= 0 && confidence <= 1))
    return `the selected workflow ${workflow.workflowId} has a confidence outside 0 to 1: ${String(confidence)}`;
  return undefined;
}

const NEEDED = ['workflowName', 'actionType', 'version', 'executionEngine'] as const;

/** What an execution of this workflow would lack; undefined when it can be built. */
export function incomplete(workflow: SelectedWorkflow): string | undefined {
  const missing = NEEDED.filter((member) => !workflow[member]);
  return missing.length === 0 ? undefined : `the workflow ${String(workflow.workflowId)} lacks ${missing.join(', ')}`;
}

const needsReviewOnly = (status: AIAnalysisStatus): boolean =>
  status.review?.needsHumanReview === true && status.rcaResult?.selectedWorkflow === undefined;

function afterFailure(status: AIAnalysisStatus): Finding {
  if (needsReviewOnly(status)) return { found: 'review needed' };
  const detail = [status.reason, status.subReason, status.message].filter((part) => part !== undefined && part !== '');
  return {
    found: 'analysis failed',
    error: detail.join(': '),
    needsHumanReview: status.review?.needsHumanReview === true,
  };
}

/** What a completed analysis leads to, in this order: the first that applies. */
function afterCompletion(status: AIAnalysisStatus, isDryRun: boolean, signalTarget: ResourceTarget): Finding {
  if (status.reason === 'WorkflowNotNeeded') return { found: 'nothing to do' };
  if (needsReviewOnly(status)) return { found: 'review needed' };
  if (isDryRun) return { found: 'dry run' };
  const workflow = status.rcaResult?.selectedWorkflow;
  const fault = unusable(workflow);
  if (workflow === undefined || fault !== undefined) return { found: 'unusable workflow', error: fault ?? '' };
  const target = analyzedTarget(status);
  if (status.approval?.approvalRequired === true)
    return { found: 'approval needed', plan: { workflow, target: target ?? signalTarget } };
  return target === undefined ? { found: 'no target' } : { found: 'workflow chosen', plan: { workflow, target } };
}

const STARTS_WORK: ReadonlySet<Finding['found']> = new Set(['approval needed', 'workflow chosen']);

/** Waits for the AIAnalysis to end, then reads what it says. One that was deleted is not made anew. */
function result({
  children,
  settings,
  request,
  decision,
  state,
}: Parameters<PhaseRules<'Analyzing'>['moving']>[0]): Finding | undefined {
  if (state.approved !== undefined) return { found: 'workflow chosen', plan: state.approved };
  const status = children.AIAnalysis?.status;
  if (status?.phase === 'Failed') return afterFailure(status);
  if (status?.phase !== 'Completed') return undefined;
  const finding = afterCompletion(status, settings.dryRun, request.spec.targetResource);
  const wasApproved = finding.found === 'approval needed' && decision?.decision === 'Approved';
  return wasApproved ? { found: 'workflow chosen', plan: finding.plan } : finding;
}

export const analyzing: PhaseRules<'Analyzing'> = {
  ending: (r) => {
    const finding = result(r);
    return finding !== undefined && !STARTS_WORK.has(finding.found) ? finding : undefined;
  },
  moving: (r) => {
    const finding = result(r);
    return finding !== undefined && STARTS_WORK.has(finding.found) ? finding : undefined;
  },
  overdue: (_, deadline) => ({ found: 'analysis overdue', deadline }),
};
