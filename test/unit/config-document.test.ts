import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationDocument } from '../../src/config/document.ts';
import { WITHOUT_EFFECT } from '../../src/config/effects.ts';
import { KEYS, PATHS } from '../../src/config/keys.ts';

describe('docs/configuration.md', () => {
  it('is what the schema says (npm run docs writes it)', () => {
    const file = join(import.meta.dirname, '../../docs/configuration.md');
    assert.equal(readFileSync(file, 'utf8'), configurationDocument());
  });

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
