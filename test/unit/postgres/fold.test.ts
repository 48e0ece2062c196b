import assert from 'node:assert/strict';
import fc from 'fast-check';
import { eventContents } from '../../../src/postgres/envelope.ts';
import { deltaOf, fold, withoutEmpty } from '../../../src/postgres/fold.ts';
import { mergePatch } from '../../../src/remediation/json.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import { aRegistration, directPath, writer } from './commits.ts';

describe('fold', () => {
  it('S1: tells the status that the steps wrote', () => {
    const events = directPath(aRegistration()).flatMap((commit) => eventContents(commit, writer));
    const status = fold({}, events);
    assert.equal(status['overallPhase'], 'Completed');
    assert.deepEqual(status['completionStatus'], { outcome: 'Remediated' });
    assert.equal(status['startTime'], '2026-11-23T10:00:00Z');
  });

  it('gives the same in one go and event by event', () => {
    const delta = fc.dictionary(
      fc.constantFrom('a', 'b', 'c'),
      fc.jsonValue({ maxDepth: 2 }),
    ) as fc.Arbitrary<JsonObject>;
    fc.assert(
      fc.property(fc.array(delta), (deltas) => {
        const events = deltas.map((d) => ({ event_type: 'x', event_data: { status_delta: d } }));
        const stepwise = events.reduce((status: JsonObject, event) => fold(status, [event]), {});
        assert.deepEqual(fold({}, events), stepwise);
        assert.deepEqual(stepwise, deltas.reduce(mergePatch, {}));
      }),
    );
  });

  it('begins an adopted remediation with the status as it was found', () => {
    const snapshot = { overallPhase: 'Executing' };
    const data = { status_snapshot: snapshot, phase_found: 'Executing' };
    assert.deepEqual(deltaOf({ event_type: 'orchestrator.lifecycle.adopted', event_data: data }), snapshot);
    assert.equal(deltaOf({ event_type: 'orchestrator.approval.refused', event_data: data }), undefined);
  });

  it('takes objects without members for absent', () => {
    assert.deepEqual(withoutEmpty({ a: { b: {} }, c: [], d: { e: 0 } }), { c: [], d: { e: 0 } });
  });
});
