import type { PhaseRules } from './rules.ts';

/** Waits for a person. A decision seen on the bound approval request is read once more before it counts. */
export const awaitingApproval: PhaseRules<'AwaitingApproval'> = {
  ending: ({ decision }) => (decision?.decision === 'Rejected' ? { found: 'rejected', decision } : undefined),
  moving: ({ decision, children, state }) => {
    if (decision?.decision === 'Approved') return { found: 'approved', decision };
    const approval = children.RemediationApprovalRequest;
    const isBound = approval !== undefined && approval.uid === state.approval.uid && approval.gone !== true;
    return decision === undefined && isBound && isDecision(approval.status.decision)
      ? { found: 'answered on the object' }
      : undefined;
  },
  overdue: (_, deadline) => ({ found: 'approval overdue', deadline }),
};

/** Whether the word on an approval request is a person's decision. */
export const isDecision = (word: string | undefined): word is 'Approved' | 'Rejected' =>
  word === 'Approved' || word === 'Rejected';
