import assert from 'node:assert/strict';
import fc from 'fast-check';
import { canonicalJson, sha256Hex } from '../../../src/postgres/canonical.ts';
import { eventContents } from '../../../src/postgres/envelope.ts';
import { cutText, withinLimits } from '../../../src/postgres/limits.ts';
import type { Json, JsonObject } from '../../../src/remediation/json.ts';
import { aCommit, anEvent, aRegistration, writer } from './commits.ts';

const bytes = (value: Json): number => Buffer.byteLength(canonicalJson(value));

describe('the limits of an event', () => {
  it('F-20: a message of 1 MiB is shortened and carries the digest of the whole', () => {
    const message = 'x'.repeat(1024 * 1024);
    const registration = aRegistration();
    const events = [
      { ...anEvent(registration, 1, 'orchestrator.lifecycle.started'), errorMessage: message },
      anEvent(registration, 1, 'orchestrator.lifecycle.created'),
    ];
    const [cut, neighbour] = eventContents(aCommit(registration, 1, 'Pending', events), writer);
    assert.equal(cut?.error_message?.length, 2048);
    assert.ok(cut.error_message.endsWith(`… [cut, sha256:${sha256Hex(message).slice(0, 16)}]`));
    assert.deepEqual(neighbour?.event_data, events[1]?.data);
  });

  it('never cuts a character in two', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 40, max: 60 }), (text, limit) => {
        const cut = cutText(text, limit);
        assert.ok(cut.length <= limit);
        assert.doesNotMatch(cut, /\p{Surrogate}/u);
        if (text.length <= limit) assert.equal(cut, text);
      }),
    );
  });

  it('leaves a payload alone that is small and flat enough', () => {
    const payload = { a: 'x'.repeat(200_000), b: [1, { c: null }] };
    assert.deepEqual(withinLimits(payload), payload);
  });

  it('cuts the longest texts of a payload above 256 KiB, but never what rebuilds the status', () => {
    const delta = { message: 'm'.repeat(100_000) };
    const payload = { status_delta: delta, spec: { long: 'x'.repeat(300_000), short: 'kept' } };
    const fitting = withinLimits(payload);
    assert.ok(bytes(fitting) <= 256 * 1024);
    assert.deepEqual(fitting['status_delta'], delta);
    assert.equal((fitting['spec'] as JsonObject)['short'], 'kept');
  });

  it('replaces the largest members by their digest when cutting texts is not enough', () => {
    const labels = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`label-${String(i)}`, 'value']));
    const fitting = withinLimits({ spec: labels, rr_name: 'rr-a' });
    assert.equal(fitting['spec'], `… [cut, sha256:${sha256Hex(canonicalJson(labels)).slice(0, 16)}]`);
    assert.equal(fitting['rr_name'], 'rr-a');
  });

  it('keeps ten levels; what lies deeper becomes its text', () => {
    const nested = (levels: number): Json => (levels === 0 ? 1 : { n: nested(levels - 1) });
    assert.deepEqual(withinLimits({ n: nested(9) }), { n: nested(9) });
    const flattened = canonicalJson(withinLimits({ n: nested(10) }));
    assert.equal(flattened.match(/\{"n":/g)?.length, 10);
    assert.ok(flattened.includes(String.raw`"{\"n\":1}"`));
  });
});
