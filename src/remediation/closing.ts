/** How the children of a remediation that ends are closed. */
import type { JsonObject } from './json.ts';
import { isEnded } from './snapshots.ts';
import type { ChildSnapshot } from './snapshots.ts';
import type { Remediation } from './state.ts';
import { toRfc3339 } from './time.ts';
import type { Instant } from './time.ts';

/** Kinds that are told when their remediation ends; the others have their own ends. */
const CLOSED = ['SignalProcessing', 'AIAnalysis', 'WorkflowExecution'] as const;
export type ClosedKind = (typeof CLOSED)[number];

/** The children that still run. */
export const runningChildren = (r: Remediation): readonly ChildSnapshot<ClosedKind>[] =>
  CLOSED.flatMap((kind) => {
    const child = r.children[kind];
    return child === undefined || child.gone === true || isEnded(child) ? [] : [child];
  });

/** The status that ends a child because its remediation ends in `phase`. */
export function closedStatus(kind: ClosedKind, phase: string, now: Instant): JsonObject {
  const text = `The RemediationRequest reached terminal phase: ${phase}`;
  switch (kind) {
    case 'SignalProcessing':
      return { phase: 'Failed', failureInfo: { error: text } };
    case 'AIAnalysis':
      return {
        phase: 'Failed',
        reason: 'ParentCancelled',
        message: text,
        completedAt: toRfc3339(now),
        observedGeneration: 1,
      };
    case 'WorkflowExecution':
      return { phase: 'Failed', failureReason: text };
  }
}

/** Whether the approval request still asks. */
export function openApproval(r: Remediation): ChildSnapshot<'RemediationApprovalRequest'> | undefined {
  const rar = r.children.RemediationApprovalRequest;
  if (r.state.phase !== 'AwaitingApproval' || rar === undefined || rar.gone === true) return undefined;
  return rar.uid === r.state.approval.uid && r.decision === undefined ? rar : undefined;
}
