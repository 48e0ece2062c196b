import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ALL_PHASES } from '../src/remediation/phases.ts';
import { SEARCH_ATTRIBUTES } from '../src/remediation/search-attributes.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const documentsIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file));
const documents = [
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
  ...documentsIn('docs'),
  'dev/simulators/README.md',
];

/** The heading as a link names it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');

describe('the documents', () => {
  for (const document of documents)
    it(`link only to what is there: ${document}`, () => {
      const text = read(document).replaceAll(/```.*?```/gs, '');
      for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(link)) continue;
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? document : join(dirname(document), path);
        assert.ok(existsSync(join(root, target)), link);
        if (anchor === undefined) continue;
        const anchors = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
        assert.ok(anchors.includes(anchor), link);
      }
    });

  it('name every phase where they tell the life of a request', () => {
    const text = read('docs/lifecycle.md');
    for (const phase of ALL_PHASES) assert.ok(text.includes(phase), phase);
  });

  it('name only commands that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
    const targets = [...read('Makefile').matchAll(/^([a-z-]+):/gm)].map(([, target]) => target);
    for (const document of documents) {
      for (const [, script = ''] of read(document).matchAll(/`npm run ([a-z0-9-]+)/g))
        assert.ok(script in scripts, `npm run ${script} in ${document}`);
      for (const [, target = ''] of read(document).matchAll(/`make ([a-z-]+)/g))
        assert.ok(targets.includes(target), `make ${target} in ${document}`);
    }
  });

  it('have decisions that are numbered without a gap, and say why in sixty lines at most', () => {
    const decisions = documentsIn('docs/adr').map((file) => file.slice('docs/adr/'.length));
    const numbers = decisions.map((file) => Number(file.slice(0, 4))).sort((a, b) => a - b);
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => i + 1),
    );
    for (const file of decisions) {
      const text = read(`docs/adr/${file}`);
      assert.ok(text.split('\n').length <= 61, `${file} is too long`);
      for (const heading of ['Context', 'Decision', 'Consequences', 'Alternatives'])
        assert.ok(text.includes(`\n## ${heading}\n`), `${file} lacks ${heading}`);
    }
  });

  it('spell the search attributes as the product registers them, wherever they name one', () => {
    const names = Object.values<{ readonly name: string }>(SEARCH_ATTRIBUTES).map(({ name }) => name);
    for (const document of documents)
      for (const [name] of read(document).matchAll(/\bRr[A-Z]\w+\b/g))
        assert.ok(names.includes(name), `${name} in ${document}`);
  });
});
