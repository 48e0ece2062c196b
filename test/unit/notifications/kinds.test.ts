import assert from 'node:assert/strict';
import { mergePatch } from '../../../src/remediation/json.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import type { RemediationIn } from '../../../src/remediation/state.ts';
import { approvalExpired } from '../../../src/remediation/transitions/awaiting-approval.ts';
import { notificationsFor } from '../../../src/remediation/notifications/index.ts';
import {
  bare,
  blocked,
  EXAMPLES,
  failedAnalysis,
  failedExecution,
  NOW,
  orderOf,
  specFor,
} from '../../builders/notifications.ts';
import { aRemediation, withStatus } from '../../builders/remediation.ts';
import { aRequest } from '../../builders/request.ts';
import { analysed } from '../../builders/snapshots.ts';

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

describe('the notification of an approval', () => {
  const spec = specFor('approval');
  it('E-150, A-12: carries lineage, workflow, confidence and reason as typed facts, and no extensions', () => {
    assert.deepEqual(
      typed(spec),
      common(
        {
          type: 'Approval',
          priority: 'High',
          context: {
            workflow: {
              selectedWorkflow: 'restart-pod-v1',
              confidence: '0.85',
              workflowName: 'restart-pod',
              actionType: 'RestartPod',
            },
            analysis: { approvalReason: 'production target' },
          },
        },
        { aiAnalysis: `ai-${name}` },
      ),
    );
  });
  it('says until when, and how to answer', () => {
    const body = bodyOf(spec);
    assert.match(body, /Status: pending approval/);
    assert.match(body, /Confidence: 85 %/);
    assert.match(body, /Decide by: 2026-11-23T10:25:00Z \(15m0s left\)/);
    assert.match(body, new RegExp(`kubectl patch rar rar-${name} -n ${namespace} --subresource=status`));
    assert.match(body, new RegExp(`rrctl approve ${name} -n ${namespace}`));
    assert.match(body, /Why this workflow was chosen:\n> the container leaks memory/);
  });
  it('prefers the reason that the analysis gave in its context', () => {
    const { r, t } = EXAMPLES.approval();
    const reasoned = {
      approvalRequired: true,
      approvalReason: 'policy',
      approvalContext: { reason: 'two eyes wanted' },
    };
    const status = { ...r.children.AIAnalysis?.status, approval: reasoned };
    const taken = { r: withStatus(r as RemediationIn<'Analyzing'>, 'AIAnalysis', status), t };
    assert.match(bodyOf(specFor('approval', taken)), /Why approval is needed:\n> two eyes wanted/);
    assert.match(bodyOf(spec), /Why approval is needed:\n> production target/);
  });
  for (const [business, priority] of Object.entries({ P0: 'Critical', P1: 'High', P2: 'Medium', P3: 'Low' }))
    it(`is ${priority} for business priority ${business}`, () => {
      const { r, t } = EXAMPLES.approval();
      const priorityAssignment = { priority: business };
      const child = r.children.SignalProcessing;
      assert.ok(child !== undefined);
      const SignalProcessing = { ...child, status: { ...child.status, priorityAssignment } };
      const taken = { r: { ...r, children: { ...r.children, SignalProcessing } }, t };
      assert.equal(specFor('approval', taken)['priority'], priority);
    });
});

describe('the notification of a manual review', () => {
  it('E-073, E-151, B-22: of an analysis carries the review, and no execution', () => {
    assert.deepEqual(
      typed(specFor('manual review')),
      common(
        {
          type: 'ManualReview',
          priority: 'Medium',
          reviewSource: 'AIAnalysis',
          context: {
            review: {
              reason: 'HumanReviewRequired',
              subReason: 'workflow_not_found',
              humanReviewReason: 'workflow_not_found',
            },
          },
        },
        { aiAnalysis: `ai-${name}` },
      ),
    );
  });
  it('E-085, A-15: of a failed analysis carries its reason and sub-reason', () => {
    const status = { phase: 'Failed', reason: 'APIError', subReason: 'MaxRetriesExceeded', message: 'LLM unavailable' };
    const spec = specFor('manual review', failedAnalysis('L14', status));
    assert.equal(spec['priority'], 'High');
    assert.deepEqual((spec['context'] as JsonObject)['review'], {
      reason: 'APIError',
      subReason: 'MaxRetriesExceeded',
    });
    assert.match(bodyOf(spec), /What it says:\n> LLM unavailable/);
  });
  it('E-087, E-091, E-151: of a failed execution is critical and carries what the execution says', () => {
    const source = { status: { executionStatus: { retryCount: 3 }, failureDetails: { exitCode: 1 } } };
    const spec = specFor('manual review', failedExecution(), source);
    assert.equal(spec['priority'], 'Critical');
    assert.equal(spec['reviewSource'], 'WorkflowExecution');
    const context = spec['context'] as JsonObject;
    assert.deepEqual(context['execution'], { retryCount: '3', lastExitCode: '1' });
    assert.match(bodyOf(spec), /Retries: 3\nExit code: 1/);
  });
  it('E-151: of an execution that says nothing has an empty execution all the same', () => {
    const context = specFor('manual review', failedExecution())['context'] as JsonObject;
    assert.deepEqual(context['execution'], {});
  });
  it('B-28, E-088, F-14: of an ineffective chain comes from routing and is high', () => {
    const spec = specFor('manual review', blocked('IneffectiveChain'));
    assert.equal(spec['priority'], 'High');
    assert.equal(spec['reviewSource'], 'RoutingEngine');
    assert.deepEqual(((spec['context'] as JsonObject)['review'] as JsonObject)['reason'], 'IneffectiveChain');
    assert.equal(orderOf(blocked('IneffectiveChain'), 'block'), undefined);
  });
  it('E-089: is not asked for by other blocks', () => {
    assert.equal(orderOf(blocked('ConsecutiveFailures'), 'manual review'), undefined);
  });
  for (const [subReason, priority] of Object.entries({
    alignment_check_failed: 'Critical',
    WorkflowNotFound: 'High',
    NoMatchingWorkflows: 'Medium',
    whatever: 'Medium',
  }))
    it(`E-086: is ${priority} for ${subReason}`, () => {
      const status = { phase: 'Failed', reason: 'WorkflowResolutionFailed', subReason };
      assert.equal(specFor('manual review', failedAnalysis('L14', status))['priority'], priority);
    });
  it('has the words that people and rules look for', () => {
    const spec = specFor('manual review');
    assert.match(subjectOf(spec), /Manual Review Required.*HighMemory/);
    assert.match(bodyOf(spec), /Review Required/);
  });
  it('tells the alignment verdict, twenty findings of it, and warns of the root cause', () => {
    const findings = Array.from({ length: 23 }, (_, i) => ({
      stepIndex: i,
      stepKind: 'tool',
      tool: 'kubectl',
      explanation: 'odd',
    }));
    const alignmentVerdict = {
      result: 'suspicious',
      summary: 'it was steered',
      circuitBreakerActivated: true,
      findings,
    };
    const spec = specFor('manual review', EXAMPLES['manual review'](), { status: { review: { alignmentVerdict } } });
    const review = (spec['context'] as JsonObject)['review'] as JsonObject;
    assert.equal(review['alignmentVerdict'], 'suspicious');
    assert.equal(review['circuitBreakerActivated'], true);
    const body = bodyOf(spec);
    assert.equal(body.match(/step \d+, tool, kubectl: odd/g)?.length, 20);
    assert.match(body, /- and 3 more/);
    assert.match(body, /do not trust the root cause/);
  });
  it('leaves out a root cause that is none', () => {
    const rcaResult = { rootCauseAnalysis: { summary: ' failed to parse RCA ' } };
    const status = { phase: 'Failed', reason: 'APIError', rcaResult };
    assert.doesNotMatch(bodyOf(specFor('manual review', failedAnalysis('L14', status))), /Root cause/);
  });
});

describe('the other notifications', () => {
  it('E-153, F-85: bulk counts the duplicates and names them', () => {
    const spec = specFor('bulk');
    assert.deepEqual(
      typed(spec),
      common({ type: 'Simple', priority: 'Low', severity: 'info', context: { dedup: { duplicateCount: '5' } } }),
    );
    assert.match(bodyOf(spec), /Duplicates that waited for it: 5\n- rr-2\n/);
  });
  it('E-153: bulk knows of duplicates that the status does not show yet', () => {
    const { r, t } = EXAMPLES.completion({ duplicates: { count: 2, names: ['rr-8', 'rr-9'] } });
    assert.match(bodyOf(specFor('bulk', { r, t })), /Duplicates that waited for it: 2\n- rr-8\n- rr-9/);
  });
  it('E-072: self-resolved is there for those who want it, and for nobody else', () => {
    assert.deepEqual(
      typed(specFor('self-resolved')),
      common(
        {
          type: 'StatusUpdate',
          priority: 'Low',
          context: { analysis: { rootCause: 'a memory leak', outcome: 'NoActionRequired' } },
        },
        { aiAnalysis: `ai-${name}` },
      ),
    );
    const { r, t } = EXAMPLES['self-resolved']({ settings: aRemediation('Analyzing').settings });
    assert.deepEqual(notificationsFor(r, t, NOW), []);
  });
  it('E-158: escalation is high and says what failed, and why', () => {
    const spec = specFor('escalation');
    assert.deepEqual(typed(spec), common({ type: 'Escalation', priority: 'High' }));
    assert.match(bodyOf(spec), /Failed in: SignalProcessing[^]*no such namespace[^]*Failures in a row: 1/);
  });
  it('B-27: escalation of an approval that expired names the approval request', () => {
    const r = aRemediation('AwaitingApproval');
    const t = approvalExpired(r, { count: 1, random: 0.5 }, NOW);
    const spec = specFor('escalation', { r, t });
    assert.match(bodyOf(spec), new RegExp(`RemediationRequest: ${namespace}/${name}[^]*Approval request: rar-${name}`));
    assert.match(bodyOf(spec), /Approval request expired/);
  });
  it('E-158: escalation is left out where a review was asked for, or one is there', () => {
    for (const known of [`nr-manual-review-${name}`, `nr-escalation-${name}`]) {
      const base = aRemediation('Processing');
      const status = { ...base.status, completionStatus: { notificationRequestRefs: [{ name: known, namespace }] } };
      const { r, t } = EXAMPLES.escalation({ status });
      assert.deepEqual(notificationsFor(r, t, NOW), []);
    }
  });
  const blocks = {
    ConsecutiveFailures: ['Escalation', 'High'],
    UnmanagedResource: ['Escalation', 'High'],
    DuplicateInProgress: ['StatusUpdate', 'Low'],
    ResourceBusy: ['StatusUpdate', 'Low'],
    RecentlyRemediated: ['StatusUpdate', 'Low'],
    ExponentialBackoff: ['StatusUpdate', 'Low'],
  } as const;
  for (const [reason, [type, priority]] of Object.entries(blocks))
    it(`E-157, F-75: a block for ${reason} is ${type}, ${priority}, told once`, () => {
      const taken = blocked(reason as keyof typeof blocks);
      const order = orderOf(taken, 'block');
      assert.equal(order?.name, `nr-block-${reason.toLowerCase()}-${name}`);
      assert.deepEqual(typed(specFor('block', taken)), common({ type, priority }));
      const seen = { [order.name]: 'absent' as const };
      const again = { ...taken.r, notifications: { ...taken.r.notifications, seen } };
      assert.deepEqual(notificationsFor(again, taken.t, NOW), []);
    });
  it('a duplicate is not told of where that is switched off; another block is', () => {
    const base = aRemediation('Analyzing').settings;
    const settings = { ...base, notifications: { ...base.notifications, blockDuplicates: false } };
    assert.equal(orderOf(blocked('DuplicateInProgress', { settings }), 'block'), undefined);
    assert.notEqual(orderOf(blocked('ResourceBusy', { settings }), 'block'), undefined);
  });
  it('an unmanaged target comes with the label to set', () => {
    assert.match(bodyOf(specFor('block', blocked('UnmanagedResource'))), /kubernaut\.ai\/managed=true/);
  });
  it('E-154, A-26, A-31, A-32, E-098: the global limit is told once, with phase and target', () => {
    const taken = EXAMPLES['global timeout']();
    assert.deepEqual(
      typed(specFor('global timeout', taken)),
      common({
        type: 'Escalation',
        priority: 'Critical',
        context: { execution: { timeoutPhase: 'Executing' }, target: { targetResource: 'Deployment/api' } },
      }),
    );
    assert.deepEqual(
      notificationsFor(taken.r, taken.t, NOW).map((order) => order.name),
      [`timeout-${name}`],
    );
    assert.match(
      bodyOf(specFor('global timeout')),
      /Was still running, and was told to end:\n- WorkflowExecution we-rr-1/,
    );
  });
  it('E-154: the limit of a phase is told with the start of that phase', () => {
    const spec = specFor('phase timeout');
    assert.equal(orderOf(EXAMPLES['phase timeout'](), 'phase timeout')?.name, `phase-timeout-processing-${name}`);
    assert.deepEqual(
      typed(spec),
      common({
        type: 'Escalation',
        priority: 'High',
        phase: 'Processing',
        context: {
          execution: { timeoutPhase: 'Processing', phaseTimeout: '5m0s' },
          target: { targetResource: 'Deployment/api' },
        },
      }),
    );
    assert.match(bodyOf(spec), /Phase started: 2026-11-23T10:00:01Z/);
  });
  it('E-076, E-077, D-69: nothing is said of inheritance, dry runs, cancellations and deletions', () => {
    const r = aRemediation('Executing');
    for (const row of [
      'L03',
      'L05',
      'L10',
      'L12',
      'L19',
      'L24',
      'L28',
      'L34',
      'L37',
      'L38',
      'L41',
      'L43',
      'L46',
    ] as const)
      assert.deepEqual(notificationsFor(r, bare(row, r), NOW), [], row);
  });
  it('name cluster and request first, so that a mail alone is enough', () => {
    const request = aRequest({ spec: { clusterID: 'eu-1' } });
    const { r, t } = EXAMPLES.escalation({ request });
    const spec = specFor('escalation', { r, t });
    assert.equal(spec['clusterID'], 'eu-1');
    assert.match(
      bodyOf(spec),
      new RegExp(`^Cluster: eu-1\nRemediationRequest: ${namespace}/${name}\nStatus: Failed\n`),
    );
  });
  it('name the target of the analysis where the signal could not name one', () => {
    const request = aRequest({ spec: { targetResource: { kind: 'Unknown', name: 'unknown' } } });
    const rcaResult = {
      rootCauseAnalysis: { remediationTarget: { kind: 'StatefulSet', name: 'db', namespace: 'data' } },
    };
    const base = aRemediation('Executing', { request });
    const r = withStatus(base, 'AIAnalysis', { ...analysed(), rcaResult });
    const spec = specFor('global timeout', EXAMPLES['global timeout']({ request, children: r.children }));
    assert.match(bodyOf(spec), /Target: StatefulSet db in namespace data/);
  });
});
