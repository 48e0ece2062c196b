import type { PhaseRules } from './rules.ts';

/** Waits for the SignalProcessing to end. One that was deleted is not made anew: the deadline ends the wait. */
export const processing: PhaseRules<'Processing'> = {
  ending: ({ children, status: { phaseProgress } }) => {
    // Only a remediation that was taken over can lack both: what became of the work is unknown, so it is not repeated.
    if (children.SignalProcessing === undefined && phaseProgress?.signalProcessingRef === undefined)
      return { found: 'processing failed', error: '' };
    const status = children.SignalProcessing?.status;
    return status?.phase === 'Failed'
      ? { found: 'processing failed', error: status.failureInfo?.error ?? '' }
      : undefined;
  },
  moving: ({ children }) =>
    children.SignalProcessing?.status.phase === 'Completed' ? { found: 'processed' } : undefined,
  overdue: (_, deadline) => ({ found: 'processing overdue', deadline }),
};
