import type { ResourceTarget } from '../request.ts';
import type { Plan } from '../state.ts';
import type { WorkflowSelection } from '../status.ts';

const display = ({ kind, name }: ResourceTarget): string => `${kind}/${name}`;

/** What the status shows of the plan: to the approver before, to everybody after. */
export function selection({ workflow, target }: Plan, signalTarget: ResourceTarget): WorkflowSelection {
  const name = workflow.workflowName ?? workflow.workflowId ?? '';
  return {
    selectedWorkflowRef: {
      workflowId: workflow.workflowId ?? '',
      version: workflow.version ?? '',
      executionBundle: workflow.executionBundle ?? '',
      ...(workflow.executionBundleDigest ? { executionBundleDigest: workflow.executionBundleDigest } : {}),
    },
    workflowDisplayName: workflow.actionType ? `${workflow.actionType}:${name}` : name,
    confidence: (workflow.confidence ?? 0).toFixed(2),
    remediationTarget: target,
    targetDisplay: display(target),
    signalTargetDisplay: display(signalTarget),
  };
}
