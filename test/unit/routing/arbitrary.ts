import fc from 'fast-check';
import type { Arrival, Move } from './simulation.ts';

const mishap = fc.oneof(
  { weight: 6, arbitrary: fc.constant('none' as const) },
  { weight: 1, arbitrary: fc.constant('dies after the answer' as const) },
  { weight: 1, arbitrary: fc.constant('signals are lost' as const) },
);

/** Any order of moves, with mishaps now and then. */
export const someMoves = (longest: number): fc.Arbitrary<readonly Move[]> =>
  fc.array(fc.record({ who: fc.nat(1000), mishap }), { maxLength: longest });

/** Requests of a few signals on a few targets, some of which fail. */
export const someArrivals = (most: number): fc.Arbitrary<readonly Arrival[]> =>
  fc.array(fc.record({ signal: fc.nat(3), target: fc.nat(2), fails: fc.boolean() }), { minLength: 1, maxLength: most });
