import assert from 'node:assert/strict';
import fc from 'fast-check';
import { depthOf, factsOf, unstorableText } from '../../../src/datastorage/numbers.ts';

describe('what a JSON text tells before it is parsed', () => {
  it('finds no fault in any text that was made from doubles', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const { lossyNumber, depth } = factsOf(JSON.stringify(value));
        assert.equal(lossyNumber, undefined);
        assert.equal(depth, depthOf(value));
      }),
    );
  });

  for (const number of [
    '9007199254740993',
    '0.1000000000000000055511151231257827',
    '1e999',
    '123456789012345678901234567890.5',
    '-9007199254740993',
  ])
    it(`names ${number}, which would come back as another`, () => {
      assert.equal(factsOf(`{"a":[1,${number}]}`).lossyNumber, number);
    });

  for (const number of ['1.10', '1E5', '100000000000000000000', '0.0', '-0', '1e-7', '5e-324', '9007199254740992'])
    it(`accepts ${number}, which is the same number afterwards`, () => {
      assert.equal(factsOf(`[${number}]`).lossyNumber, undefined);
    });

  it('sees no numbers and no nesting in texts, escaped quotes included', () => {
    assert.deepEqual(factsOf(String.raw`{"a\"[[[1e999":"\\","b":"9007199254740993\\\"[["}`), {
      lossyNumber: undefined,
      depth: 1,
    });
  });

  it('is done with a million levels', () => {
    assert.equal(factsOf('['.repeat(1_000_000)).depth, 1_000_000);
  });
});

describe('texts that no database keeps', () => {
  it('are named by their place, keys included', () => {
    assert.equal(unstorableText({ a: [{ b: 'x\0' }] }), 'a[0].b');
    assert.equal(unstorableText({ a: { '\ud800': 1 } }), 'a');
    assert.equal(unstorableText({ a: ['fine', 1, null, '😀'] }), undefined);
  });
});
