import type { PhaseRules } from './rules.ts';

/** Waits for the verdict. Only an alert that was looked at and is still firing makes it inconclusive. */
export const verifying: PhaseRules<'Verifying'> = {
  ending: ({ children }) => {
    const status = children.EffectivenessAssessment?.status;
    if (status?.phase !== 'Completed' && status?.phase !== 'Failed') return undefined;
    const isStillFiring = status.components?.alertAssessed === true && status.components.alertScore === 0;
    return { found: 'verified', verdict: isStillFiring ? 'Inconclusive' : 'Remediated' };
  },
  moving: () => undefined,
  overdue: (_, deadline) => ({ found: 'verification overdue', deadline }),
};
