import assert from 'node:assert/strict';
import { childActivities } from '../../../activities/children.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client.ts';
import type { ChildOrder, OwnedKind } from '../../../src/remediation/children.ts';
import type { Json, JsonObject } from '../../../src/remediation/json.ts';
import { childName } from '../../../src/remediation/names.ts';
import {
  aiAnalysis,
  approvalRequest,
  assessmentDelays,
  effectivenessAssessment,
  signalProcessing,
  workflowExecution,
} from '../../../src/remediation/orders.ts';
import { toChildSnapshot, toRequest } from '../../../src/remediation/projections.ts';
import type { Plan, Remediation } from '../../../src/remediation/state.ts';
import { readObjects } from '../../fixtures/crds.ts';
import type { SampleObject } from '../../fixtures/crds.ts';
import { aCluster } from '../../builders/cluster.ts';
import { aPlan, aRemediation, withStatus } from '../../builders/remediation.ts';
import { aRequest, HOUR, MINUTE } from '../../builders/request.ts';
import { analysed, processed } from '../../builders/snapshots.ts';

const at = (time: string): number => Date.parse(`2026-11-23T${time}Z`);
const EXAMPLES = 'test/fixtures/examples';
const UID = '11111111-2222-4333-8444-555555555555';
const expected = readObjects(`${EXAMPLES}/children.yaml`);

const sample = (file: string, kind: string): SampleObject =>
  readObjects(`${EXAMPLES}/${file}`).find((object) => object.kind === kind) ?? assert.fail(`no ${kind} in ${file}`);
const identified = ({ metadata, ...rest }: SampleObject, uid: string, more = {}): Json =>
  ({ ...rest, metadata: { ...metadata, uid, resourceVersion: '1', ...more } }) as unknown as Json;

/** The remediation of the example, as far as the file of statuses takes it. */
function example(file: string): { readonly r: Remediation; readonly plan: Plan } {
  const rr = identified(sample('rr.yaml', 'RemediationRequest'), UID, { creationTimestamp: '2026-11-23T09:00:03Z' });
  const request = toRequest(rr, '0a1b2c3d4e') ?? assert.fail('no request');
  const child = (kind: 'SignalProcessing' | 'AIAnalysis') =>
    toChildSnapshot(kind, identified(sample(file, kind), `${kind}-uid`)) ?? assert.fail(kind);
  const [SignalProcessing, AIAnalysis] = [child('SignalProcessing'), child('AIAnalysis')] as unknown as [
    NonNullable<Remediation['children']['SignalProcessing']>,
    NonNullable<Remediation['children']['AIAnalysis']>,
  ];
  const status = {
    startTime: '2026-11-23T09:00:03Z',
    operatorAudit: { preRemediationSpecHash: `sha256:${'b'.repeat(64)}` },
  };
  const r = aRemediation('Analyzing', { request, status, children: { SignalProcessing, AIAnalysis } });
  const { selectedWorkflow: workflow, rootCauseAnalysis } = AIAnalysis.status.rcaResult ?? {};
  const target = rootCauseAnalysis?.remediationTarget ?? assert.fail('no target');
  return { r, plan: { workflow: workflow ?? assert.fail('no workflow'), target } };
}

/** The object that the order makes, copies and first status included. */
async function made(order: ChildOrder, r: Remediation): Promise<SampleObject> {
  const cluster = aCluster(r.request.namespace, () => undefined);
  cluster.put('RemediationRequest', { metadata: { name: r.request.name, uid: r.request.uid } });
  const { kind: _, ...analysis } = sample('approval.yaml', 'AIAnalysis');
  const uid = r.children.AIAnalysis?.uid ?? '';
  cluster.put('AIAnalysis', { ...(analysis as object), metadata: { name: 'ai-demo', uid } });
  if (order.kind === 'AIAnalysis') cluster.remove('AIAnalysis', 'ai-demo');
  const kubernetes = cluster.client as KubernetesClient;
  const { ensureChild } = childActivities({ kubernetes, metrics: { childCreated: () => undefined } as never });
  const answer = await ensureChild(order);
  assert.equal(answer.kind, 'created');
  return cluster.find(order.kind, order.name) as unknown as SampleObject;
}

/** What binds in an object: everything but free texts. */
function binding({ metadata, spec, status }: SampleObject): Json {
  const { name, namespace, ownerReferences } = metadata as JsonObject;
  return withoutTexts({ metadata: { name, namespace, ownerReferences }, spec, status } as JsonObject);
}
const TEXTS = ['message', 'investigationSummary'];
const withoutTexts = (value: Json | undefined): Json =>
  Array.isArray(value)
    ? (value as readonly Json[]).map(withoutTexts)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([key, member]) => member !== undefined && !TEXTS.includes(key))
            .map(([key, member]) => [key, withoutTexts(member)]),
        )
      : (value ?? null);

describe('the children of the example', () => {
  const direct = example('happy-path.yaml');
  const asked = example('approval.yaml');
  const orders: Readonly<Record<OwnedKind, () => readonly [ChildOrder, Remediation]>> = {
    SignalProcessing: () => [signalProcessing(direct.r, at('09:00:03')), direct.r],
    AIAnalysis: () => [aiAnalysis(direct.r, at('09:00:05')), direct.r],
    RemediationApprovalRequest: () => [approvalRequest(asked.r, asked.plan, at('09:15:20'), at('09:00:20')), asked.r],
    WorkflowExecution: () => [workflowExecution(direct.r, direct.plan, at('09:00:21')), direct.r],
    EffectivenessAssessment: () => [effectivenessAssessment(direct.r, direct.plan), direct.r],
  };
  for (const [kind, order] of Object.entries(orders))
    it(`are made field by field: ${kind}`, async () => {
      const wanted = expected.find((object) => object.kind === kind) ?? assert.fail(kind);
      assert.deepEqual(binding(await made(...order())), binding(wanted));
    });
});

describe('a child', () => {
  const r = aRemediation('Processing');
  const specOf = (order: ChildOrder) => order.spec as Readonly<Record<string, Json>>;

  it('is told a deadline that is never later than the global one', () => {
    const late = Date.parse(r.status.startTime ?? '') + HOUR - MINUTE;
    assert.equal(specOf(signalProcessing(r, late))['timesOutAt'], '2026-11-23T11:00:00Z');
  });

  it('has a name of at most 253 characters, derived from the whole name of the request', () => {
    const request = aRequest({ name: 'x'.repeat(253) });
    const name = childName('sp', request);
    assert.equal(name.length, 253);
    assert.ok(name.startsWith('sp-xxx') && name.endsWith(`-${request.nameDigest}`));
    assert.equal(childName('sp', aRequest()), 'sp-rr-a');
  });

  it('gets the large parts copied from where they are, and only when they are there', () => {
    assert.deepEqual(signalProcessing(r, 0).copies, []);
    const request = aRequest({ hasProviderData: true });
    assert.equal(signalProcessing({ ...r, request }, 0).copies?.[0]?.path, 'spec.providerData');
    const enriched = withStatus(r, 'SignalProcessing', { ...processed, enriched: ['kubernetesContext'] });
    assert.deepEqual(
      aiAnalysis(enriched, 0).copies?.map(({ to }) => to),
      ['analysisRequest.signalContext.enrichmentResults.kubernetesContext'],
    );
  });

  it('of an unclassified signal has the fallbacks (lifecycle 4.2)', () => {
    const spec = specOf(aiAnalysis(withStatus(r, 'SignalProcessing', { phase: 'Completed' }), 0));
    const { signalContext } = spec['analysisRequest'] as { signalContext: Record<string, Json> };
    const { severity, environment, businessPriority, signalName, signalMode } = signalContext;
    assert.deepEqual(
      [severity, environment, businessPriority, signalName, signalMode],
      ['unknown', 'Unknown', 'P2', 'alert', undefined],
    );
  });

  const levels = [
    [0.8, 'high'],
    [0.79, 'medium'],
    [0.6, 'medium'],
    [0.59, 'low'],
    [0, 'low'],
  ] as const;
  for (const [confidence, level] of levels)
    it(`says that a confidence of ${String(confidence)} is ${level}`, () => {
      const plan = aPlan({ workflow: { ...aPlan().workflow, confidence } });
      assert.equal(specOf(approvalRequest(r, plan, 0, 0))['confidenceLevel'], level);
    });

  it('that asks never lacks a reason', () => {
    const empty = withStatus(aRemediation('Analyzing'), 'AIAnalysis', analysed());
    const { reason, whyApprovalRequired } = specOf(approvalRequest(empty, aPlan(), 0, 0));
    assert.deepEqual([reason, whyApprovalRequired], ['Approval required by policy', 'Approval required by policy']);
  });

  it('keeps an empty set of parameter names apart from none', () => {
    const refOf = (declaredParameterNames: Record<string, boolean> | undefined) => {
      const workflow = {
        ...aPlan().workflow,
        ...(declaredParameterNames === undefined ? {} : { declaredParameterNames }),
      };
      return specOf(workflowExecution(r, aPlan({ workflow }), 0))['workflowRef'] as object;
    };
    assert.deepEqual(
      ['declaredParameterNames' in refOf({}), 'declaredParameterNames' in refOf(undefined)],
      [true, false],
    );
  });
});

describe('the delays of an assessment', () => {
  const delays = (apiVersion: string, gitOpsManaged: boolean, signalMode: string) => {
    const r = withStatus(
      withStatus(aRemediation('Executing'), 'AIAnalysis', { postRCAContext: { detectedLabels: { gitOpsManaged } } }),
      'SignalProcessing',
      { signalClassification: { signalMode } },
    );
    const { hashComputeDelay, alertCheckDelay } = assessmentDelays(
      r,
      aPlan({ target: { apiVersion, kind: 'Thing', name: 'x' } }),
    );
    return [hashComputeDelay, alertCheckDelay];
  };

  it('are none for what the cluster itself runs', () => {
    assert.deepEqual(delays('apps/v1', false, 'reactive'), [undefined, undefined]);
    assert.deepEqual(delays('v1', false, 'reactive'), [undefined, undefined]);
  });
  it('add up for GitOps and for operators', () => {
    assert.deepEqual(delays('apps/v1', true, 'reactive'), ['3m0s', undefined]);
    assert.deepEqual(delays('example.com/v1', false, 'reactive'), ['1m0s', undefined]);
    assert.deepEqual(delays('example.com/v1', true, 'reactive'), ['4m0s', undefined]);
  });
  it('let a predicted alert come first', () => {
    assert.deepEqual(delays('apps/v1', false, 'proactive'), [undefined, '5m0s']);
  });
});
