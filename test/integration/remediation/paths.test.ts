import assert from 'node:assert/strict';
import { trailOf } from '../../../src/postgres/trail.ts';
import { requestDecision } from '../../../src/temporal/starter.ts';
import { eventually } from '../../support/eventually.ts';
import { standingChecks } from './standing-checks.ts';
import { useRig } from './rig.ts';

const APPROVED = { decision: 'Approved', decidedBy: 'admin@example.com' };

describe('a remediation on real servers', function () {
  this.timeout(60_000);
  const rig = useRig();
  const told = async (uid: string): Promise<readonly string[]> =>
    (await trailOf(rig().pool, { uid })).map(({ event_type: type }) => type.replace('orchestrator.', ''));

  it('goes the direct way to Remediated (B-04, B-19)', async () => {
    const uid = await rig().create('direct');
    const status = await rig().untilPhase('direct', 'Completed');
    assert.equal(status.completionStatus?.outcome, 'Remediated');
    assert.equal((await told(uid)).filter((type) => type === 'lifecycle.transitioned').length, 5);
    await standingChecks(rig(), 'direct', uid);
  });

  it('goes on when a person patches the approval request (A-21, B-25, A1)', async () => {
    const uid = await rig().create('by-patch', 'ai-approval');
    await rig().untilPhase('by-patch', 'AwaitingApproval');
    await rig().objects.patchStatus('RemediationApprovalRequest', 'rar-by-patch', APPROVED);
    await rig().untilPhase('by-patch', 'Completed');
    const granted = (await trailOf(rig().pool, { uid })).filter(
      ({ event_type: type }) => type === 'orchestrator.approval.approved',
    );
    assert.deepEqual(
      granted.map(({ actor_id: by, event_data: data }) => [by, data['door']]),
      [['admin@example.com', 'kubectl']],
    );
    await standingChecks(rig(), 'by-patch', uid);
  });

  it('goes on when a person answers by update, and answers the same again the same way (E-137, AP-3)', async () => {
    const uid = await rig().create('by-update', 'ai-approval');
    await rig().untilPhase('by-update', 'AwaitingApproval');
    const ask = (decision: 'Approved' | 'Rejected', by: string, id: string) =>
      requestDecision(rig().temporal, uid, { decision, by }, id);
    const first = await ask('Approved', 'ada', 'one');
    assert.deepEqual([first.kind, first.kind === 'done' && first.result.verdict], ['done', 'accepted']);
    const again = await ask('Approved', 'ada', 'two');
    if (again.kind === 'done') assert.equal(again.result.verdict, 'already recorded');
    const other = await ask('Rejected', 'bob', 'three');
    assert.ok(other.kind === 'refused' || other.kind === 'no-workflow', other.kind);
    await rig().untilPhase('by-update', 'Completed');
    await eventually(async () => {
      const rar = await rig().client.get('RemediationApprovalRequest', rig().servers.namespace, 'rar-by-update');
      assert.deepEqual([rar?.status?.['decision'], rar?.status?.['decidedBy']], ['Approved', 'ada']);
    });
    await standingChecks(rig(), 'by-update', uid);
  });

  it('fails when a person rejects, with their words (A-22, E-126, A2)', async () => {
    const uid = await rig().create('rejected', 'ai-approval');
    await rig().untilPhase('rejected', 'AwaitingApproval');
    const decision = { decision: 'Rejected', decidedBy: 'admin@example.com', decisionMessage: 'Too risky' };
    await rig().objects.patchStatus('RemediationApprovalRequest', 'rar-rejected', decision);
    const status = await rig().untilPhase('rejected', 'Failed');
    assert.deepEqual(
      [status.completionStatus?.failurePhase, status.completionStatus?.failureReason],
      ['Approval', 'Too risky'],
    );
    assert.ok((await told(uid)).includes('approval.rejected'));
    await standingChecks(rig(), 'rejected', uid);
  });

  const failures = [
    { simulate: 'sp-fails', phase: 'SignalProcessing' },
    { simulate: 'ai-fails', phase: 'AIAnalysis' },
    { simulate: 'ai-garbage', phase: 'AIAnalysis' },
    { simulate: 'we-fails', phase: 'WorkflowExecution' },
  ];
  for (const { simulate, phase } of failures)
    it(`fails in ${phase} when the children say ${simulate} (A-07, A-15, A-17, B-05)`, async () => {
      const uid = await rig().create(simulate, simulate);
      const status = await rig().untilPhase(simulate, 'Failed');
      assert.equal(status.completionStatus?.failurePhase, phase);
      await standingChecks(rig(), simulate, uid);
    });

  const completions = [
    { simulate: 'ai-no-action', outcome: 'NoActionRequired' },
    { simulate: 'ai-manual-review', outcome: 'ManualReviewRequired' },
    { simulate: 'ea-inconclusive', outcome: 'Inconclusive' },
  ];
  for (const { simulate, outcome } of completions)
    it(`completes as ${outcome} when the children say ${simulate} (A-13, B-23)`, async () => {
      const uid = await rig().create(simulate, simulate);
      const status = await rig().untilPhase(simulate, 'Completed');
      assert.equal(status.completionStatus?.outcome, outcome);
      await standingChecks(rig(), simulate, uid);
    });

  it('never adopts a child of its name that belongs to somebody else (LC-5)', async () => {
    const { servers, client } = rig();
    const example = { fingerprint: 'f'.repeat(64), name: 'X', severity: 'critical', type: 'alert' };
    await client.create('SignalProcessing', servers.namespace, {
      metadata: { name: 'sp-stranger' },
      spec: {
        remediationRequestRef: {
          apiVersion: 'kubernaut.ai/v1alpha1',
          kind: 'RemediationRequest',
          name: 'another',
          namespace: servers.namespace,
          uid: '99999999-2222-4333-8444-555555555555',
        },
        signal: {
          ...example,
          targetType: 'kubernetes',
          firingTime: '2026-11-23T09:00:00Z',
          receivedTime: '2026-11-23T09:00:00Z',
          targetResource: { kind: 'Pod', name: 'x', namespace: 'payments' },
        },
      },
    });
    const uid = await rig().create('stranger');
    const status = await rig().untilPhase('stranger', 'Failed');
    assert.equal(status.completionStatus?.failurePhase, 'Configuration');
    assert.match(status.completionStatus.failureReason ?? '', /sp-stranger exists already and is not ours/);
    const found = await client.get('SignalProcessing', servers.namespace, 'sp-stranger');
    assert.equal(found?.metadata.ownerReferences, undefined);
    await standingChecks(rig(), 'stranger', uid);
  });
});
