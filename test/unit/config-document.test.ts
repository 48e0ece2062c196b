import assert from 'node:assert/strict';
import { WITHOUT_EFFECT } from '../../src/config/effects.ts';
import { KEYS, PATHS } from '../../src/config/keys.ts';

describe('The list of configuration keys', () => {
  it('describes every key', () => {
    assert.deepEqual(
      KEYS.filter(({ description }) => description === '').map(({ path }) => path),
      [],
    );
  });

  it('calls no key without effect that does not exist', () => {
    assert.deepEqual(
      Object.keys(WITHOUT_EFFECT).filter((key) => !PATHS.has(key)),
      [],
    );
  });
});
