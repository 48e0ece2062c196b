import assert from 'node:assert/strict';
import { resumed, settled, stepOf } from '../../../src/remediation/step.ts';
import { accept, startProcessing } from '../../../src/remediation/transitions/pending.ts';
import { misconfigured } from '../../../src/remediation/transitions/interrupted.ts';
import { nothingToDo } from '../../../src/remediation/transitions/analyzing.ts';
import { conclude, verificationTimedOut } from '../../../src/remediation/transitions/verifying.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';
import { play } from '../../builders/play.ts';
import { aRemediation, withStatus } from '../../builders/remediation.ts';
import { HOUR, SECOND, START } from '../../builders/request.ts';
import { aChild, assessed, inNeedOfApproval } from '../../builders/snapshots.ts';

const NOW = START + 90 * SECOND + 123;
const once = { count: 1, random: 0.5 };

describe('a step', () => {
  const r = aRemediation('Pending');
  const child = aChild('SignalProcessing');
  const { commit, next } = stepOf(r, startProcessing(r, { child, wasCreated: true }, NOW), NOW);

  it('has the number after the last one, and the instant to the millisecond', () => {
    assert.deepEqual([commit.step, commit.at, next.step], [2, NOW, 2]);
  });

  it('stamps one instant on everything, in whole seconds (LC-10)', () => {
    const { phaseProgress, conditions } = commit.write?.delta ?? {};
    const second = toRfc3339(NOW);
    assert.equal(phaseProgress?.processingStartTime, second);
    assert.equal(conditions?.['SignalProcessingReady']?.lastTransitionTime, second);
    assert.match(second, /:30Z$/);
  });

  it('moves the time of a condition only with its status word', () => {
    assert.equal(commit.write?.delta.conditions?.['Ready']?.lastTransitionTime, toRfc3339(START));
  });

  it('carries its change of the status in exactly one event, the move itself (audit 9.1)', () => {
    const withDelta = commit.events.filter(({ data }) => data['status_delta'] !== undefined);
    assert.deepEqual(
      withDelta.map(({ type }) => type),
      ['orchestrator.lifecycle.transitioned'],
    );
    assert.deepEqual(withDelta[0]?.data['status_delta'], commit.write?.delta);
    assert.deepEqual(withDelta[0]?.data['children'], [
      { kind: 'SignalProcessing', name: 'sp-rr-a', namespace: 'kubernaut-system', uid: child.uid, action: 'created' },
    ]);
  });

  it('says in every event whom it is about', () => {
    for (const { type, data, actor } of commit.events) {
      const { event_type, rr_name, namespace, rr_uid, step_no } = data;
      assert.deepEqual(
        [event_type, rr_name, namespace, rr_uid, step_no],
        [type, r.request.name, r.request.namespace, r.request.uid, 2],
      );
      assert.deepEqual(actor, { type: 'service', id: 'remediationorchestrator-controller' });
    }
  });

  it('is conditional on the object as it is known, and carries the conditions of others', () => {
    assert.deepEqual([commit.write?.resourceVersion, commit.write?.phaseBefore], ['50', 'Pending']);
    assert.deepEqual(commit.write?.foreignConditions, {});
  });

  it('never names what belongs to others', () => {
    const named = Object.keys(commit.write?.delta ?? {});
    assert.deepEqual(
      named.filter((key) => ['deduplication', 'spec', 'metadata'].includes(key)),
      [],
    );
  });
});

describe('the Ready condition', () => {
  const ready = async (options: Parameters<typeof play>[0]) => {
    const { status } = await play(options);
    const { status: word, reason } = status.conditions['Ready'] ?? {};
    return `${String(word)} ${String(reason)}`;
  };
  const cases = [
    { name: 'Processing', options: { until: 0 }, says: 'False Processing' },
    { name: 'Analyzing', options: { answers: { AIAnalysis: 'silent' }, until: 5000 }, says: 'False Analyzing' },
    {
      name: 'AwaitingApproval',
      options: { answers: { AIAnalysis: { status: inNeedOfApproval() } }, until: 5000 },
      says: 'False AwaitingApproval',
    },
    { name: 'Executing', options: { answers: { WorkflowExecution: 'silent' }, until: 5000 }, says: 'False Executing' },
    {
      name: 'Verifying',
      options: { answers: { EffectivenessAssessment: 'silent' }, until: 5000 },
      says: 'True Verifying',
    },
    { name: 'Completed', options: {}, says: 'True Ready' },
    {
      name: 'Failed',
      options: { answers: { WorkflowExecution: { status: { phase: 'Failed' } } } },
      says: 'False RemediationFailed',
    },
    { name: 'TimedOut', options: { answers: { SignalProcessing: 'silent' } }, says: 'False RemediationTimedOut' },
  ] as const;
  for (const { name, options, says } of cases)
    it(`of ${name} is ${says}`, async () => {
      assert.equal(await ready(options), says);
    });
});

describe('the end of a remediation', () => {
  it('says when, for how long it is kept, and what happened', () => {
    const r = aRemediation('Verifying');
    const { commit } = stepOf(r, verificationTimedOut(r, NOW), NOW);
    const { completedAt, retentionExpiryTime, message } = commit.write?.delta ?? {};
    assert.deepEqual([completedAt, retentionExpiryTime], [toRfc3339(NOW), toRfc3339(NOW + 24 * HOUR)]);
    assert.notEqual(message ?? '', '');
    assert.equal(commit.ledger.terminalAt, NOW);
  });

  it('keeps the time of retention that somebody else has set', () => {
    const base = aRemediation('Verifying');
    const r = { ...base, status: { ...base.status, retentionExpiryTime: '2030-01-01T00:00:00Z' } };
    const { commit } = stepOf(r, verificationTimedOut(r, NOW), NOW);
    assert.equal(commit.write?.delta.retentionExpiryTime, '2030-01-01T00:00:00Z');
  });

  it('has a duration that counts from the start, never zero', () => {
    const r = withStatus(aRemediation('Verifying'), 'EffectivenessAssessment', assessed);
    const { commit } = stepOf(r, conclude(r, 'Remediated', once, START), START);
    assert.equal(commit.events.at(-1)?.durationMs, 1);
    const later = stepOf(r, conclude(r, 'Remediated', once, NOW), NOW).commit;
    assert.equal(later.events.at(-1)?.durationMs, NOW - START);
  });

  it('tells what is held back after nothing had to be done', () => {
    const r = withStatus(aRemediation('Analyzing'), 'AIAnalysis', { phase: 'Completed', reason: 'WorkflowNotNeeded' });
    const { commit } = stepOf(r, nothingToDo(r, NOW), NOW);
    assert.deepEqual(commit.events.at(-1)?.data['no_action'], {
      reason: 'WorkflowNotNeeded',
      suppressed_until: toRfc3339(NOW + 24 * HOUR),
    });
  });

  it('counts the failures of the signal, and allows the next attempt after a back-off', () => {
    const r = aRemediation('Executing');
    const cause = { reason: 'x', code: 'ERR_INVALID_CONFIG', phase: 'Configuration' } as const;
    const after = (count: number) =>
      stepOf(r, misconfigured(r, cause, [], { count, random: 0.5 }, NOW), NOW).commit.write?.delta.routingStatus;
    assert.equal(after(2)?.consecutiveFailureCount, 2);
    assert.equal(after(2)?.nextAllowedExecution, toRfc3339(NOW + 120 * SECOND));
    assert.equal(after(3)?.nextAllowedExecution, undefined);
  });
});

describe('after a commit', () => {
  const r = aRemediation('Pending');
  const { commit, next } = stepOf(r, accept(r, NOW), NOW);

  it('the resourceVersion of the answer is known', () => {
    const known = settled(next, { kind: 'committed', waiters: [], resourceVersion: '77' });
    assert.equal(known.observed.resourceVersion, '77');
  });

  it('a request that is gone is known to be', () => {
    assert.equal(settled(next, { kind: 'gone', waiters: [] }).observed.gone, true);
  });

  it('what is recorded of the step counts more than what this run would have done', () => {
    const other = stepOf(r, accept(r, NOW + HOUR), NOW + HOUR);
    const recorded = { step: 1, status: { overallPhase: 'Pending' }, memory: other.commit.memory };
    const known = settled(next, { kind: 'committed', waiters: [], recorded });
    assert.deepEqual([known.step, known.state.since], [1, NOW + HOUR]);
    assert.deepEqual(known.status, { overallPhase: 'Pending' });
  });

  it('a decision that the ledger remembers is remembered', () => {
    const decision = { decision: 'Approved', by: 'ada', at: START, door: 'api', identity: 'token' } as const;
    const waiting = aRemediation('AwaitingApproval', { decision });
    const { memory } = stepOf(waiting, verificationTimedOut(aRemediation('Verifying'), NOW), NOW).commit;
    const known = resumed(aRemediation('AwaitingApproval'), { step: 5, status: {}, memory });
    assert.deepEqual([known.decision, known.step, known.state.phase], [decision, 5, 'Completed']);
  });

  it('an answer of the ledger that it is over changes nothing here', () => {
    assert.equal(settled(next, { kind: 'already-ended', phase: 'Failed' }), next);
    assert.equal(settled(next, { kind: 'superseded', generation: 2 }), next);
    assert.equal(commit.generation, 1);
  });
});
