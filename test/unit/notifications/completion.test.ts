import assert from 'node:assert/strict';
import { mergePatch } from '../../../src/remediation/json.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import { notificationsFor } from '../../../src/remediation/notifications/index.ts';
import { EXAMPLES, NOW, specFor } from '../../builders/notifications.ts';
import { withStatus } from '../../builders/remediation.ts';
import { aRequest } from '../../builders/request.ts';

const { name, namespace, uid } = aRequest();
const reference = { apiVersion: 'kubernaut.ai/v1alpha1', kind: 'RemediationRequest', name, namespace, uid };

/** The spec but for the two texts. */
function typed(spec: JsonObject): JsonObject {
  const { subject: _s, body: _b, ...rest } = spec;
  return rest;
}

const textAt = (object: JsonObject, key: string): string => (typeof object[key] === 'string' ? object[key] : '');
const bodyOf = (spec: JsonObject): string => textAt(spec, 'body');
const subjectOf = (spec: JsonObject): string => textAt(spec, 'subject');
const common = (more: JsonObject, lineage: JsonObject = {}): JsonObject =>
  mergePatch(
    {
      remediationRequestRef: reference,
      severity: 'critical',
      context: { lineage: { remediationRequest: name, ...lineage } },
    },
    more,
  );

describe('the notification of a completion', () => {
  const spec = specFor('completion');
  it('E-147, E-152: carries lineage, workflow, root cause, outcome and verification', () => {
    assert.deepEqual(
      typed(spec),
      common(
        {
          type: 'Completion',
          priority: 'Low',
          context: {
            workflow: {
              workflowId: 'restart-pod-v1',
              executionEngine: 'job',
              workflowName: 'restart-pod',
              actionType: 'RestartPod',
            },
            analysis: { rootCause: 'a memory leak', outcome: 'Remediated' },
            verification: { assessed: true, outcome: 'passed', reason: 'Full', summary: 'all checks passed' },
          },
        },
        { aiAnalysis: `ai-${name}` },
      ),
    );
    assert.match(subjectOf(spec), /Remediation Completed.*HighMemory/);
    assert.match(bodyOf(spec), /a memory leak[^]*restart-pod-v1/);
    assert.match(bodyOf(spec), /Total time: 10m0s/);
  });
  it('E-155: is one, whatever the targets are, and no bulk without duplicates', () => {
    const { r, t } = EXAMPLES.completion();
    assert.deepEqual(
      notificationsFor(r, t, NOW).map((order) => order.name),
      [`nr-completion-${name}`],
    );
  });
  const verdicts = [
    { reason: 'Full', score: 1, outcome: 'passed' },
    { reason: 'Full', score: 0.5, outcome: 'completed' },
    { reason: 'Partial', outcome: 'partial' },
    { reason: 'MetricsTimedOut', outcome: 'partial' },
    { reason: 'SpecDrift', outcome: 'inconclusive' },
    { reason: 'AlertDecayTimeout', outcome: 'inconclusive' },
    { reason: 'Expired', outcome: 'unavailable' },
    { reason: 'NoExecution', outcome: 'unavailable' },
    { reason: 'SomethingNew', outcome: 'unavailable' },
  ];
  for (const { reason, score, outcome } of verdicts)
    it(`E-148: says ${outcome} of a check that ended as ${reason}${score === undefined ? '' : ` with ${String(score)}`}`, () => {
      const { r, t } = EXAMPLES.completion();
      const components = score === undefined ? {} : { healthScore: score };
      const status = { phase: 'Completed', assessmentReason: reason, components };
      const taken = { r: withStatus(r as never, 'EffectivenessAssessment', status), t };
      const { verification } = specFor('completion', taken)['context'] as { verification: JsonObject };
      assert.equal(verification['outcome'], outcome);
      assert.equal(verification['assessed'], true);
    });
  it('E-148: says that no check is available when there was none', () => {
    const { r, t } = EXAMPLES.completion();
    const { EffectivenessAssessment: _, ...children } = r.children;
    const without = specFor('completion', { r: { ...r, children }, t });
    assert.deepEqual((without['context'] as JsonObject)['verification'], {
      assessed: false,
      outcome: 'unavailable',
      summary: 'not available',
    });
    assert.match(bodyOf(without), /Verification: not available/);
  });
  it('says when a state could not be captured', () => {
    const { r, t } = EXAMPLES.completion();
    const postHashCaptured = { status: 'False', message: 'configmaps: get is forbidden' };
    const status = { phase: 'Completed', assessmentReason: 'Full', postHashCaptured };
    const { verification } = specFor('completion', { r: withStatus(r as never, 'EffectivenessAssessment', status), t })[
      'context'
    ] as { verification: JsonObject };
    assert.equal(verification['degraded'], true);
    assert.match(textAt(verification, 'degradedReason'), /configmaps: get is forbidden/);
  });
  it('does not claim success where there is none', () => {
    const { r, t } = EXAMPLES.completion();
    const outcome = 'Inconclusive' as const;
    const unsure = specFor('completion', { r, t: { ...t, delta: { completionStatus: { outcome } } } });
    assert.match(bodyOf(unsure), /Status: Inconclusive: the workflow ran, but whether it helped is in doubt/);
    assert.match(subjectOf(unsure), /\(Inconclusive\)/);
  });
});
