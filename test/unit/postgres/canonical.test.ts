import assert from 'node:assert/strict';
import fc from 'fast-check';
import { canonicalJson, cleanJson, cleanText, sha256Hex } from '../../../src/postgres/canonical.ts';
import type { Json, JsonObject } from '../../../src/remediation/json.ts';

const anyObject = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()) as fc.Arbitrary<JsonObject>;

describe('canonicalJson', () => {
  it('writes numbers as RFC 8785 does', () => {
    const cases: readonly (readonly [number, string])[] = [
      [0, '0'],
      [-0, '0'],
      [5e-324, '5e-324'],
      [1.7976931348623157e308, '1.7976931348623157e+308'],
      [9007199254740992, '9007199254740992'],
      [295147905179352830000, '295147905179352830000'],
      [9.999999999999997e22, '9.999999999999997e+22'],
      [1e23, '1e+23'],
      [999999999999999900000, '999999999999999900000'],
      [1e21, '1e+21'],
      [333333333.33333329, '333333333.3333333'],
      [0.000001, '0.000001'],
      [1e-7, '1e-7'],
    ];
    for (const [number, text] of cases) assert.equal(canonicalJson(number), text);
  });

  it('orders members by UTF-16 code units, as RFC 8785 does', () => {
    const text = '{"\u20ac":1,"\\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}';
    const ordered = '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}';
    assert.equal(canonicalJson(JSON.parse(text) as Json), ordered);
  });

  it('orders the members of an object that has one called toJSON', () => {
    assert.equal(canonicalJson({ toJSON: 'x', b: 1, a: 2 }), '{"a":2,"b":1,"toJSON":"x"}');
  });

  it('takes the same object in two places for two objects', () => {
    const shared = { x: 1 };
    assert.equal(canonicalJson({ a: shared, ab: [shared] }), '{"a":{"x":1},"ab":[{"x":1}]}');
  });

  it('gives one text for one value, in whatever order its members come', () => {
    fc.assert(
      fc.property(anyObject, (object) => {
        const clean = cleanJson(object);
        const turned = Object.fromEntries(Object.entries(clean).reverse());
        assert.equal(canonicalJson(turned), canonicalJson(clean));
        assert.equal(canonicalJson(JSON.parse(canonicalJson(clean)) as Json), canonicalJson(clean));
      }),
    );
  });
});

describe('cleanJson', () => {
  it('replaces U+0000 and lone surrogates, in keys as well, and leaves pairs alone', () => {
    assert.equal(cleanText('a\0b\ud800c\udc00d😀'), 'a\ufffdb\ufffdc\ufffdd😀');
    assert.deepEqual(cleanJson({ 'k\0': ['\udfff', { x: '\0' }] }), { 'k\ufffd': ['\ufffd', { x: '\ufffd' }] });
  });

  it('writes numbers that JSON lacks as texts and drops what is undefined', () => {
    const object = { a: Number.NaN, b: Infinity, c: undefined, d: null, e: 1.5 };
    assert.deepEqual(cleanJson(object), { a: 'NaN', b: 'Infinity', d: null, e: 1.5 });
  });

  it('keeps a member called __proto__', () => {
    const clean = cleanJson(JSON.parse('{"__proto__":{"x":"\\u0000"}}') as JsonObject);
    assert.equal(canonicalJson(clean), '{"__proto__":{"x":"\ufffd"}}');
  });

  it('makes every object storable: what comes back from JSON has the same digest', () => {
    fc.assert(
      fc.property(anyObject, (object) => {
        const clean = cleanJson(object);
        const back = JSON.parse(JSON.stringify(clean)) as JsonObject;
        assert.equal(sha256Hex(canonicalJson(back)), sha256Hex(canonicalJson(clean)));
        assert.doesNotMatch(canonicalJson(clean), /\p{Surrogate}/u);
      }),
    );
  });
});
