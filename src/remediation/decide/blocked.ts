import type { PhaseRules } from './rules.ts';

/** Waits for the time that the block names; a block without one ends by a person, a deletion or the global deadline. */
export const blocked: PhaseRules<'Blocked'> = {
  ending: () => undefined,
  moving: () => undefined,
  overdue: () => ({ found: 'block over' }),
};
