import assert from 'node:assert/strict';
import { play, played } from '../../builders/play.ts';
import { aRequest, HOUR, MINUTE, START } from '../../builders/request.ts';
import { aWorld } from '../../builders/world.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';

const silent = { answers: { SignalProcessing: 'silent' } } as const;

describe('a request that is seen for the first time', () => {
  it('becomes Pending with its clocks set, before any child is made (A-03)', async () => {
    const { world } = await play({ ...silent, until: 0 });
    const [first] = world.ledger.commits;
    const delta = first?.write?.delta;
    assert.equal(delta?.overallPhase, 'Pending');
    assert.equal(delta.startTime, toRfc3339(START));
    assert.deepEqual(delta.timeoutConfig, {
      global: '1h0m0s',
      processing: '5m0s',
      analyzing: '10m0s',
      executing: '30m0s',
    });
    assert.equal(delta.observedGeneration, 1);
    assert.equal(delta.phaseProgress, undefined);
  });

  it('keeps the limits that it brings, and gets those that are missing', async () => {
    const { status } = await play({ ...silent, until: 0, status: { timeoutConfig: { executing: '2h' } } });
    assert.deepEqual(status.timeoutConfig, {
      executing: '2h',
      global: '1h0m0s',
      processing: '5m0s',
      analyzing: '10m0s',
    });
  });

  it('is told as started and created, with the limits in force (A-34)', async () => {
    const { told, events } = await play({ ...silent, until: 0 });
    assert.deepEqual(told[0], ['started', 'created']);
    const [started] = events('started');
    const [created] = events('created');
    assert.deepEqual([started?.outcome, created?.outcome], ['pending', 'success']);
    assert.equal(Object.keys(created?.data['timeout_config'] as object).length, 4);
  });
});

describe('a pending remediation', () => {
  it('goes to Processing with a SignalProcessing, its reference in the same write (A-01, A-35)', async () => {
    const { status, told, events, world } = await play({ ...silent, until: 0 });
    assert.equal(status.overallPhase, 'Processing');
    assert.deepEqual(told[1], ['transitioned']);
    const [moved] = events('transitioned');
    assert.deepEqual([moved?.data['from_phase'], moved?.data['to_phase']], ['Pending', 'Processing']);
    const [made] = world.cluster.all('SignalProcessing');
    assert.equal(status.phaseProgress?.signalProcessingRef?.uid, made?.metadata.uid);
    assert.deepEqual([world.cluster.all('AIAnalysis').length, world.cluster.all('WorkflowExecution').length], [0, 0]);
  });

  it('is made ready for processing in the same write as its phase', async () => {
    const { status } = await play({ ...silent, until: 0 });
    assert.equal(status.conditions['SignalProcessingReady']?.reason, 'SignalProcessingCreated');
    assert.deepEqual([status.conditions['Ready']?.status, status.conditions['Ready']?.reason], ['False', 'Processing']);
  });

  it('leaves what the Gateway counts as it is, also when both write at once (A-04, A-48)', async () => {
    const deduplication = { occurrenceCount: 1, firstSeenAt: '2026-11-23T09:59:00Z' };
    const world = aWorld({ ...silent, status: { deduplication }, effectMs: 100 });
    world.at(50, () => world.edit({ deduplication: { occurrenceCount: 2 } }, 'gateway'));
    world.at(150, () => world.edit({ deduplication: { occurrenceCount: 3 } }, 'gateway'));
    const end = await world.run(10_000);
    assert.equal(end.state.phase, 'Processing');
    assert.deepEqual(world.status()?.['deduplication'], { ...deduplication, occurrenceCount: 3 });
  });

  it('keeps the labels of the signal as they are (A-04)', async () => {
    const signalLabels = { dedup_group: 'test-group', process_id: 'test-process' };
    const { world, child } = await play({ ...silent, until: 0, request: aRequest({ spec: { signalLabels } }) });
    assert.deepEqual(
      (child('SignalProcessing')?.['spec'] as { signal: { labels: object } }).signal.labels,
      signalLabels,
    );
    const [request] = world.cluster.all('RemediationRequest');
    assert.deepEqual(request?.spec?.['signalLabels'], signalLabels);
  });

  it('takes one step only, however often it is woken (A-47)', async () => {
    const { world, events } = await play({
      ...silent,
      until: 5000,
      meanwhile: ({ at, edit }) => {
        for (const ms of [1000, 2000, 3000]) at(ms, () => edit({ deduplication: { occurrenceCount: ms } }, 'gateway'));
      },
    });
    assert.deepEqual([world.cluster.all('SignalProcessing').length, events('transitioned').length], [1, 1]);
  });

  it('goes on after half of the global limit (A-27)', async () => {
    const { status } = await play({ ...silent, until: 0, status: { startTime: toRfc3339(START - 30 * MINUTE) } });
    assert.equal(status.overallPhase, 'Processing');
  });

  it('times out when the global limit has passed, and says so once (A-26, A-41)', async () => {
    const { status, told, events } = await play({ status: { startTime: toRfc3339(START - 2 * HOUR) } });
    assert.equal(status.overallPhase, 'TimedOut');
    assert.equal(status.completionStatus?.timeoutPhase, 'Pending');
    assert.equal(status.completionStatus.timeoutTime, toRfc3339(START));
    assert.equal(status.completedAt, toRfc3339(START));
    assert.deepEqual(told[1], ['transitioned', 'completed']);
    const [end] = events('completed');
    assert.equal(end?.outcome, 'failure');
    assert.equal(end.errorCode, 'ERR_TIMEOUT_REMEDIATION');
    assert.deepEqual(end.data['timeout'], { type: 'global', phase: 'Pending', limit: '1h0m0s' });
  });

  it('fails before it has a child when its target has no usable name', async () => {
    const targetResource = { kind: 'Deployment', name: '*', namespace: 'payments' };
    const { status, events, world } = await play({ request: aRequest({ spec: { targetResource } }) });
    assert.equal(status.completionStatus?.failurePhase, 'Configuration');
    assert.equal(events('completed')[0]?.errorCode, 'ERR_INVALID_CONFIG');
    assert.equal(world.cluster.all('SignalProcessing').length, 0);
  });

  it('ends with its trail alone when the object goes before the write (A-46)', async () => {
    const world = aWorld({ effectMs: 100 });
    world.at(50, () => world.cluster.remove('RemediationRequest', 'rr-a'));
    const { end, told, path } = played(world, await world.run());
    assert.equal(end.state.phase, 'Cancelled');
    assert.deepEqual(path, ['Pending', 'Cancelled']);
    assert.deepEqual(told.at(-1), ['transitioned', 'completed', 'deleted']);
    assert.equal(world.status(), undefined);
  });

  it('fails with the name of the stranger when a child of its name belongs to nobody (LC-5)', async () => {
    const { status, events, child } = await play({
      meanwhile: ({ cluster }) => void cluster.put('SignalProcessing', { metadata: { name: 'sp-rr-a' }, spec: {} }),
    });
    assert.equal(status.completionStatus?.failurePhase, 'Configuration');
    assert.match(
      status.completionStatus.failureReason ?? '',
      /SignalProcessing sp-rr-a exists already and is not ours/,
    );
    assert.equal(events('completed')[0]?.errorCode, 'ERR_K8S_ALREADY_EXISTS');
    assert.equal(child('SignalProcessing')?.['status'], undefined);
  });
});
