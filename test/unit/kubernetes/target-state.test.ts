import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import {
  canonicalState,
  configMapsOf,
  configMapText,
  isExactObject,
  parseExactly,
} from '../../../src/kubernetes/target-state.ts';
import type { Exact, ExactObject } from '../../../src/kubernetes/target-state.ts';

const sha256 = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

const file = readFileSync(new URL('../../fixtures/examples/hash-vectors.json', import.meta.url), 'utf8');
const vectors = (parseExactly(file) as unknown as { readonly vectors: readonly Vector[] }).vectors;

interface Vector {
  readonly name: string;
  readonly object?: ExactObject;
  readonly canonical?: string;
  readonly fingerprint: string;
  readonly configMaps?: Readonly<Record<string, Exact>>;
  readonly configMapHashes?: Readonly<Record<string, string>>;
  readonly result?: string;
}

describe('the state of a target', () => {
  for (const { name, object, canonical, fingerprint } of vectors)
    if (object !== undefined)
      it(`hashes as kubernaut's other services do: ${name}`, () => {
        const text = canonicalState(object);
        if (canonical !== undefined) assert.equal(text, canonical);
        assert.equal(sha256(text), fingerprint);
      });

  for (const { name, configMaps = {}, configMapHashes = {}, fingerprint, result } of vectors)
    if (Object.keys(configMaps).length > 0)
      it(`counts the ConfigMaps that pods read: ${name}`, () => {
        const names = Object.keys(configMaps).sort();
        const hashes = names.map((configMap) => {
          const content = configMaps[configMap];
          return sha256(configMapText(configMap, isExactObject(content) ? content : undefined));
        });
        assert.deepEqual(Object.fromEntries(names.map((configMap, i) => [configMap, hashes[i]])), {
          ...configMapHashes,
        });
        assert.equal(sha256([fingerprint, ...names.map((n, i) => `${n}:${String(hashes[i])}`)].join('\n')), result);
      });

  it('finds every way in which a pod reads a ConfigMap', () => {
    const [first] = vectors;
    assert.deepEqual(configMapsOf('Deployment', first?.object ?? {}), ['agent-mode', 'cart-env', 'cart-files']);
    assert.deepEqual(configMapsOf('Service', first?.object ?? {}), []);
  });

  it('does not change with the order of keys and list elements', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const state = { spec: value as Exact };
        assert.equal(canonicalState(reversed(state) as ExactObject), canonicalState(state));
      }),
    );
  });
});

function reversed(value: Exact): Exact {
  if (Array.isArray(value)) return value.map((item: Exact) => reversed(item)).reverse();
  if (!isExactObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}
