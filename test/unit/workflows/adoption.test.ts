import assert from 'node:assert/strict';
import type { OwnedKind } from '../../../src/remediation/children.ts';
import { PREFIX } from '../../../src/remediation/orders.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import { checkInvariants } from '../../builders/invariants.ts';
import { aRequest } from '../../builders/request.ts';
import { analysed, assessed, executed, inNeedOfApproval, processed } from '../../builders/snapshots.ts';
import { aWorld } from '../../builders/world.ts';
import type { World } from '../../builders/world.ts';

const request = aRequest();
const startTime = '2026-11-23T09:59:00Z';

/** A child that another orchestrator made for the request. */
function leftBehind(
  world: World,
  kind: OwnedKind,
  status: object = {},
  spec: JsonObject = {},
  uid = request.uid,
): void {
  const owner = {
    apiVersion: 'kubernaut.ai/v1alpha1',
    kind: 'RemediationRequest',
    name: request.name,
    uid,
    controller: true,
  };
  const name = `${PREFIX[kind]}-${request.name}`;
  world.cluster.put(kind, { metadata: { name, ownerReferences: [owner] }, spec });
  world.cluster.patchStatus('upstream', kind, name, status as JsonObject);
}

const found = (overallPhase: string, more: JsonObject = {}): World =>
  aWorld({
    request,
    status: {
      overallPhase,
      startTime,
      timeoutConfig: { global: '1h0m0s', processing: '5m0s', analyzing: '10m0s', executing: '30m0s' },
      ...more,
    },
  });

const typesOf = (world: World): readonly string[] =>
  world.ledger.events().map(({ type }) => type.replace(/^orchestrator\./, ''));
const phases = (world: World): readonly string[] => world.ledger.commits.map(({ ledger }) => ledger.phase);

describe('a remediation that another orchestrator left behind', () => {
  it('goes on from Pending as if it had just been taken up', async () => {
    const world = found('Pending');
    const end = await world.run();
    assert.deepEqual(phases(world), ['Pending', 'Processing', 'Analyzing', 'Executing', 'Verifying', 'Completed']);
    assert.equal(typesOf(world)[0], 'lifecycle.adopted');
    checkInvariants(world, end);
  });

  it('is not written to for its adoption alone', async () => {
    const world = found('Processing', { phaseProgress: { processingStartTime: startTime } });
    leftBehind(world, 'SignalProcessing', { phase: 'Enriching' });
    await world.run(1000);
    assert.deepEqual(
      world.cluster.writes.filter(({ manager }) => manager === 'remediation-orchestrator'),
      [],
    );
  });

  it('goes on from Processing with the child that is there', async () => {
    const world = found('Processing', { phaseProgress: { processingStartTime: startTime } });
    leftBehind(world, 'SignalProcessing', processed);
    const end = await world.run();
    assert.equal(end.state.phase, 'Completed');
    assert.equal(world.cluster.all('SignalProcessing').length, 1);
    checkInvariants(world, end);
  });

  it('fails from Processing when there is neither reference nor object (A-10)', async () => {
    const world = found('Processing', { phaseProgress: { processingStartTime: startTime } });
    const end = await world.run();
    assert.equal(end.state.phase, 'Failed');
    assert.match(String(end.status.completionStatus?.failureReason), /SignalProcessing not found/);
    checkInvariants(world, end);
  });

  it('fails from Executing when the execution is gone: what it did is unknown (A-20)', async () => {
    const world = found('Executing', { phaseProgress: { executingStartTime: startTime } });
    leftBehind(world, 'AIAnalysis', analysed());
    const end = await world.run();
    assert.equal(end.state.phase, 'Failed');
    assert.match(String(end.status.completionStatus?.failureReason), /WorkflowExecution not found/);
    assert.equal(world.cluster.all('WorkflowExecution').length, 0);
  });

  it('goes on from Executing with the execution that runs, and starts no second one (G-33)', async () => {
    const world = found('Executing', { phaseProgress: { executingStartTime: startTime } });
    leftBehind(world, 'AIAnalysis', analysed());
    leftBehind(world, 'WorkflowExecution', { phase: 'Running' });
    world.at(5000, () => {
      world.tell('WorkflowExecution', executed);
    });
    const end = await world.run();
    assert.equal(end.status.completionStatus?.outcome, 'Remediated');
    assert.equal(world.cluster.all('WorkflowExecution').length, 1);
    checkInvariants(world, end);
  });

  it('takes up an execution that was made while the status still says Analyzing', async () => {
    const world = found('Analyzing', { phaseProgress: { analyzingStartTime: startTime } });
    leftBehind(world, 'AIAnalysis', analysed());
    leftBehind(world, 'WorkflowExecution', executed);
    const end = await world.run();
    assert.equal(end.state.phase, 'Completed');
    assert.equal(world.cluster.all('WorkflowExecution').length, 1);
  });

  describe('waiting for an approval', () => {
    const asking = (workflowId: string): JsonObject => ({
      aiAnalysisRef: { name: `ai-${request.name}` },
      recommendedWorkflow: {
        workflowId,
        executionBundle: String(inNeedOfApproval().rcaResult?.selectedWorkflow?.executionBundle),
      },
      requiredBy: '2026-11-23T10:10:00Z',
    });
    const ours = String(inNeedOfApproval().rcaResult?.selectedWorkflow?.workflowId);

    it('follows the decision on a request that asks for the plan of its analysis', async () => {
      const world = found('AwaitingApproval');
      leftBehind(world, 'AIAnalysis', inNeedOfApproval());
      leftBehind(world, 'RemediationApprovalRequest', { decision: 'Approved', decidedBy: 'ada' }, asking(ours));
      const end = await world.run();
      assert.equal(end.status.completionStatus?.outcome, 'Remediated');
    });

    it('never follows a decision on a request that asks for something else, and ends when its time is up', async () => {
      const world = found('AwaitingApproval');
      leftBehind(world, 'AIAnalysis', inNeedOfApproval());
      leftBehind(
        world,
        'RemediationApprovalRequest',
        { decision: 'Approved', decidedBy: 'mallory' },
        asking('another'),
      );
      const end = await world.run();
      assert.equal(end.status.completionStatus?.failurePhase, 'Approval');
      assert.equal(world.cluster.all('WorkflowExecution').length, 0);
    });
  });

  it('goes on from Verifying and makes the assessment when there is none', async () => {
    const world = found('Verifying');
    leftBehind(world, 'AIAnalysis', analysed());
    leftBehind(world, 'WorkflowExecution', executed);
    const end = await world.run();
    assert.equal(end.state.phase, 'Completed');
    assert.equal(world.cluster.all('EffectivenessAssessment').length, 1);
    checkInvariants(world, end);
  });

  it('takes the verdict that is there already', async () => {
    const world = found('Verifying');
    leftBehind(world, 'EffectivenessAssessment', assessed);
    const end = await world.run();
    assert.equal(end.status.completionStatus?.outcome, 'Remediated');
  });

  it('counts its clocks from the status that was found', async () => {
    const world = found('Processing', {
      phaseProgress: { processingStartTime: '2026-11-23T08:00:00Z' },
      startTime: '2026-11-23T09:59:30Z',
    });
    leftBehind(world, 'SignalProcessing', { phase: 'Enriching' });
    const end = await world.run();
    assert.equal(end.state.phase, 'TimedOut');
    assert.equal(end.status.completionStatus?.timeoutPhase, 'Processing');
  });
});
