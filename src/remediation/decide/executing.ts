import type { PhaseRules } from './rules.ts';

/** Waits for the WorkflowExecution to end. One that is gone may have had effects, so the remediation fails at once. */
export const executing: PhaseRules<'Executing'> = {
  ending: ({ children }) => {
    const execution = children.WorkflowExecution;
    const status = execution?.status;
    if (status?.phase === 'Completed') return { found: 'executed' };
    if (status?.phase === 'Failed')
      return {
        found: 'execution failed',
        error: status.failureReason ?? status.failureDetails?.message ?? '',
        wasExecutionFailure: status.failureDetails?.wasExecutionFailure === true,
      };
    return execution === undefined || execution.gone === true ? { found: 'execution gone' } : undefined;
  },
  moving: () => undefined,
  overdue: (_, deadline) => ({ found: 'execution overdue', deadline }),
};
