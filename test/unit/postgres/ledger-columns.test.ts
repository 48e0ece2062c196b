import assert from 'node:assert/strict';
import { changedColumns, registeredColumns } from '../../../src/postgres/ledger-columns.ts';
import { aRegistration, AT } from './commits.ts';

describe('the columns of the ledger', () => {
  it('name only what changes; null empties', () => {
    const change = { phase: 'Blocked', blockedUntil: AT, blockReason: null } as const;
    assert.deepEqual(changedColumns(change), {
      phase: 'Blocked',
      block_reason: null,
      blocked_until: '2026-11-23T10:00:00.123Z',
    });
  });

  it('enter a live request as live, whatever word its phase is', () => {
    for (const phase of ['', 'Pending', 'Blocked', 'Unheard']) {
      const row = registeredColumns(aRegistration({ phase }), AT);
      assert.equal(row['terminal_at'], undefined, phase);
    }
  });

  it('enter an ended request as ended, at its own time or else at the present', () => {
    const ended = aRegistration({ phase: 'Failed', failurePhase: 'Approval', terminalAt: AT - 5000 });
    assert.equal(registeredColumns(ended, AT)['terminal_at'], '2026-11-23T09:59:55.123Z');
    assert.equal(registeredColumns(ended, AT)['failure_phase'], 'Approval');
    assert.equal(
      registeredColumns(aRegistration({ phase: 'TimedOut' }), AT)['terminal_at'],
      '2026-11-23T10:00:00.123Z',
    );
  });

  it('enter a request that is going away as ended', () => {
    const row = registeredColumns(aRegistration({ phase: 'Executing', deletedAt: AT }), AT + 1);
    assert.equal(row['terminal_at'], row['deleted_at']);
  });
});
