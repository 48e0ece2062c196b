import assert from 'node:assert/strict';
import { play } from '../../builders/play.ts';
import { HOUR, MINUTE, SECOND, START } from '../../builders/request.ts';
import { inNeedOfApproval, processed } from '../../builders/snapshots.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';

const silentAnalysis = { AIAnalysis: 'silent' } as const;
const failed = { phase: 'Failed', failureInfo: { error: 'Enrichment failed' } } as const;

describe('a remediation whose signal is processed', () => {
  it('is analysed once processing ends well, both conditions in the same write (A-06, A-09, A-49)', async () => {
    const { status, world } = await play({ answers: silentAnalysis, until: MINUTE });
    assert.equal(status.overallPhase, 'Analyzing');
    assert.equal(status.conditions['SignalProcessingComplete']?.status, 'True');
    assert.equal(status.conditions['AIAnalysisReady']?.status, 'True');
    const { signalProcessingRef, aiAnalysisRef } = status.phaseProgress ?? {};
    assert.equal(signalProcessingRef?.name, 'sp-rr-a');
    assert.equal(aiAnalysisRef?.uid, world.cluster.all('AIAnalysis')[0]?.metadata.uid);
    const { write } = world.ledger.commits[2] ?? {};
    assert.deepEqual(Object.keys(write?.delta.conditions ?? {}).sort(), [
      'AIAnalysisReady',
      'Ready',
      'SignalProcessingComplete',
    ]);
  });

  it('waits while processing is under way, and writes nothing (A-08)', async () => {
    const { world, status } = await play({
      answers: { SignalProcessing: { status: { phase: 'Enriching' } } },
      until: 4 * MINUTE,
    });
    assert.equal(status.overallPhase, 'Processing');
    assert.equal(world.ledger.commits.length, 2);
    assert.equal(world.cluster.writes.filter(({ kind }) => kind === 'RemediationRequest').length, 2);
  });

  it('waits on a word that nobody knows', async () => {
    const { status } = await play({ answers: { SignalProcessing: { status: { phase: 'Dreaming' } } }, until: MINUTE });
    assert.equal(status.overallPhase, 'Processing');
  });

  it('fails with what processing says (A-07)', async () => {
    const { status, told, events, world } = await play({ answers: { SignalProcessing: { status: failed } } });
    assert.equal(status.overallPhase, 'Failed');
    assert.equal(status.completionStatus?.failurePhase, 'SignalProcessing');
    assert.equal(status.completionStatus.failureReason, 'SignalProcessing failed: Enrichment failed');
    assert.deepEqual(told.at(-1), ['transitioned', 'completed']);
    const data = events('completed')[0]?.data;
    assert.deepEqual([data?.['failure_phase'], data?.['failure_reason']], ['SignalProcessing', 'Unknown']);
    assert.equal(status.conditions['SignalProcessingComplete']?.reason, 'SignalProcessingFailed');
    assert.equal(world.cluster.all('AIAnalysis').length, 0);
  });

  it('keeps the end it saw first, whatever is written over it', async () => {
    const { path } = await play({
      answers: { SignalProcessing: { status: processed }, AIAnalysis: { after: MINUTE, status: inNeedOfApproval() } },
      meanwhile: ({ at, cluster }) =>
        at(30 * SECOND, () => cluster.patchStatus('somebody', 'SignalProcessing', 'sp-rr-a', { phase: 'Failed' })),
      until: 2 * MINUTE,
    });
    assert.equal(path.at(-1), 'AwaitingApproval');
  });

  it('times out after the processing limit, and closes its SignalProcessing (A-28, T1)', async () => {
    const { status, events, child, told } = await play({
      answers: { SignalProcessing: { status: { phase: 'Enriching' } } },
    });
    assert.equal(status.overallPhase, 'TimedOut');
    assert.equal(status.completionStatus?.timeoutPhase, 'Processing');
    assert.equal(status.completedAt, toRfc3339(START + 5 * MINUTE));
    assert.deepEqual(told.at(-1), ['transitioned', 'completed']);
    assert.deepEqual(events('completed')[0]?.data['timeout'], { type: 'phase', phase: 'Processing', limit: '5m0s' });
    assert.match(JSON.stringify(child('SignalProcessing')?.['status']), /terminal phase: TimedOut/);
    const children = events('transitioned').at(-1)?.data['children'] as readonly { kind: string; action: string }[];
    assert.deepEqual(
      children.map(({ kind, action }) => [kind, action]),
      [
        ['SignalProcessing', 'cascaded'],
        ['NotificationRequest', 'created'],
      ],
    );
  });

  it('times out by the global limit first when both have passed, once (A-31, A-32)', async () => {
    const { status, events } = await play({
      answers: { SignalProcessing: 'silent' },
      meanwhile: ({ at, edit }) =>
        at(SECOND, () =>
          edit({
            startTime: toRfc3339(START - 2 * HOUR),
            phaseProgress: { processingStartTime: toRfc3339(START - 10 * MINUTE) },
          }),
        ),
    });
    assert.equal(status.completionStatus?.timeoutPhase, 'Processing');
    assert.match(status.message ?? '', /the global limit of 1h0m0s has passed/);
    assert.equal(events('completed').length, 1);
    assert.equal((events('completed')[0]?.data['timeout'] as { type: string }).type, 'global');
    assert.deepEqual(events('transitioned').at(-1)?.data['status_edits'], [
      'startTime',
      'phaseProgress.processingStartTime',
    ]);
  });

  it('waits for the limit when its SignalProcessing is deleted', async () => {
    const { status, world } = await play({
      answers: { SignalProcessing: 'silent' },
      meanwhile: ({ at, cluster }) => at(MINUTE, () => cluster.remove('SignalProcessing', 'sp-rr-a')),
    });
    assert.equal(status.completionStatus?.timeoutPhase, 'Processing');
    assert.equal(world.cluster.all('SignalProcessing').length, 0);
  });
});
