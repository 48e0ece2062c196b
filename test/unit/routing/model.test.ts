import assert from 'node:assert/strict';
import fc from 'fast-check';
import { someArrivals, someMoves } from './arbitrary.ts';
import { memoryLedger } from './memory-ledger.ts';
import { simulate } from './simulation.ts';

describe('any interleaving of arrivals, kills and lost signals', () => {
  it('keeps one owner a signal, one execution a target, and comes to an end (R1 to R6, R10, R11)', () =>
    fc.assert(
      fc.asyncProperty(someArrivals(12), someMoves(120), async (arrivals, moves) => {
        await simulate(memoryLedger(), arrivals, moves);
      }),
      { numRuns: 300 },
    ));

  it('executes once for any number of requests for one signal that are registered in time (R12)', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 200 }), someMoves(200), async (count, moves) => {
        const arrivals = Array.from({ length: count }, () => ({ signal: 0, target: 0, fails: false }));
        const registrations = arrivals.map((_, who) => ({ who, mishap: 'none' as const }));
        const { executions, ends } = await simulate(memoryLedger(), arrivals, [...registrations, ...moves]);
        assert.equal(executions, 1);
        assert.deepEqual(new Set(ends), new Set(['Completed']));
      }),
      { numRuns: 60 },
    ));

  it('lets everybody inherit the failure of an original, without a second try (R8, I-04)', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 40 }), someMoves(100), async (count, moves) => {
        const arrivals = Array.from({ length: count }, () => ({ signal: 0, target: 0, fails: true }));
        const registrations = arrivals.map((_, who) => ({ who, mishap: 'none' as const }));
        const { executions, ends } = await simulate(memoryLedger(), arrivals, [...registrations, ...moves]);
        assert.equal(executions, 1);
        assert.deepEqual(new Set(ends), new Set(['Failed']));
      }),
      { numRuns: 60 },
    ));
});
