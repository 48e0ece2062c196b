import assert from 'node:assert/strict';
import { formatElapsed } from '../../../../dev/servers/progress.ts';

describe('formatElapsed', () => {
  const cases = [
    { milliseconds: 8_440, text: '8.4 s' },
    { milliseconds: 59_940, text: '59.9 s' },
    { milliseconds: 185_000, text: '3 min 05 s' },
  ];
  for (const { milliseconds, text } of cases) {
    it(`says ${text} for ${milliseconds} milliseconds`, () => {
      assert.equal(formatElapsed(milliseconds), text);
    });
  }
});
