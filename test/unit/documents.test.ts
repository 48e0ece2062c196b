import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedDocuments } from '../../dev/docs.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

describe('The documents', () => {
  it('are what the code says where they are generated from it (npm run docs writes them)', async () => {
    for (const [file, text] of Object.entries(await generatedDocuments())) assert.equal(read(file), text, file);
  });

  it('list every error code', () => {
    const text = read('docs/errors.md');
    const sources = ['src/errors.ts', 'src/postgres/findings.ts', 'src/remediation/transition.ts'];
    const codes = sources.flatMap((file) => [
      ...read(file).matchAll(/'([A-Z][A-Z0-9]+_[A-Z0-9_]+|INVARIANT|CONFLICT)'/g),
    ]);
    const refusals = /type RefusalCode =\n([^;]+);/.exec(read('src/remediation/approval.ts'))?.[1] ?? '';
    const words = [...codes, ...refusals.matchAll(/'([a-z_]+)'/g)].map(([, code = '']) => code);
    assert.ok(words.length > 25, words.join());
    assert.deepEqual(
      words.filter((word) => !text.includes(`| ${word} `)),
      [],
    );
  });
});
