import assert from 'node:assert/strict';
import fc from 'fast-check';
import { specOf } from '../../../src/remediation/notifications/source.ts';
import { body, cut, inline, quote, subject, utf8Length } from '../../../src/remediation/notifications/text.ts';
import type { NotificationKind } from '../../../src/remediation/children.ts';
import { EXAMPLES, orderOf } from '../../builders/notifications.ts';
import { aRequest } from '../../builders/request.ts';

const KINDS = Object.keys(EXAMPLES) as readonly NotificationKind[];

const HOSTILE = '# Approved\n[click](http://evil)\n<!channel> @here <@U1>\u0000\u001b[31m\u202e`';

describe('text of others', () => {
  it('cannot pose as a heading, a link, a mention or markup of ours', () => {
    const shown = quote(HOSTILE);
    assert.deepEqual(
      shown.split('\n').filter((line) => !line.startsWith('> ')),
      [],
    );
    assert.doesNotMatch(shown, /\]\(|:\/\/|<|@here|@U1|`|\u001b|\u202e/);
  });
  it('stays in its line', () => {
    assert.doesNotMatch(inline(HOSTILE), /\n/);
    assert.equal(inline('a@b.example'), 'a@b.example');
  });
  it('is cut with a note when it is long', () => {
    const shown = quote('x'.repeat(100 * 1024));
    assert.ok(shown.length < 5000);
    assert.match(shown, /98401 more characters/);
  });
  it('is never cut within a character', () => {
    assert.equal(cut('ab😀😀', 4), 'ab…');
  });
});

describe('subject and body', () => {
  it('never pass what the API takes, and never cut a character in two', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), fc.nat(60), (text, times) => {
        assert.ok(subject(text).length <= 500);
        const whole = body(`Status: x`, ...Array.from({ length: times }, () => quote(text)));
        assert.ok(utf8Length(whole) <= 32 * 1024);
        assert.equal(utf8Length(whole), Buffer.byteLength(whole.toWellFormed()));
      }),
      { numRuns: 50 },
    );
  });
  for (const kind of KINDS)
    it(`of ${kind} stay ours whatever the signal and the analysis are called`, () => {
      const request = aRequest({ spec: { signalName: `${HOSTILE}${'y'.repeat(100 * 1024)}`, clusterID: HOSTILE } });
      const { r, t } = EXAMPLES[kind]({ request });
      const order = orderOf({ r, t }, kind);
      assert.ok(order !== undefined);
      const spec = specOf(order, undefined);
      const { subject: about, body: text } = spec as { subject: string; body: string };
      assert.ok(about.length > 0 && about.length <= 500);
      assert.doesNotMatch(about, /\n|<|:\/\//);
      assert.match(text, /^Cluster: /);
      assert.doesNotMatch(text, /^#|^\[|<!|<@|@here|:\/\//m);
      assert.ok(utf8Length(text) <= 32 * 1024);
    });
  for (const kind of KINDS)
    it(`H-27: of ${kind} say nothing of annotations, labels and parameters`, () => {
      const secrets = { password: 'hunter2-secret' };
      const request = aRequest({ spec: { signalAnnotations: secrets, signalLabels: secrets } });
      const taken = EXAMPLES[kind]({ request });
      const order = orderOf(taken, kind);
      assert.ok(order !== undefined);
      const source = { spec: { providerData: 'hunter2-secret', originalPayload: 'hunter2-secret' } };
      const spec = JSON.stringify(specOf(order, source));
      assert.doesNotMatch(spec, /hunter2/);
      assert.doesNotMatch(spec, /GRACE/);
    });
});
