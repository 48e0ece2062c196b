import assert from 'node:assert/strict';
import { MOST_REFUSALS, refusalEvent } from '../../../src/cli/refusal.ts';
import type { RefusedAttempt } from '../../../src/cli/ports.ts';
import { registrationOf } from '../../../src/cli/requests.ts';
import type { TrailEvent } from '../../../src/postgres/event-row.ts';
import { NOW, RAR_UID, aRequest } from './fakes.ts';

const attempt: RefusedAttempt = {
  request: registrationOf(aRequest({ overallPhase: 'Executing' })),
  approval: { name: 'rar-rr-a', uid: RAR_UID },
  decision: 'Rejected',
  by: 'bob',
  via: 'console',
  code: 'already_decided',
  message: 'rr-a was already approved by ada',
  updateId: 'u',
};

const event = (type: string, parts: Partial<TrailEvent> = {}): TrailEvent =>
  ({
    event_id: `id of ${type}`,
    event_type: type,
    event_timestamp: '2026-11-24T10:00:00.123000Z',
    event_data: {},
    step_no: 4,
    step_ordinal: 0,
    ...parts,
  }) as TrailEvent;

const requested = event('orchestrator.approval.requested');
const approved = event('orchestrator.approval.approved', { event_data: { decision: 'Approved' } });
const refused = event('orchestrator.approval.refused', { resource_id: 'rar-rr-a' });

describe('The event of a refused decision', () => {
  it('says who tried what and why not, beside the decision that stands', () => {
    const { action, actor, data, parent } = refusalEvent(attempt, [requested, approved], NOW) ?? assert.fail();
    assert.equal(action, 'late');
    assert.deepEqual(actor, { type: 'user', id: 'bob' });
    assert.deepEqual(parent, {
      step: 4,
      ordinal: 0,
      type: requested.event_type,
      at: Date.parse('2026-11-24T10:00:00.123Z'),
    });
    const { crd_decision, attempted_by, decided_via, refusal_code, standing_decision, standing_event_id } = data;
    assert.deepEqual(
      [crd_decision, attempted_by, decided_via, refusal_code, standing_decision, standing_event_id],
      ['Rejected', 'bob', 'console', 'already_decided', 'Approved', approved.event_id],
    );
  });

  it('tells a wrong attempt from a late one', () => {
    assert.equal(refusalEvent({ ...attempt, code: 'invalid_override' }, [], NOW)?.action, 'refused');
  });

  it('can be read by clients that do not know it', () => {
    const { data } = refusalEvent(attempt, [], NOW) ?? assert.fail();
    assert.equal(data['event_type'], 'orchestrator.approval.rejected');
    assert.equal(data['x_event_type'], 'orchestrator.approval.refused');
  });

  it('is written a hundred times for one approval, then once more to say that this was the last', () => {
    const earlier = (count: number) => Array.from({ length: count }, () => refused);
    assert.equal(refusalEvent(attempt, earlier(MOST_REFUSALS - 1), NOW)?.data['suppressed'], undefined);
    assert.equal(refusalEvent(attempt, earlier(MOST_REFUSALS), NOW)?.data['suppressed'], true);
    assert.equal(refusalEvent(attempt, earlier(MOST_REFUSALS + 1), NOW), undefined);
  });
});
