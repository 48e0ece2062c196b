import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { JsonObject } from '../../src/remediation/json.ts';
import { toChildSnapshot, toRegistration, toRequest, toRequestSnapshot } from '../../src/remediation/projections.ts';
import { CHILD_KINDS } from '../../src/remediation/snapshots.ts';

const metadata = { namespace: 'default', name: 'x', uid: 'u', resourceVersion: '7' };
const object = (status: unknown, more: JsonObject = {}): JsonObject => ({
  metadata: { ...metadata, ...more },
  status: status as JsonObject,
});

describe('the projection of a child', () => {
  it('names its controller and the plan it was made for', () => {
    const snapshot = toChildSnapshot(
      'RemediationApprovalRequest',
      object(
        { decision: 'Approved' },
        {
          annotations: { 'kubernaut.ai/plan-digest': 'd' },
          ownerReferences: [
            { uid: 'stranger', name: 'a' },
            { uid: 'owner', controller: true },
          ],
        },
      ),
    );
    assert.equal(snapshot?.ownerUid, 'owner');
    assert.equal(snapshot.planDigest, 'd');
    assert.deepEqual(snapshot.status, { decision: 'Approved' });
  });

  it('reads members of a wrong type as absent and keeps the others', () => {
    const snapshot = toChildSnapshot(
      'AIAnalysis',
      object({
        phase: 3,
        reason: 'WorkflowNotNeeded',
        review: 'yes',
        rcaResult: { selectedWorkflow: { confidence: '0.9', workflowId: 'w', parameters: { a: 'b', c: 1 } } },
      }),
    );
    assert.deepEqual(snapshot?.status, {
      reason: 'WorkflowNotNeeded',
      rcaResult: { selectedWorkflow: { workflowId: 'w', parameters: { a: 'b' } } },
    });
  });

  it('tells an empty map of parameters from none', () => {
    const override = (parameters?: object) =>
      toChildSnapshot('RemediationApprovalRequest', object({ workflowOverride: { workflowName: 'w', parameters } }));
    assert.deepEqual(override({})?.status, { workflowOverride: { workflowName: 'w', parameters: {} } });
    assert.deepEqual(override()?.status, { workflowOverride: { workflowName: 'w' } });
  });

  it('leaves out what is merely copied elsewhere, and says that it is there (G-40)', () => {
    const snapshot = toChildSnapshot(
      'SignalProcessing',
      object({ phase: 'Completed', kubernetesContext: { pod: 'x'.repeat(100_000) } }),
    );
    assert.deepEqual(snapshot?.status, { phase: 'Completed', enriched: ['kubernetesContext'] });
  });

  it('cuts texts for people', () => {
    const snapshot = toChildSnapshot('AIAnalysis', object({ message: 'x'.repeat(1_000_000) }));
    assert.ok(JSON.stringify(snapshot).length < 20_000);
  });

  it('survives any JSON that somebody wrote', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CHILD_KINDS), fc.jsonValue(), (kind, status) => {
        assert.equal(toChildSnapshot(kind, object(status))?.kind, kind);
        assert.ok(toRequestSnapshot(object(status)));
      }),
    );
  });
});

describe('the projection of a request', () => {
  const managed = (manager: string, fields: JsonObject) => ({
    manager,
    operation: 'Update',
    subresource: 'status',
    fieldsV1: { 'f:status': fields },
  });
  const foreignOf = (status: JsonObject, ...managedFields: JsonObject[]) =>
    toRequestSnapshot(object(status, { managedFields }))?.foreign;

  it('keys conditions by type, those of others included', () => {
    const condition = { type: 'Theirs', status: 'True', reason: 'r', message: 'm', lastTransitionTime: 't' };
    const snapshot = toRequestSnapshot(object({ conditions: [condition, { type: 'Broken' }] }));
    assert.deepEqual(snapshot?.status.conditions, {
      Theirs: { status: 'True', reason: 'r', message: 'm', lastTransitionTime: 't' },
    });
  });

  it('finds no foreign input where the product wrote everything', () => {
    const ours = managed('remediation-orchestrator', { 'f:overallPhase': {}, 'f:timeoutConfig': { 'f:global': {} } });
    assert.deepEqual(foreignOf({ overallPhase: 'Pending', timeoutConfig: { global: '1h' } }, ours), []);
  });

  it('finds an input that kubectl changed, also a single member of one', () => {
    const ours = managed('remediation-orchestrator', { '.': {}, 'f:overallPhase': {}, 'f:timeoutConfig': {} });
    const theirs = managed('kubectl-patch', { 'f:timeoutConfig': { 'f:global': {} } });
    assert.deepEqual(foreignOf({ overallPhase: 'Pending', timeoutConfig: { global: '2h' } }, ours, theirs), [
      'timeoutConfig',
    ]);
  });

  it('does not take a value that both own for foreign', () => {
    const both = ['remediation-orchestrator', 'argocd'].map((name) => managed(name, { 'f:overallPhase': {} }));
    assert.deepEqual(foreignOf({ overallPhase: 'Pending' }, ...both), []);
  });

  it('does not take another input under the same parent for foreign', () => {
    const ours = managed('remediation-orchestrator', { 'f:phaseProgress': { '.': {}, 'f:analyzingStartTime': {} } });
    const theirs = managed('kubectl-patch', { 'f:phaseProgress': { 'f:processingStartTime': {} } });
    const status = { phaseProgress: { processingStartTime: 'a', analyzingStartTime: 'b' } };
    assert.deepEqual(foreignOf(status, ours, theirs), ['phaseProgress.processingStartTime']);
  });

  it('does not report an input that is no longer there', () => {
    assert.deepEqual(foreignOf({}, managed('kubectl-patch', { 'f:overallPhase': {} })), []);
  });
});

describe('the input of a workflow', () => {
  const spec = (more: JsonObject): JsonObject => ({
    metadata,
    spec: { signalFingerprint: 'f', severity: 'critical', targetResource: { kind: 'Pod', name: 'p' }, ...more },
  });
  const big = { key: 'x'.repeat(40_000) };

  it('leaves out originalPayload and providerData, but says that there is some (G-40)', () => {
    const request = toRequest(spec({ originalPayload: 'x'.repeat(1_400_000), providerData: 'y'.repeat(1000) }), 'd');
    assert.ok(JSON.stringify(request).length < 1000);
    assert.equal(request?.hasProviderData, true);
  });

  it('carries labels and annotations up to 64 KiB together', () => {
    const both = toRequest(spec({ signalLabels: { a: 'b' }, signalAnnotations: big }), 'd');
    assert.deepEqual(both?.spec.signalAnnotations, big);
    const tooBig = toRequest(spec({ signalLabels: big, signalAnnotations: big }), 'd');
    assert.deepEqual(tooBig?.spec.signalLabels, big);
    assert.equal(tooBig.spec.signalAnnotations, undefined);
    const huge = toRequest(spec({ signalLabels: { key: 'ä'.repeat(40_000) } }), 'd');
    assert.equal(huge?.spec.signalLabels, undefined);
  });

  it('is there even for an object without a spec', () => {
    assert.deepEqual(toRequest({ metadata }, 'd')?.spec.targetResource, { kind: '', name: '' });
  });
});

describe('the registration of a request', () => {
  const registrationOf = (more: JsonObject, status: JsonObject) => {
    const raw = { metadata: { ...metadata, creationTimestamp: '2026-11-24T10:00:00Z', ...more }, spec: {}, status };
    return toRegistration(toRequest(raw, 'd') ?? assert.fail(), toRequestSnapshot(raw) ?? assert.fail());
  };

  it('is live for one without phase', () => {
    const { phase, terminalAt, workflowId } = registrationOf({}, {});
    assert.deepEqual({ phase, terminalAt, workflowId }, { phase: '', terminalAt: undefined, workflowId: 'rr-u' });
  });

  it('has ended for one with a terminal phase, with its outcome and the time of its end', () => {
    const ended = registrationOf(
      {},
      { overallPhase: 'Failed', completedAt: '2026-11-24T10:05:00Z', completionStatus: { failurePhase: 'Approval' } },
    );
    assert.equal(ended.terminalAt, Date.parse('2026-11-24T10:05:00Z'));
    assert.equal(ended.failurePhase, 'Approval');
  });

  it('has ended for one that is going away', () => {
    const going = registrationOf({ deletionTimestamp: '2026-11-24T10:06:00Z' }, { overallPhase: 'Executing' });
    assert.equal(going.deletedAt, Date.parse('2026-11-24T10:06:00Z'));
    assert.equal(going.terminalAt, going.deletedAt);
  });
});
