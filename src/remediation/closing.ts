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

/** The approval request if it still asks: the bound one, or one that was made for a step that never came to be. */
export function openApproval(r: Remediation): ChildSnapshot<'RemediationApprovalRequest'> | undefined {
  const rar = r.children.RemediationApprovalRequest;
  if (rar === undefined || rar.gone === true || r.decision !== undefined) return undefined;
  const asks = r.state.phase === 'AwaitingApproval' ? rar.uid === r.state.approval.uid : !rar.status.decision;
  return asks ? rar : undefined;
}
