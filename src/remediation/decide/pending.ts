import type { PhaseRules } from './rules.ts';

/** A pending remediation waits for nothing but the answer of routing, which the step asks for. */
export const pending: PhaseRules<'Pending'> = {
  ending: () => undefined,
  moving: () => ({ found: 'admissible' }),
  overdue: () => undefined,
};
