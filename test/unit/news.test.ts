import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { isConclusive, isNews, weightOf } from '../../src/remediation/news.ts';
import type { Weight } from '../../src/remediation/news.ts';
import { toRequestSnapshot } from '../../src/remediation/projections.ts';
import type {
  AnyChildSnapshot,
  ChildKind,
  ChildSnapshot,
  RequestSnapshot,
  StatusOf,
} from '../../src/remediation/snapshots.ts';

const seen = <K extends ChildKind>(kind: K, status: StatusOf[K], gone = false): AnyChildSnapshot => {
  const snapshot: ChildSnapshot<K> = {
    kind,
    namespace: 'default',
    name: 'child',
    uid: 'u',
    resourceVersion: '1',
    ...(gone ? { gone } : {}),
    status,
  };
  return snapshot as AnyChildSnapshot;
};

const request = (status: RequestSnapshot['status'], rest: Partial<RequestSnapshot> = {}): RequestSnapshot => ({
  kind: 'RemediationRequest',
  namespace: 'default',
  name: 'rr',
  uid: 'u',
  resourceVersion: '1',
  generation: 1,
  status,
  foreign: [],
  ...rest,
});

describe('news about a child', () => {
  const cases: { name: string; before?: AnyChildSnapshot; after: AnyChildSnapshot; weight: Weight }[] = [
    { name: 'that was just made is none', after: seen('SignalProcessing', {}), weight: 'none' },
    {
      name: 'that goes on to another word for waiting is none',
      before: seen('SignalProcessing', { phase: 'Enriching' }),
      after: seen('SignalProcessing', { phase: 'Classifying' }),
      weight: 'none',
    },
    {
      name: 'with a word nobody knows is none',
      before: seen('AIAnalysis', {}),
      after: seen('AIAnalysis', { phase: 'Dreaming' }),
      weight: 'none',
    },
    {
      name: 'that completes is urgent',
      before: seen('SignalProcessing', { phase: 'Classifying' }),
      after: seen('SignalProcessing', { phase: 'Completed' }),
      weight: 'urgent',
    },
    {
      name: 'that has ended at first sight is urgent',
      after: seen('AIAnalysis', { phase: 'Failed' }),
      weight: 'urgent',
    },
    {
      name: 'that is written to after its end is none',
      before: seen('AIAnalysis', { phase: 'Completed' }),
      after: seen('AIAnalysis', { phase: 'Completed', message: 'more' }),
      weight: 'none',
    },
    {
      name: 'that regresses from its end is none (G-24)',
      before: seen('SignalProcessing', { phase: 'Completed' }),
      after: seen('SignalProcessing', { phase: 'Enriching' }),
      weight: 'none',
    },
    {
      name: 'that is deleted before its end is urgent (F-39)',
      before: seen('WorkflowExecution', { phase: 'Running' }),
      after: seen('WorkflowExecution', { phase: 'Running' }, true),
      weight: 'urgent',
    },
    {
      name: 'that was never seen alive and is gone is urgent (G-25)',
      after: seen('WorkflowExecution', {}, true),
      weight: 'urgent',
    },
    {
      name: 'that is deleted after its end is none',
      before: seen('WorkflowExecution', { phase: 'Completed' }),
      after: seen('WorkflowExecution', { phase: 'Completed' }, true),
      weight: 'none',
    },
    {
      name: 'with a decision is urgent',
      before: seen('RemediationApprovalRequest', {}),
      after: seen('RemediationApprovalRequest', { decision: 'Approved', decidedBy: 'ada' }),
      weight: 'urgent',
    },
    {
      name: 'with a changed decision is urgent, because late decisions are recorded',
      before: seen('RemediationApprovalRequest', { decision: 'Approved' }),
      after: seen('RemediationApprovalRequest', { decision: 'Rejected' }),
      weight: 'urgent',
    },
    {
      name: 'with a decision that only gets its time stamp is none',
      before: seen('RemediationApprovalRequest', { decision: 'Approved', decidedBy: 'ada' }),
      after: seen('RemediationApprovalRequest', { decision: 'Approved', decidedBy: 'ada', decidedAt: 't' }),
      weight: 'none',
    },
    {
      name: 'with an operator in a session may wait',
      before: seen('AIAnalysis', { phase: 'Investigating' }),
      after: seen('AIAnalysis', { phase: 'Investigating', interactiveSession: { startedAt: 't' } }),
      weight: 'may-wait',
    },
    {
      name: 'with a validity deadline may wait',
      before: seen('EffectivenessAssessment', {}),
      after: seen('EffectivenessAssessment', { phase: 'Stabilizing', validityDeadline: 't' }),
      weight: 'may-wait',
    },
    {
      name: 'that names the execution it duplicates only after its end is urgent',
      before: seen('WorkflowExecution', { phase: 'Failed', failureDetails: { reason: 'Deduplicated' } }),
      after: seen('WorkflowExecution', {
        phase: 'Failed',
        failureDetails: { reason: 'Deduplicated' },
        deduplicatedBy: 'we-1',
      }),
      weight: 'urgent',
    },
    {
      name: 'that retries a delivery is none',
      before: seen('NotificationRequest', { phase: 'Pending' }),
      after: seen('NotificationRequest', { phase: 'Retrying' }),
      weight: 'none',
    },
    {
      name: 'that is delivered may wait',
      before: seen('NotificationRequest', { phase: 'Pending' }),
      after: seen('NotificationRequest', { phase: 'Sent' }),
      weight: 'may-wait',
    },
  ];
  for (const { name, before, after, weight } of cases)
    it(name, () => {
      assert.equal(weightOf(before, after), weight);
    });

  it('is at most one per child on a happy path', () => {
    const words = ['', 'Pending', 'Enriching', 'Classifying', 'Categorizing', 'Completed', 'Completed'];
    const states = words.map((phase) => seen('SignalProcessing', { phase }));
    const news = states.filter((state, i) => isNews(states[i - 1], state));
    assert.equal(news.length, 1);
  });

  it('is never lost: what ends, however it got there, was news when it ended', () => {
    const word = fc.constantFrom('', 'Pending', 'Running', 'Odd', 'Completed', 'Failed');
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), (words) => {
        const states = words.map((phase) => seen('WorkflowExecution', { phase }));
        const first = states.findIndex(isConclusive);
        const urgent = states.findIndex((state, i) => weightOf(states[i - 1], state) === 'urgent');
        assert.equal(urgent, first);
      }),
    );
  });
});

describe('news about a request', () => {
  it('is none at its first sight', () => {
    assert.equal(weightOf(undefined, request({})), 'none');
  });

  it('is an edit of an input by somebody else', () => {
    const before = request({ overallPhase: 'Processing', timeoutConfig: { global: '1h' } });
    const after = request(
      { overallPhase: 'Processing', timeoutConfig: { global: '2h' } },
      { foreign: ['timeoutConfig'] },
    );
    assert.equal(weightOf(before, after), 'soon');
    assert.equal(weightOf(after, after), 'none', 'the same edit is news once');
  });

  it('is a phase that somebody else wrote, also over a phase of ours that nobody saw', () => {
    const before = request({ overallPhase: 'Analyzing' });
    assert.equal(weightOf(before, request({ overallPhase: 'Analyzing' }, { foreign: ['overallPhase'] })), 'soon');
    assert.equal(weightOf(before, request({ overallPhase: 'Cancelled' }, { foreign: ['overallPhase'] })), 'soon');
  });

  it('is its deletion, once when it begins and once when it is done', () => {
    const live = request({ overallPhase: 'Executing' });
    const going = request({ overallPhase: 'Executing' }, { deletionTimestamp: 't' });
    assert.equal(weightOf(live, going), 'urgent');
    assert.equal(weightOf(going, going), 'none');
    assert.equal(weightOf(going, { ...going, gone: true }), 'urgent');
  });

  it('is a reference to a child that vanished or points elsewhere', () => {
    const before = request({ phaseProgress: { workflowExecutionRef: { name: 'we-rr' } } });
    assert.equal(weightOf(before, request({ phaseProgress: {} })), 'soon');
    assert.equal(weightOf(before, request({ phaseProgress: { workflowExecutionRef: { name: 'other' } } })), 'soon');
  });

  it('is a phase or a limit that was taken away', () => {
    assert.equal(weightOf(request({ overallPhase: 'Executing' }), request({})), 'soon');
    const limits = request({ timeoutConfig: { global: '1h', analyzing: '2m' } });
    assert.equal(weightOf(limits, request({ timeoutConfig: { global: '1h' } })), 'soon');
  });

  it('is never the echo of our own writes', () => {
    const own = fc.record(
      {
        overallPhase: fc.constantFrom('Pending', 'Processing', 'Analyzing', 'Blocked', 'Completed'),
        startTime: fc.constant('2026-11-24T10:00:00Z'),
        message: fc.string(),
        completedAt: fc.string(),
        blockedUntil: fc.option(fc.string(), { nil: undefined }),
        verificationDeadline: fc.option(fc.string(), { nil: undefined }),
      },
      { requiredKeys: ['overallPhase', 'startTime'] },
    );
    const raw = ({ blockedUntil, verificationDeadline, ...status }: Record<string, unknown>, version: number) => ({
      metadata: {
        name: 'rr',
        uid: 'u',
        resourceVersion: String(version),
        managedFields: [
          {
            manager: 'remediation-orchestrator',
            operation: 'Update',
            subresource: 'status',
            fieldsV1: { 'f:status': { 'f:overallPhase': {}, 'f:phaseProgress': {}, 'f:routingStatus': {} } },
          },
          { manager: 'gateway', subresource: 'status', fieldsV1: { 'f:status': { 'f:deduplication': {} } } },
        ],
      },
      status: JSON.parse(
        JSON.stringify({ ...status, phaseProgress: { verificationDeadline }, routingStatus: { blockedUntil } }),
      ) as Record<string, string>,
    });
    fc.assert(
      fc.property(own, own, (first, second) => {
        assert.equal(
          isNews(toRequestSnapshot(raw(first, 1)), toRequestSnapshot(raw(second, 2)) ?? assert.fail()),
          false,
        );
      }),
    );
  });
});
