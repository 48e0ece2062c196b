import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../../src/remediation/durations.ts';

describe('a duration as Go writes it', () => {
  const readable: readonly (readonly [string, number])[] = [
    ['1h30m', 5_400_000],
    ['1h0m0s', 3_600_000],
    ['250ms', 250],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['2m3.5s', 123_500],
    ['1000us', 1],
    ['1000µs', 1],
    ['1000000ns', 1],
    ['-100s', -100_000],
    ['+5m', 300_000],
    ['0', 0],
    ['0s', 0],
  ];
  for (const [text, ms] of readable)
    it(`is read: ${text}`, () => {
      assert.equal(parseDuration(text), ms);
    });

  for (const text of ['', '-', 'soon', '5', '5 m', 'm', '1h-30m', '1d', '1h30', 'PT1H', '.s'])
    it(`is none: "${text}"`, () => {
      assert.equal(parseDuration(text), undefined);
    });

  it('is written with the units that matter', () => {
    assert.deepEqual([3_600_000, 90_000, 45_000, 0, -60_000].map(formatDuration), [
      '1h0m0s',
      '1m30s',
      '45s',
      '0s',
      '-1m0s',
    ]);
  });

  it('is the same after being written and read', () => {
    fc.assert(
      fc.property(fc.integer({ min: -31_536_000, max: 31_536_000 }), (seconds) => {
        assert.equal(parseDuration(formatDuration(seconds * 1000)), seconds * 1000 || 0);
      }),
    );
  });
});
