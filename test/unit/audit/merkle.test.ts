import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  bucketOf,
  bucketOfPath,
  climb,
  EMPTY_ROOT,
  hex,
  leafHash,
  nodeHash,
  pathOf,
  rootOf,
} from '../../../src/audit/merkle.ts';
import { fastEventHash, fastPayloadDigest } from '../../../src/audit/digest.ts';
import { eventHash, linked, emptyChain, payloadDigest } from '../../../src/postgres/chain.ts';
import { content } from './log.ts';

describe('the Merkle tree', () => {
  it('6.8: has the leaf and the bucket of the test vector', () => {
    const chain = 'rr:11111111-2222-4333-8444-555555555555';
    const end = 'bc79aa7378cec5354e32478d9493a40acea894898ba601316f4ff5b8197696f6';
    const leaf = leafHash({ chain_id: chain, chain_seq: 1, event_hash: end });
    assert.equal(hex(leaf), '2175e9b17842931eebafee9d70aff90767fba6fe46cc696b5cb83603f4c4208a');
    assert.equal(bucketOf(chain), 1819);
  });

  /** RFC 6962, 2.1, to the letter. */
  function recursive(hashes: readonly Uint8Array[]): Uint8Array {
    if (hashes.length === 0) return createHash('sha256').digest();
    if (hashes.length === 1) return hashes[0] ?? EMPTY_ROOT;
    let k = 1;
    while (k * 2 < hashes.length) k *= 2;
    return nodeHash(recursive(hashes.slice(0, k)), recursive(hashes.slice(k)));
  }
  const hashes = (count: number): readonly Buffer[] =>
    Array.from({ length: count }, (_, i) => leafHash({ chain_id: `c:${String(i)}`, chain_seq: 1, event_hash: '' }));

  it('has the shape of RFC 6962, and every path leads to its root', () => {
    for (let count = 0; count < 34; count += 1) {
      const leaves = hashes(count);
      assert.equal(hex(rootOf(leaves)), hex(recursive(leaves)));
      for (const [i, leaf] of leaves.entries()) assert.equal(hex(climb(leaf, pathOf(leaves, i))), hex(rootOf(leaves)));
    }
  });

  it('tells from a path of the upper tree which bucket it begins at', () => {
    const roots = hashes(4096);
    for (const place of [0, 1, 1819, 4095]) assert.equal(bucketOfPath(pathOf(roots, place)), place);
    assert.equal(bucketOfPath(pathOf(roots.slice(1), 5)), 5);
    assert.equal(bucketOfPath(pathOf(roots.slice(0, 2000), 5)), undefined);
  });
});

describe('the digests for many events', () => {
  const payloads = fc
    .dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 3 }))
    .filter((value) => !('__proto__' in value));

  it('are those of the chain', () => {
    fc.assert(
      fc.property(payloads, (data) => {
        const payload = JSON.parse(JSON.stringify(data)) as Record<string, never>;
        const [event] = linked('rr:x', emptyChain('rr:x'), [
          { ...content('11111111-2222-4333-8444-555555555555', 1, {}), event_metadata: payload },
        ]);
        assert.ok(event);
        assert.equal(fastEventHash(event), eventHash(event));
        assert.equal(fastPayloadDigest(payload), payloadDigest(payload));
      }),
    );
  });
});
