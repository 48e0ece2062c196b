import assert from 'node:assert/strict';
import type { CatalogueWorkflow } from '../../../src/remediation/override.ts';
import type { WorkflowOverride } from '../../../src/remediation/snapshots.ts';
import { play } from '../../builders/play.ts';
import { inNeedOfApproval } from '../../builders/snapshots.ts';

const hash = `sha256:${'d'.repeat(64)}`;

const restart: CatalogueWorkflow = {
  name: 'restart-cart',
  catalogStatus: 'Active',
  workflowId: 'w-restart',
  actionType: 'RestartPod',
  version: '2.0.1',
  bundle: 'registry.example/restart:2',
  engine: 'job',
  parameterNames: ['GRACE_SECONDS'],
};

const approved = (override: WorkflowOverride, catalogue: readonly CatalogueWorkflow[] = [restart]) =>
  play({
    answers: { AIAnalysis: { status: inNeedOfApproval() } },
    catalogue,
    meanwhile: ({ at, decide }) => at(10_000, () => void decide({ decision: 'Approved', by: 'ada', override })),
  });

describe('the state of a target before it is touched', () => {
  it('is recorded in the same write that names the execution, and given to the assessment (A-11)', async () => {
    const { status, events, child } = await play({ hash: { kind: 'hash', hash } });
    assert.equal(status.operatorAudit?.preRemediationSpecHash, hash);
    assert.equal(status.conditions['PreRemediationHashCaptured']?.reason, 'HashCaptured');
    assert.equal(events('remediation.workflow_created')[0]?.data['pre_remediation_spec_hash'], hash);
    assert.equal(
      (child('EffectivenessAssessment')?.['spec'] as { preRemediationSpecHash?: string }).preRemediationSpecHash,
      hash,
    );
  });

  it('that cannot be read does not stop the remediation, and says so', async () => {
    const { status, world } = await play({ hash: { kind: 'degraded', reason: 'forbidden' } });
    assert.equal(status.overallPhase, 'Completed');
    assert.equal(status.conditions['PreRemediationHashCaptured']?.status, 'False');
    const reasons = world.ledger.commits.flatMap(({ kubernetesEvents }) =>
      kubernetesEvents.map(({ reason }) => reason),
    );
    assert.ok(reasons.includes('HashCaptureDegraded'));
  });

  it('of a target that does not exist leaves no trace', async () => {
    const { status } = await play({ hash: { kind: 'none' } });
    assert.equal(status.operatorAudit, undefined);
    assert.equal(status.conditions['PreRemediationHashCaptured'], undefined);
  });
});

describe('an approval that changes the plan', () => {
  it('runs the named workflow with its own bundle, engine and version (A9)', async () => {
    const { child, status, events } = await approved({
      workflowName: 'restart-cart',
      parameters: { GRACE_SECONDS: '5' },
    });
    const { workflowRef, parameters } = child('WorkflowExecution')?.['spec'] as {
      workflowRef: Record<string, unknown>;
      parameters: Record<string, string>;
    };
    assert.equal(workflowRef['workflowId'], 'w-restart');
    assert.equal(workflowRef['executionBundle'], 'registry.example/restart:2');
    assert.deepEqual(parameters, { GRACE_SECONDS: '5' });
    assert.equal(status.workflowSelection?.selectedWorkflowRef?.workflowId, 'w-restart');
    assert.equal(events('remediation.workflow_created')[0]?.data['workflow_id'], 'w-restart');
  });

  it('replaces parameters alone when it names no workflow (A9)', async () => {
    const { child } = await approved({ parameters: {} });
    const { workflowRef, parameters = {} } = child('WorkflowExecution')?.['spec'] as {
      workflowRef: Record<string, unknown>;
      parameters?: Record<string, string>;
    };
    assert.equal(workflowRef['workflowId'], inNeedOfApproval().rcaResult?.selectedWorkflow?.workflowId);
    assert.deepEqual(parameters, {});
  });

  for (const { what, catalogue } of [
    { what: 'that does not exist', catalogue: [] },
    { what: 'that is not Active', catalogue: [{ ...restart, catalogStatus: 'Deprecated' }] },
  ])
    it(`fails when it names a workflow ${what} (A9)`, async () => {
      const { status, child } = await approved({ workflowName: 'restart-cart' }, catalogue);
      assert.equal(status.completionStatus?.failurePhase, 'Approval');
      assert.match(String(status.completionStatus.failureReason), /Override workflow restart-cart/);
      assert.equal(child('WorkflowExecution'), undefined);
    });
});
