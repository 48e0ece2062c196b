import assert from 'node:assert/strict';
import { approvalRequest } from '../../../src/remediation/orders.ts';
import { toChildSnapshot } from '../../../src/remediation/projections.ts';
import { aRemediation } from '../../builders/remediation.ts';
import { START } from '../../builders/request.ts';
import { aWorkflow } from '../../builders/snapshots.ts';

/** An analysis with this evidence, as the watcher sees it, and the approval request that is made of it. */
function asked(evidenceCollected: readonly string[]) {
  const analysis = toChildSnapshot('AIAnalysis', {
    metadata: { namespace: 'n', name: 'ai-rr-a', uid: 'u', resourceVersion: '7' },
    status: { phase: 'Completed', approval: { approvalContext: { reason: 'r', evidenceCollected } } },
  });
  assert.equal(analysis?.kind, 'AIAnalysis');
  const r = { ...aRemediation('Analyzing'), children: { AIAnalysis: analysis } };
  const plan = { workflow: aWorkflow(), target: r.request.spec.targetResource };
  return approvalRequest(r, plan, START, START);
}

describe('the evidence that an approver is shown', () => {
  it('comes with the snapshot when it is small, and nothing is read for it', () => {
    const { spec, copies } = asked(['exit code 137']);
    assert.deepEqual(spec['evidenceCollected'], ['exit code 137']);
    assert.deepEqual(copies, []);
  });

  it('is copied from the analysis when it is large', () => {
    const { spec, copies = [] } = asked(['x'.repeat(5000)]);
    assert.equal(spec['evidenceCollected'], undefined);
    assert.ok(
      copies.some(({ to }) => to === 'evidenceCollected'),
      'the evidence is named among the copies',
    );
  });
});
