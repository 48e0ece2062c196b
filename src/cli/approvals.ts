/** What the door checks about an approval request before and after it asks the workflow. */
import { applyOverride } from '../remediation/override.ts';
import { toChildSnapshot } from '../remediation/projections.ts';
import type { SelectedWorkflow } from '../remediation/snapshots.ts';
import type { UpdateAnswer } from '../temporal/starter.ts';
import type { DecideRequest, Verdict } from '../../workflows/messages.ts';
import { readCatalogueWorkflow } from './catalogue.ts';
import type { Dependencies } from './ports.ts';
import { analysisName, approvalName } from './requests.ts';
import type { Standing } from './standing.ts';

/** An approval request, and the decision that stands on it. */
export interface Approval {
  readonly name: string;
  readonly uid: string;
  readonly decision?: string;
  readonly decidedBy?: string;
  readonly decidedAt?: string;
}

/** The approval request; the workflow remembers its uid even when a person deleted it. */
export async function approvalOf(standing: Standing, dependencies: Dependencies): Promise<Approval> {
  const [bound, approval] = await Promise.all([
    dependencies.workflows.view(standing.uid).then((view) => view?.approval),
    approvalInCluster(standing, dependencies),
  ]);
  return { ...approval, uid: bound?.uid ?? approval.uid };
}

/** The approval request as the cluster has it. */
export async function approvalInCluster({ namespace, name }: Standing, { cluster }: Dependencies): Promise<Approval> {
  const approval = approvalName(name);
  const object = await cluster.get('RemediationApprovalRequest', namespace, approval);
  const snapshot = object === undefined ? undefined : toChildSnapshot('RemediationApprovalRequest', object);
  const status = snapshot?.kind === 'RemediationApprovalRequest' ? snapshot.status : {};
  return { ...status, name: approval, uid: object?.metadata.uid ?? '' };
}

/** Nobody is left to ask: what stands on the approval request is the answer. */
export function answerOfEnded(
  standing: Standing,
  approval: Approval,
  { decision, by }: DecideRequest,
): UpdateAnswer<Verdict> {
  const { name, phase } = standing;
  const kept = approval.decision;
  if (!kept)
    return { kind: 'refused', code: 'not_pending', message: `${name} does not wait for an approval: it is ${phase}` };
  const at = approval.decidedAt ?? 'an unknown time';
  const decider = approval.decidedBy ?? 'unknown';
  if (kept === decision && decider === by)
    return { kind: 'done', result: { verdict: 'already recorded', decision, by, at } };
  const code = kept === 'Expired' ? 'expired' : 'already_decided';
  return { kind: 'refused', code, message: `${name} was already ${kept.toLowerCase()} by ${decider} at ${at}` };
}

/** An override is tried here, because a running workflow could only fail over it later. */
export async function overrideFault(
  { namespace, name }: Standing,
  { override }: DecideRequest,
  { cluster }: Dependencies,
): Promise<string | undefined> {
  if (override === undefined) return undefined;
  const [analysis, named] = await Promise.all([
    cluster.get('AIAnalysis', namespace, analysisName(name)),
    override.workflowName === undefined
      ? undefined
      : cluster.get('RemediationWorkflow', namespace, override.workflowName),
  ]);
  const snapshot = analysis === undefined ? undefined : toChildSnapshot('AIAnalysis', analysis);
  const analysed: SelectedWorkflow =
    (snapshot?.kind === 'AIAnalysis' && snapshot.status.rcaResult?.selectedWorkflow) || {};
  const result = applyOverride(
    analysed,
    override,
    named === undefined ? undefined : readCatalogueWorkflow(named.metadata.name, named),
  );
  return result.kind === 'unusable' ? result.error : undefined;
}
