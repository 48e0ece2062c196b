import assert from 'node:assert/strict';
import { play } from '../../builders/play.ts';
import type { PlayOptions } from '../../builders/play.ts';
import { aRequest, aSettings, HOUR, MINUTE, SECOND, START } from '../../builders/request.ts';
import { analysed, inNeedOfApproval } from '../../builders/snapshots.ts';
import type { AIAnalysisStatus } from '../../../src/remediation/snapshots.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';

/** An analysis that says this, and nobody who answers afterwards. */
const analysis = (status: AIAnalysisStatus, more: PlayOptions = {}) =>
  play({ ...more, answers: { AIAnalysis: { status }, WorkflowExecution: 'silent', ...more.answers } });

describe('a remediation that is analysed', () => {
  it('runs the workflow that the analysis chose (A-11)', async () => {
    const { status, child, told } = await analysis(analysed(), { until: MINUTE });
    assert.equal(status.overallPhase, 'Executing');
    const spec = child('WorkflowExecution')?.['spec'] as {
      workflowRef: { workflowId: string };
      targetResource: string;
    };
    assert.equal(spec.workflowRef.workflowId, 'restart-pod-v1');
    assert.equal(spec.targetResource, 'payments/Deployment/api');
    assert.deepEqual(told[3], ['transitioned', 'remediation.workflow_created']);
    assert.equal(status.workflowSelection?.confidence, '0.90');
    assert.equal(status.workflowSelection.workflowDisplayName, 'RestartPod:restart-pod');
  });

  it('asks a person when the analysis says so (A-12, A-38)', async () => {
    const { status, child, events, world } = await analysis(
      inNeedOfApproval({ workflowId: 'risky', confidence: 0.4 }),
      {
        until: MINUTE,
      },
    );
    assert.equal(status.overallPhase, 'AwaitingApproval');
    const spec = child('RemediationApprovalRequest')?.['spec'] as Record<string, unknown>;
    const requiredBy = toRfc3339(START + 2 * SECOND + 15 * MINUTE);
    assert.deepEqual([spec['confidence'], spec['confidenceLevel'], spec['requiredBy']], [0.4, 'low', requiredBy]);
    assert.equal(world.cluster.all('WorkflowExecution').length, 0);
    const asked = events('approval.requested');
    assert.deepEqual(
      asked.map(({ outcome, data }) => [outcome, data['workflow_id'], data['confidence_str']]),
      [['pending', 'risky', '0.40']],
    );
    assert.deepEqual([asked[0]?.data['rar_name'], asked[0]?.data['required_by']], ['rar-rr-a', requiredBy]);
    assert.equal(events('transitioned').filter(({ data }) => data['to_phase'] === 'AwaitingApproval').length, 1);
  });

  it('is not asked about because of its confidence alone', async () => {
    const { status } = await analysis(analysed({ confidence: 0.1 }), { until: MINUTE });
    assert.equal(status.overallPhase, 'Executing');
  });

  it('completes when there is nothing to do, and holds the signal back (A-13)', async () => {
    const { status, world, events } = await analysis({
      phase: 'Completed',
      reason: 'WorkflowNotNeeded',
      message: 'No remediation needed',
    });
    assert.equal(status.overallPhase, 'Completed');
    assert.equal(status.completionStatus?.outcome, 'NoActionRequired');
    assert.match(status.message ?? '', /No remediation needed/);
    assert.equal(status.routingStatus?.nextAllowedExecution, toRfc3339(START + 2 * SECOND + 24 * HOUR));
    for (const kind of ['WorkflowExecution', 'RemediationApprovalRequest', 'EffectivenessAssessment'] as const)
      assert.equal(world.cluster.all(kind).length, 0, kind);
    assert.equal(events('completed')[0]?.data['crd_outcome'], 'NoActionRequired');
    assert.equal(status.conditions['Ready']?.reason, 'NoActionRequired');
  });

  it('waits while the analysis is under way, and writes nothing (A-14)', async () => {
    const { status, world } = await analysis({ phase: 'Analyzing' }, { until: 5 * MINUTE });
    assert.equal(status.overallPhase, 'Analyzing');
    assert.equal(world.ledger.commits.length, 3);
  });

  it('fails with what the analysis says, and asks for a manual review (A-15)', async () => {
    const { status } = await analysis({ phase: 'Failed', reason: 'AnalysisFailed', message: 'LLM unavailable' });
    const { outcome, failurePhase, failureReason, requiresManualReview } = status.completionStatus ?? {};
    assert.deepEqual([status.overallPhase, failurePhase, outcome], ['Failed', 'AIAnalysis', 'ManualReviewRequired']);
    assert.match(failureReason ?? '', /^AIAnalysis failed: .*LLM unavailable/);
    assert.equal(requiresManualReview, true);
    assert.equal(status.routingStatus?.consecutiveFailureCount, 1);
  });

  it('completes for a manual review when a person is needed and nothing is proposed', async () => {
    for (const phase of ['Completed', 'Failed']) {
      const { status } = await analysis({ phase, review: { needsHumanReview: true } });
      assert.equal(status.overallPhase, 'Completed', phase);
      assert.equal(status.completionStatus?.outcome, 'ManualReviewRequired', phase);
      assert.equal(status.completionStatus.requiresManualReview, true, phase);
    }
  });

  const garbage = [
    { name: 'no workflow', status: analysed({}, { rcaResult: {} }) },
    { name: 'no workflowId', status: analysed({ workflowId: '' }) },
    { name: 'no bundle', status: analysed({ executionBundle: '' }) },
    { name: 'a confidence above one', status: analysed({ confidence: 1.5 }) },
    { name: 'no confidence that is a number', status: analysed({ confidence: NaN }) },
    { name: 'no action type', status: analysed({ actionType: '' }) },
    { name: 'no workflowId, when a person would have to agree first', status: inNeedOfApproval({ workflowId: '' }) },
  ];
  for (const { name, status: said } of garbage)
    it(`fails for a manual review when a completed analysis has ${name} (L17)`, async () => {
      const { status, world } = await analysis(said);
      assert.deepEqual([status.overallPhase, status.completionStatus?.failurePhase], ['Failed', 'AIAnalysis']);
      assert.equal(status.completionStatus?.outcome, 'ManualReviewRequired');
      assert.equal(world.cluster.all('WorkflowExecution').length, 0);
      assert.equal(world.cluster.all('RemediationApprovalRequest').length, 0);
    });

  it('fails when the analysis names no target, but may still ask a person (L15)', async () => {
    const target = { rootCauseAnalysis: {}, selectedWorkflow: analysed().rcaResult?.selectedWorkflow };
    const rcaResult = target as NonNullable<AIAnalysisStatus['rcaResult']>;
    const direct = await analysis(analysed({}, { rcaResult }));
    assert.equal(direct.status.completionStatus?.failurePhase, 'AIAnalysis');
    const asked = await analysis({ ...inNeedOfApproval(), rcaResult }, { until: MINUTE });
    assert.equal(asked.status.overallPhase, 'AwaitingApproval');
    assert.equal(asked.status.workflowSelection?.remediationTarget?.name, aRequest().spec.targetResource.name);
  });

  it('executes nothing in a dry run (L10)', async () => {
    const { status, world } = await analysis(analysed(), { settings: aSettings({ dryRun: true }) });
    assert.deepEqual([status.overallPhase, status.completionStatus?.outcome], ['Completed', 'DryRun']);
    assert.equal(world.cluster.all('WorkflowExecution').length, 0);
    assert.equal(status.routingStatus?.nextAllowedExecution, toRfc3339(START + 2 * SECOND + HOUR));
  });

  it('times out after the analyzing limit (A-29, T2)', async () => {
    const { status, child } = await analysis({ phase: 'Analyzing' });
    assert.deepEqual([status.overallPhase, status.completionStatus?.timeoutPhase], ['TimedOut', 'Analyzing']);
    assert.equal(status.completedAt, toRfc3339(START + SECOND + 10 * MINUTE));
    assert.equal((child('AIAnalysis')?.['status'] as { reason: string }).reason, 'ParentCancelled');
  });

  it('has 45 minutes while a person works on it (T3)', async () => {
    const { status } = await analysis({ phase: 'Analyzing', interactiveSession: { startedAt: toRfc3339(START) } });
    assert.equal(status.completedAt, toRfc3339(START + SECOND + 45 * MINUTE));
  });

  it('times out at once when the session closes after the ordinary limit (T4)', async () => {
    const startedAt = toRfc3339(START);
    const { status, events } = await analysis(
      { phase: 'Analyzing', interactiveSession: { startedAt, actingUser: 'ada' } },
      {
        meanwhile: ({ at, tell }) =>
          at(20 * MINUTE, () =>
            tell('AIAnalysis', {
              phase: 'Analyzing',
              interactiveSession: { startedAt, completedAt: toRfc3339(START + 20 * MINUTE), actingUser: 'ada' },
            }),
          ),
      },
    );
    assert.equal(status.completedAt, toRfc3339(START + 20 * MINUTE));
    assert.equal(events('transitioned').at(-1)?.data['acting_user'], 'ada');
  });

  it('goes on when the result and its own deadline are seen together (T5)', async () => {
    const { path } = await play({
      answers: { AIAnalysis: { after: 9 * MINUTE, status: analysed() }, WorkflowExecution: 'silent' },
      meanwhile: ({ down }) => down(2 * MINUTE, 20 * MINUTE),
      until: 21 * MINUTE,
    });
    assert.equal(path.at(-1), 'Executing');
  });
});
