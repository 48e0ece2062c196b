import { isTimed, REASONS } from '../routing/reasons.ts';
import type { PhaseRules } from './rules.ts';

/** Waits for what the block names: a time, somebody else's end, or a person. Each end is asked about before it is believed. */
export const blocked: PhaseRules<'Blocked'> = {
  ending: () => undefined,
  moving: ({ state: { reason }, lift, isWoken }) => {
    if (lift !== undefined && (reason === undefined || REASONS[reason].mayBeLifted)) return { found: 'lifted', lift };
    const waitsForOthers = reason === 'DuplicateInProgress' || reason === 'ResourceBusy';
    return isWoken === true && waitsForOthers ? { found: 'woken' } : undefined;
  },
  overdue: ({ state: { reason } }) => (isTimed(reason) ? { found: 'block over' } : undefined),
};
