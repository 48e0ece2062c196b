import type { PhaseRules } from './rules.ts';

/** Waits for the SignalProcessing to end. One that was deleted is not made anew: the deadline ends the wait. */
export const processing: PhaseRules<'Processing'> = {
  ending: ({ children }) => {
    const status = children.SignalProcessing?.status;
    return status?.phase === 'Failed'
      ? { found: 'processing failed', error: status.failureInfo?.error ?? '' }
      : undefined;
  },
  moving: ({ children }) =>
    children.SignalProcessing?.status.phase === 'Completed' ? { found: 'processed' } : undefined,
  overdue: (_, deadline) => ({ found: 'processing overdue', deadline }),
};
