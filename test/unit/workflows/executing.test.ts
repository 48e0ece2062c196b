import assert from 'node:assert/strict';
import { play } from '../../builders/play.ts';
import { HOUR, MINUTE, SECOND, START } from '../../builders/request.ts';
import { assessed, executed } from '../../builders/snapshots.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';

const notFound = { phase: 'Failed', failureReason: 'Pod not found' } as const;

/** When the execution begins on the direct way. */
const EXECUTING = 2 * SECOND;

describe('a remediation whose workflow runs', () => {
  it('is verified once the workflow ran, every reference kept (A-16, A-19, A-36)', async () => {
    const { status, told, child, events } = await play({
      answers: { EffectivenessAssessment: 'silent' },
      until: MINUTE,
    });
    assert.equal(status.overallPhase, 'Verifying');
    assert.equal(status.completionStatus?.outcome, undefined);
    const { signalProcessingRef, aiAnalysisRef, workflowExecutionRef, effectivenessAssessmentRef } =
      status.phaseProgress ?? {};
    assert.deepEqual(
      [signalProcessingRef, aiAnalysisRef, workflowExecutionRef, effectivenessAssessmentRef].map((ref) => ref?.name),
      ['sp-rr-a', 'ai-rr-a', 'we-rr-a', 'ea-rr-a'],
    );
    assert.deepEqual(told.at(-1), ['transitioned', 'verifying_started', 'ea.created']);
    assert.equal(events('verifying_started')[0]?.outcome, 'pending');
    const spec = child('EffectivenessAssessment')?.['spec'] as { remediationRequestPhase: string };
    assert.equal(spec.remediationRequestPhase, 'Verifying');
    assert.deepEqual([status.conditions['Ready']?.status, status.conditions['Ready']?.reason], ['True', 'Verifying']);
  });

  it('fails with what the execution says, and assesses nothing (A-17, A-37)', async () => {
    const { status, told, events, world } = await play({ answers: { WorkflowExecution: { status: notFound } } });
    assert.deepEqual([status.overallPhase, status.completionStatus?.failurePhase], ['Failed', 'WorkflowExecution']);
    assert.equal(status.completionStatus?.failureReason, 'WorkflowExecution failed: Pod not found');
    assert.deepEqual(
      told.at(-1)?.filter((type) => type !== 'remediation.manual_review'),
      ['transitioned', 'completed'],
    );
    const [end] = events('completed');
    assert.deepEqual([end?.action, end?.outcome], ['completed', 'failure']);
    assert.equal(end?.data['failure_phase'], 'WorkflowExecution');
    assert.equal(world.cluster.all('EffectivenessAssessment').length, 0);
  });

  it('asks for a manual review when the workflow itself went wrong', async () => {
    const failureDetails = { wasExecutionFailure: true, message: 'exit code 2' };
    const { status } = await play({ answers: { WorkflowExecution: { status: { phase: 'Failed', failureDetails } } } });
    assert.equal(status.completionStatus?.requiresManualReview, true);
    assert.match(status.completionStatus.failureReason ?? '', /exit code 2/);
  });

  it('waits while the workflow runs, and writes nothing (A-18)', async () => {
    const { status, world } = await play({
      answers: { WorkflowExecution: { status: { phase: 'Running' } } },
      until: 29 * MINUTE,
    });
    assert.equal(status.overallPhase, 'Executing');
    assert.equal(world.ledger.commits.length, 4);
  });

  it('fails at once when the execution is deleted (A-20, F-39)', async () => {
    const { status, world } = await play({
      answers: { WorkflowExecution: 'silent' },
      meanwhile: ({ at, cluster }) => at(MINUTE, () => cluster.remove('WorkflowExecution', 'we-rr-a')),
    });
    assert.match(status.completionStatus?.failureReason ?? '', /^WorkflowExecution not found/);
    assert.equal(status.completedAt, toRfc3339(START + MINUTE));
    assert.equal(world.cluster.all('WorkflowExecution').length, 0);
  });

  it('times out after the executing limit, and closes the execution (A-30, T10)', async () => {
    const { status, child } = await play({ answers: { WorkflowExecution: { status: { phase: 'Running' } } } });
    assert.deepEqual([status.overallPhase, status.completionStatus?.timeoutPhase], ['TimedOut', 'Executing']);
    assert.equal(status.completedAt, toRfc3339(START + EXECUTING + 30 * MINUTE));
    const closed = child('WorkflowExecution')?.['status'] as { phase: string; failureReason: string };
    assert.equal(closed.phase, 'Failed');
    assert.match(closed.failureReason, /terminal phase: TimedOut/);
  });

  it('is verified when the end of the workflow is seen together with its deadline (T11)', async () => {
    const { path } = await play({
      answers: { WorkflowExecution: { after: 29 * MINUTE, status: executed } },
      meanwhile: ({ down }) => down(10 * MINUTE, 45 * MINUTE),
    });
    assert.deepEqual(path.slice(-2), ['Verifying', 'Completed']);
  });

  it('is verified when the workflow ended before its close could be written (LC-8a)', async () => {
    const { path } = await play({
      answers: { WorkflowExecution: { after: 30 * MINUTE, status: executed } },
      lagMs: MINUTE,
    });
    assert.deepEqual(path.slice(-2), ['Verifying', 'Completed']);
  });

  it('is verified when the workflow ended long ago, even past the global limit (T25)', async () => {
    const { path } = await play({
      answers: { WorkflowExecution: { after: 10 * MINUTE, status: executed } },
      meanwhile: ({ down }) => down(3 * MINUTE, 70 * MINUTE),
    });
    assert.deepEqual(path.slice(-2), ['Verifying', 'Completed']);
  });

  it('fails with the result when a failure and the global limit are seen together (T6)', async () => {
    const { status } = await play({
      answers: { WorkflowExecution: { after: 10 * MINUTE, status: notFound } },
      meanwhile: ({ down }) => down(3 * MINUTE, 70 * MINUTE),
    });
    assert.equal(status.completionStatus?.failurePhase, 'WorkflowExecution');
  });
});

describe('a remediation that is verified', () => {
  it('is Remediated when the assessment finds the alert gone', async () => {
    const { status, told, events } = await play();
    assert.equal(status.completionStatus?.outcome, 'Remediated');
    assert.deepEqual(told.at(-1), ['verification_completed', 'transitioned', 'completed']);
    assert.equal(events('completed')[0]?.outcome, 'success');
    assert.equal(status.conditions['EffectivenessAssessed']?.reason, 'AssessmentCompleted');
    assert.equal(status.routingStatus?.consecutiveFailureCount, 0);
  });

  const verdicts = [
    { name: 'the alert still fires', components: { alertAssessed: true, alertScore: 0 }, outcome: 'Inconclusive' },
    { name: 'it fires a little less', components: { alertAssessed: true, alertScore: 0.1 }, outcome: 'Remediated' },
    { name: 'nobody looked at the alert', components: { alertAssessed: false, alertScore: 0 }, outcome: 'Remediated' },
    { name: 'there is no score', components: { alertAssessed: true }, outcome: 'Remediated' },
  ] as const;
  for (const { name, components, outcome } of verdicts)
    it(`is ${outcome} when ${name}`, async () => {
      const { status } = await play({
        answers: { EffectivenessAssessment: { status: { phase: 'Completed', components } } },
      });
      assert.equal(status.completionStatus?.outcome, outcome);
      assert.equal(status.routingStatus?.consecutiveFailureCount, outcome === 'Inconclusive' ? 1 : 0);
    });

  it('is Remediated although the assessment itself failed, and says so in a condition', async () => {
    const { status } = await play({
      answers: { EffectivenessAssessment: { status: { phase: 'Failed', message: 'no metrics' } } },
    });
    assert.equal(status.completionStatus?.outcome, 'Remediated');
    const { status: word, reason } = status.conditions['EffectivenessAssessed'] ?? {};
    assert.deepEqual([word, reason], ['False', 'AssessmentFailed']);
  });

  const ENTERED = 3 * SECOND;
  const deadlines = [
    { name: '30 minutes without a sign of the assessment (T12)', status: {}, after: ENTERED + 30 * MINUTE },
    {
      name: 'its validity and 30 seconds (T13)',
      status: { phase: 'Assessing', validityDeadline: toRfc3339(START + 40 * MINUTE) },
      after: 40 * MINUTE + 30 * SECOND,
    },
    {
      name: 'an hour when the validity lies far ahead (T14)',
      status: { phase: 'Assessing', validityDeadline: '3000-01-01T00:00:00Z' },
      after: ENTERED + HOUR,
    },
    {
      name: '30 minutes when the validity lies before it began',
      status: { phase: 'Assessing', validityDeadline: toRfc3339(START - HOUR) },
      after: ENTERED + 30 * MINUTE,
    },
  ];
  for (const { name, status: said, after } of deadlines)
    it(`is complete without a verdict after ${name}`, async () => {
      const { status, told, events } = await play({ answers: { EffectivenessAssessment: { status: said } } });
      assert.equal(status.completionStatus?.outcome, 'VerificationTimedOut');
      assert.equal(status.completedAt, toRfc3339(START + after));
      assert.deepEqual(told.at(-1), ['verification_timed_out', 'transitioned', 'completed']);
      assert.equal(events('completed')[0]?.outcome, 'success');
      assert.equal(status.conditions['EffectivenessAssessed']?.reason, 'AssessmentInProgress');
    });

  it('may take longer than the global limit left (T15)', async () => {
    const { status } = await play({
      answers: {
        SignalProcessing: { after: 4 * MINUTE, status: { phase: 'Completed' } },
        WorkflowExecution: { after: 29 * MINUTE, status: executed },
        EffectivenessAssessment: { after: 29 * MINUTE, status: assessed },
      },
      meanwhile: ({ at, edit }) => at(10 * MINUTE, () => edit({ timeoutConfig: { global: '50m' } })),
    });
    assert.equal(status.completionStatus?.outcome, 'Remediated');
    assert.equal(status.completedAt, toRfc3339(START + 62 * MINUTE + SECOND));
  });

  it('believes a verdict that is there more than its deadline', async () => {
    const { status } = await play({
      answers: { EffectivenessAssessment: { after: 29 * MINUTE, status: assessed } },
      lagMs: 5 * MINUTE,
      meanwhile: ({ down }) => down(20 * MINUTE, 31 * MINUTE),
    });
    assert.equal(status.completionStatus?.outcome, 'Remediated');
  });
});
