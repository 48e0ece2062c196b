import assert from 'node:assert/strict';
import fc from 'fast-check';
import { backoff } from '../../../src/remediation/backoff.ts';
import { aSettings, MINUTE } from '../../builders/request.ts';

const { backoff: limits } = aSettings();

describe('the wait after failures in a row', () => {
  it('doubles from the base to the maximum', () => {
    const waits = [0, 1, 2, 3, 4, 5, 50].map((failures) => backoff(limits, failures, 0.5) / MINUTE);
    assert.deepEqual(waits, [0, 1, 2, 4, 8, 10, 10]);
  });

  it('stops doubling at the exponent cap', () => {
    assert.equal(backoff({ base: MINUTE, max: 100 * MINUTE, maxExponent: 2 }, 9, 0.5), 4 * MINUTE);
  });

  it('is spread by a tenth either way, and never leaves the bounds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
        const wait = backoff(limits, failures, random);
        const exact = backoff(limits, failures, 0.5);
        assert.ok(wait >= limits.base && wait <= limits.max);
        assert.ok(Math.abs(wait - exact) <= exact / 10 + 1);
      }),
    );
  });
});
