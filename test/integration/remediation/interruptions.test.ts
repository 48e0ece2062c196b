import assert from 'node:assert/strict';
import type { JsonObject } from '../../../src/remediation/json.ts';
import { trailOf } from '../../../src/postgres/trail.ts';
import { verifyTrail } from '../../../src/postgres/verify.ts';
import { describeRun, requestCancel } from '../../../src/temporal/starter.ts';
import { eventually } from '../../support/eventually.ts';
import { standingChecks } from './standing-checks.ts';
import { useRig } from './rig.ts';

describe('a remediation that is interrupted on real servers', function () {
  this.timeout(90_000);
  const rig = useRig();
  const edit = (name: string, status: JsonObject) => rig().objects.patchStatus('RemediationRequest', name, status);
  const phaseOf = async (kind: 'SignalProcessing' | 'WorkflowExecution', name: string) =>
    (await rig().client.get(kind, rig().servers.namespace, name))?.status?.['phase'];
  const types = async (uid: string): Promise<readonly string[]> =>
    (await trailOf(rig().pool, { uid })).map(({ event_type: type }) => type.replace('orchestrator.lifecycle.', ''));

  it('is cancelled by update, with its execution closed (E-119, E-122, CX-1, CX-3)', async () => {
    const uid = await rig().create('by-update', 'we-silent');
    await rig().untilPhase('by-update', 'Executing');
    // The server may forget an update when news come with it; the same id again is the same question.
    await eventually(() => requestCancel(rig().temporal, uid, { by: 'ada', reason: 'false alarm' }, 'cancel-1'));
    const status = await rig().untilPhase('by-update', 'Cancelled');
    assert.equal(status.message, 'Cancelled in Executing by ada: false alarm');
    assert.equal(await phaseOf('WorkflowExecution', 'we-by-update'), 'Failed');
    await standingChecks(rig(), 'by-update', uid);
    const again = await requestCancel(rig().temporal, uid, { by: 'ada', reason: '' }, 'cancel-2');
    assert.notEqual(again.kind, 'done');
  });

  it('is cancelled by a patch of its status (E-117, E-120, CX-1)', async () => {
    const uid = await rig().create('by-patch', 'sp-silent');
    await rig().untilPhase('by-patch', 'Processing');
    await edit('by-patch', { overallPhase: 'Cancelled' });
    await eventually(async () => {
      assert.notEqual((await rig().status('by-patch')).completedAt, undefined);
    });
    assert.equal(await phaseOf('SignalProcessing', 'sp-by-patch'), 'Failed');
    assert.equal((await types(uid)).at(-1), 'completed');
    await standingChecks(rig(), 'by-patch', uid);
  });

  it('closes its trail when its object is deleted (L46, E-123, G-50)', async () => {
    const uid = await rig().create('deleted', 'ai-silent');
    await rig().untilPhase('deleted', 'Analyzing');
    await rig().client.delete('RemediationRequest', rig().servers.namespace, 'deleted', uid);
    await eventually(async () => {
      assert.deepEqual((await types(uid)).slice(-3), ['transitioned', 'completed', 'deleted']);
      assert.notEqual((await describeRun(rig().temporal, uid))?.status, 'RUNNING');
    });
    assert.deepEqual((await verifyTrail(rig().pool, uid)).findings, []);
  });

  it('takes an end that somebody else wrote as it stands (L43, E-143)', async () => {
    const uid = await rig().create('ended', 'we-silent');
    await rig().untilPhase('ended', 'Executing');
    await edit('ended', { overallPhase: 'Completed' });
    await eventually(async () => {
      assert.notEqual((await rig().status('ended')).completedAt, undefined);
    });
    assert.equal((await rig().status('ended')).overallPhase, 'Completed');
    await standingChecks(rig(), 'ended', uid);
  });

  it('fails when its execution is deleted (A-20)', async () => {
    const uid = await rig().create('vanished', 'we-silent');
    await rig().untilPhase('vanished', 'Executing');
    const { client, servers } = rig();
    const execution = await client.get('WorkflowExecution', servers.namespace, 'we-vanished');
    await client.delete('WorkflowExecution', servers.namespace, 'we-vanished', execution?.metadata.uid ?? '');
    const status = await rig().untilPhase('vanished', 'Failed');
    assert.match(status.completionStatus?.failureReason ?? '', /^WorkflowExecution not found/);
    await standingChecks(rig(), 'vanished', uid);
  });

  it('leaves what the Gateway writes all the time as the Gateway wrote it (A-48, E-005, G-17, S6)', async () => {
    const uid = await rig().create('counted', 'ai-approval');
    let count = 0;
    const over = new AbortController();
    const gateway = (async () => {
      while (!over.signal.aborted) {
        count += 1;
        await edit('counted', { deduplication: { occurrenceCount: count, lastSeenAt: '2026-11-23T10:00:00Z' } });
      }
    })();
    try {
      await rig().untilPhase('counted', 'AwaitingApproval');
      const decision = { decision: 'Approved', decidedBy: 'ada' };
      await rig().objects.patchStatus('RemediationApprovalRequest', 'rar-counted', decision);
      await rig().untilPhase('counted', 'Completed');
    } finally {
      over.abort();
      await gateway;
    }
    const object = await rig().client.get('RemediationRequest', rig().servers.namespace, 'counted');
    assert.deepEqual(object?.status?.['deduplication'], {
      occurrenceCount: count,
      lastSeenAt: '2026-11-23T10:00:00Z',
    });
    await standingChecks(rig(), 'counted', uid);
  });

  it('doubles nothing when its worker ends between an effect and its commit (LC-3, F-51)', async () => {
    const { pool, client, servers } = rig();
    const uid = await rig().create('restarted', 'sp-silent');
    await rig().untilPhase('restarted', 'Processing');
    const holder = await pool.connect();
    try {
      // Whoever holds the row holds up every commit; effects go on.
      await holder.query('begin');
      await holder.query('select from remediations where uid = $1 for update', [uid]);
      await rig().objects.patchStatus('SignalProcessing', 'sp-restarted', { phase: 'Completed' });
      await eventually(async () => {
        assert.notEqual(await client.get('AIAnalysis', servers.namespace, 'ai-restarted'), undefined);
      });
      assert.equal((await rig().status('restarted')).overallPhase, 'Processing');
      await rig().stopWorker();
    } finally {
      await holder.query('rollback');
      holder.release();
    }
    await rig().startWorker();
    await rig().untilPhase('restarted', 'Completed');
    const { items } = await client.list('AIAnalysis', servers.namespace);
    assert.equal(items.filter(({ metadata }) => metadata.name === 'ai-restarted').length, 1);
    await standingChecks(rig(), 'restarted', uid);
  });

  it('goes on after its worker was away while its child ended', async () => {
    const uid = await rig().create('left-alone', 'sp-silent');
    await rig().untilPhase('left-alone', 'Processing');
    await rig().stopWorker();
    await rig().objects.patchStatus('SignalProcessing', 'sp-left-alone', { phase: 'Completed' });
    await rig().startWorker();
    await rig().untilPhase('left-alone', 'Completed');
    await standingChecks(rig(), 'left-alone', uid);
  });
});
