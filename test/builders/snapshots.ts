/** Children as a workflow sees them, and what each kind says when it is done. */
import type { OwnedKind } from '../../src/remediation/children.ts';
import { nameOf } from '../../src/remediation/orders.ts';
import type { RemediationRequest } from '../../src/remediation/request.ts';
import type {
  AIAnalysisStatus,
  ChildSnapshot,
  RequestSnapshot,
  SelectedWorkflow,
  SignalProcessingStatus,
  StatusOf,
} from '../../src/remediation/snapshots.ts';
import { aRequest } from './request.ts';

/** A child of the request as it was last seen. */
export function aChild<K extends OwnedKind>(
  kind: K,
  status: StatusOf[K] = {},
  changes: Partial<ChildSnapshot<K>> = {},
  request: RemediationRequest = aRequest(),
): ChildSnapshot<K> {
  return {
    kind,
    namespace: request.namespace,
    name: nameOf(kind, { request }),
    uid: `${kind}-uid`,
    resourceVersion: '100',
    ownerUid: request.uid,
    status,
    ...changes,
  };
}

/** The request as the watcher sees it. */
export const aRequestSnapshot = (
  changes: Partial<RequestSnapshot> = {},
  { namespace, name, uid }: RemediationRequest = aRequest(),
): RequestSnapshot => ({
  kind: 'RemediationRequest',
  namespace,
  name,
  uid,
  resourceVersion: '50',
  generation: 1,
  status: {},
  foreign: [],
  ...changes,
});

/** A signal that was processed well. */
export const processed: SignalProcessingStatus = {
  phase: 'Completed',
  signalClassification: { severity: 'critical', signalName: 'HighMemory', signalMode: 'reactive' },
  environmentClassification: { environment: 'production' },
  priorityAssignment: { priority: 'P1' },
};

/** A workflow that can be run as it is. */
export const aWorkflow = (changes: Partial<SelectedWorkflow> = {}): SelectedWorkflow => ({
  workflowId: 'restart-pod-v1',
  workflowName: 'restart-pod',
  actionType: 'RestartPod',
  version: '1.0.0',
  executionBundle: `registry.example/restart-pod@sha256:${'a'.repeat(64)}`,
  executionEngine: 'job',
  confidence: 0.9,
  rationale: 'the container leaks memory',
  parameters: { GRACE: '30' },
  ...changes,
});

/** An analysis that chose this workflow for the target of the signal. */
export const analysed = (
  workflow: Partial<SelectedWorkflow> = {},
  changes: Partial<AIAnalysisStatus> = {},
): AIAnalysisStatus => ({
  phase: 'Completed',
  reason: 'AnalysisCompleted',
  approval: { approvalRequired: false },
  rcaResult: {
    rootCause: 'a memory leak',
    rootCauseAnalysis: { remediationTarget: aRequest().spec.targetResource },
    selectedWorkflow: aWorkflow(workflow),
  },
  ...changes,
});

/** The same, but a person must agree. */
export const inNeedOfApproval = (workflow: Partial<SelectedWorkflow> = {}): AIAnalysisStatus =>
  analysed(workflow, { approval: { approvalRequired: true, approvalReason: 'production target' } });

/** An execution that ran to its end. */
export const executed: StatusOf['WorkflowExecution'] = { phase: 'Completed' };

/** An assessment that found the alert gone. */
export const assessed: StatusOf['EffectivenessAssessment'] = {
  phase: 'Completed',
  assessmentReason: 'Full',
  components: { alertAssessed: true, alertScore: 1 },
};
