import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { checkTrailRules } from '../../../src/postgres/trail-rules.ts';
import type { RuledEvent } from '../../../src/postgres/trail-rules.ts';
import type { AuditEvent } from '../../../src/remediation/audit.ts';
import { cleanedUp, foundDeleted, foundEnded, putRight } from '../../../src/remediation/keeper/events.ts';
import type { Status } from '../../../src/remediation/status.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';
import { HOUR, START } from '../../builders/request.ts';
import { aRequestSnapshot } from '../../builders/snapshots.ts';

const request = { namespace: 'kubernaut-system', name: 'rr-a', uid: '11111111-2222-4333-8444-555555555555' };
const condition = { status: 'True', reason: 'Ready', message: '', lastTransitionTime: toRfc3339(START) } as const;
const status: Status = {
  overallPhase: 'Completed',
  completedAt: toRfc3339(START),
  phaseProgress: { signalProcessingRef: { name: 'sp-rr-a', uid: 'u-1' } },
  conditions: { Ready: condition, Theirs: condition },
};
const found = aRequestSnapshot({ status });

const trail = (...events: readonly AuditEvent[]): readonly RuledEvent[] =>
  events.map(({ type, action, data }, i) => ({
    chain_seq: i + 1,
    event_type: type,
    event_action: action,
    event_data: data,
    step_ordinal: 0,
  }));

describe('the events of the keeper', () => {
  it('G-32: a note of what was found begins a trail, with the part of the status that is ours to write', () => {
    const { action, data } = foundEnded(request, found, 'Completed');
    assert.equal(action, 'adopted');
    assert.equal(data['phase_found'], 'Completed');
    assert.deepEqual(data['refs'], [{ kind: 'SignalProcessing', name: 'sp-rr-a', uid: 'u-1' }]);
    const snapshot = data['status_snapshot'] as unknown as Status;
    assert.deepEqual(Object.keys(snapshot.conditions ?? {}), ['Ready']);
    assert.equal(snapshot.overallPhase, 'Completed');
  });

  it('E-114: a clean-up says when the time was up, and is no second end', () => {
    const event = cleanedUp(request, found, 'Completed', START + 24 * HOUR);
    assert.deepEqual(
      [event.type, event.action, event.outcome],
      ['orchestrator.lifecycle.deleted', 'retention_cleanup', 'success'],
    );
    assert.equal(event.data['expired_at'], '2026-11-24T10:00:00Z');
    assert.equal(event.data['completed_at'], '2026-11-23T10:00:00Z');
  });

  it('are read as events that upstream knows, and tell their own name beside', () => {
    const events = [
      foundEnded(request, found, 'Completed'),
      putRight(request, 'PhaseRestored', 'Completed', { overallPhase: 'Completed' }),
      foundDeleted(request, 'Completed', START),
    ];
    assert.deepEqual(
      events.map(({ data }) => [data['event_type'], data['x_event_type']]),
      [
        ['orchestrator.lifecycle.created', 'orchestrator.lifecycle.adopted'],
        ['orchestrator.lifecycle.transitioned', 'orchestrator.status.updated'],
        ['orchestrator.lifecycle.completed', 'orchestrator.lifecycle.deleted'],
      ],
    );
  });

  it('S2: keep every rule of a trail, behind a note of an end or alone', () => {
    const adopted = foundEnded(request, found, 'Completed');
    const stamped = putRight(request, 'RetentionExpiryStamped', 'Completed', { retentionExpiryTime: toRfc3339(START) });
    const cleaned = cleanedUp(request, found, 'Completed', START);
    assert.deepEqual(checkTrailRules(trail(adopted, stamped, cleaned)), []);
    assert.deepEqual(checkTrailRules(trail(foundDeleted(request, '', undefined))), []);
  });
});
