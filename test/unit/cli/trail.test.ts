import assert from 'node:assert/strict';
import { trail } from '../../../src/cli/commands/trail.ts';
import type { TrailEvent } from '../../../src/postgres/event-row.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import { fakeDependencies, recordingIo } from './fakes.ts';

const anEvent = (type: string, data: JsonObject, others: Partial<TrailEvent> = {}): TrailEvent => ({
  event_id: 'e',
  event_version: '1.0',
  event_timestamp: '2026-11-24T10:00:00.123000Z',
  event_date: '2026-11-24',
  event_type: type,
  event_category: 'orchestration',
  event_action: 'transitioned',
  event_outcome: 'success',
  actor_type: 'service',
  actor_id: 'remediationorchestrator-controller',
  correlation_id: 'rr-a',
  retention_days: 2555,
  is_sensitive: false,
  event_data: data,
  step_no: 2,
  step_ordinal: 0,
  event_data_sha256: '',
  chain_id: 'rr:1',
  chain_seq: 3,
  previous_event_hash: '',
  event_hash: '',
  hash_algorithm: 'sha256-jcs-v1',
  recorded_at: '2026-11-24T10:00:00.200000Z',
  ...others,
});

describe('rrctl trail', () => {
  const run = async (events: readonly TrailEvent[], json = false) => {
    const io = recordingIo(json);
    const code = await trail.invoke('rr-a', {}, io.io, fakeDependencies({ trail: events }));
    return { code, ...io };
  };

  it('prints what happened as a table: when, in which step, from where to where, why, and by whom', async () => {
    const { code, text } = await run([
      anEvent('orchestrator.lifecycle.transitioned', {
        from_phase: 'Pending',
        to_phase: 'Processing',
        transition_reason: 'SignalProcessingCreated',
      }),
      anEvent('orchestrator.lifecycle.completed', { terminal_phase: 'Completed', crd_outcome: 'Remediated' }),
      anEvent('orchestrator.approval.approved', { decision: 'Approved' }, { actor_id: 'ada' }),
    ]);
    assert.equal(code, 0);
    assert.deepEqual(
      text()
        .split('\n')
        .map((line) => line.split(/ {3,}/)),
      [
        ['TIME', 'STEP', 'EVENT', 'CHANGE', 'REASON', 'WHO'],
        [
          '2026-11-24T10:00:00.123Z',
          '2',
          'lifecycle.transitioned',
          'Pending -> Processing',
          'SignalProcessingCreated',
          'remediationorchestrator-controller',
        ],
        [
          '2026-11-24T10:00:00.123Z',
          '2',
          'lifecycle.completed',
          'Completed',
          'Remediated',
          'remediationorchestrator-controller',
        ],
        ['2026-11-24T10:00:00.123Z', '2', 'approval.approved', 'Approved', 'ada'],
      ],
    );
  });

  it('prints every column as JSON', async () => {
    const event = anEvent('orchestrator.lifecycle.started', {});
    const { text } = await run([event], true);
    assert.deepEqual(JSON.parse(text()), [event]);
  });

  it('says when nothing is recorded yet', async () => {
    const { code, notes } = await run([]);
    assert.equal(code, 0);
    assert.match(notes(), /Nothing is recorded of rr-a yet/);
  });

  it('says so when the ledger has never seen the request', async () => {
    await assert.rejects(
      trail.invoke('rr-x', {}, recordingIo().io, fakeDependencies({ rows: [] })),
      /RemediationRequest rr-x not found in namespace ro: the ledger in postgres:\/\/ro@db\/kubernaut has never seen it/,
    );
  });
});
