import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { JsonObject } from '../../../src/remediation/json.ts';
import type { ChildKind } from '../../../src/remediation/snapshots.ts';
import { seenChild, seenRequest } from '../../../workers/watcher/state.ts';
import type { SeenChild, SeenRequest } from '../../../workers/watcher/state.ts';
import { sweep } from '../../../workers/watcher/sweep.ts';
import type { Repeat } from '../../../workers/watcher/sweep.ts';

const NOW = 1_000_000;

const request = (status: JsonObject, seenAt = 0, foreign?: string): SeenRequest => ({
  ...seenRequest({
    metadata: {
      name: 'rr',
      uid: 'rr',
      resourceVersion: '1',
      managedFields: [{ manager: foreign ?? 'nobody', fieldsV1: { 'f:status': { 'f:overallPhase': {} } } }],
    },
    spec: {},
    status,
  }),
  seenAt,
});
const ours = 'remediation-orchestrator';

const child = (kind: ChildKind, status: JsonObject, concludedAt = 0): SeenChild => {
  const seen = seenChild(kind, {
    metadata: {
      name: 'c',
      uid: `${kind}-uid`,
      resourceVersion: '2',
      ownerReferences: [{ apiVersion: 'v', kind: 'RemediationRequest', name: 'rr', uid: 'rr', controller: true }],
    },
    status,
  });
  return { ...seen, concludedAt: seen.concludedAt === undefined ? undefined : concludedAt };
};

const sweeping = (requests: SeenRequest[], children: SeenChild[], repeats = new Map<string, Repeat>(), now = NOW) => {
  const { start, send } = sweep({ now, ageMs: 10_000, intervalMs: 30_000, requests, children, repeats });
  return { start: start.map(({ request }) => request.uid), send: send.map(({ snapshot }) => snapshot.kind) };
};

describe('a sweep of the watcher', () => {
  it('starts again what shows no phase after ten seconds (F-34)', () => {
    assert.deepEqual(sweeping([request({})], []).start, ['rr']);
    assert.deepEqual(sweeping([request({}, NOW - 9000)], []).start, [], 'too young');
    assert.deepEqual(sweeping([request({ overallPhase: 'Pending' }, 0, ours)], []).start, []);
  });

  const cases: { name: string; phase: string; child: SeenChild; told: boolean }[] = [
    {
      name: 'a processed signal while Processing',
      phase: 'Processing',
      child: child('SignalProcessing', { phase: 'Completed' }),
      told: true,
    },
    {
      name: 'nothing of a processed signal once Analyzing',
      phase: 'Analyzing',
      child: child('SignalProcessing', { phase: 'Completed' }),
      told: false,
    },
    {
      name: 'nothing of a child that still works',
      phase: 'Processing',
      child: child('SignalProcessing', { phase: 'Enriching' }),
      told: false,
    },
    {
      name: 'nothing that is younger than ten seconds',
      phase: 'Processing',
      child: child('SignalProcessing', { phase: 'Completed' }, NOW - 9000),
      told: false,
    },
    {
      name: 'a decision while AwaitingApproval',
      phase: 'AwaitingApproval',
      child: child('RemediationApprovalRequest', { decision: 'Approved' }),
      told: true,
    },
    {
      name: 'a failed execution while Executing',
      phase: 'Executing',
      child: child('WorkflowExecution', { phase: 'Failed' }),
      told: true,
    },
    {
      name: 'an assessment while Verifying',
      phase: 'Verifying',
      child: child('EffectivenessAssessment', { phase: 'Completed' }),
      told: true,
    },
    {
      name: 'nothing to one that has ended',
      phase: 'Failed',
      child: child('WorkflowExecution', { phase: 'Failed' }),
      told: false,
    },
  ];
  for (const { name, phase, child: one, told } of cases)
    it(`tells ${name}`, () => {
      const { send } = sweeping([request({ overallPhase: phase }, 0, ours)], [one]);
      assert.deepEqual(send, told ? [one.snapshot.kind] : []);
    });

  it('tells an end that somebody else wrote until the product has completed it', () => {
    const cancelled = request({ overallPhase: 'Cancelled' }, 0, 'kubectl-patch');
    assert.deepEqual(sweeping([cancelled], []).send, ['RemediationRequest']);
    const completed = request({ overallPhase: 'Cancelled', completedAt: 't' }, 0, 'kubectl-patch');
    assert.deepEqual(sweeping([completed], []).send, []);
  });

  it('says the same thing again ever more seldom, because the workflow may have it and be held up', () => {
    const repeats = new Map<string, Repeat>();
    const facts = [
      [request({ overallPhase: 'Executing' }, 0, ours)],
      [child('WorkflowExecution', { phase: 'Failed' })],
    ] as const;
    let told = 0;
    for (let minute = 0; minute < 60; minute += 0.5)
      told += sweeping([...facts[0]], [...facts[1]], repeats, NOW + minute * 60_000).send.length;
    assert.equal(told, 7);
  });

  it('forgets what it said when that no longer matters', () => {
    const repeats = new Map<string, Repeat>();
    const ended = child('WorkflowExecution', { phase: 'Failed' });
    sweeping([request({ overallPhase: 'Executing' }, 0, ours)], [ended], repeats);
    assert.equal(repeats.size, 1);
    sweeping([request({ overallPhase: 'Failed' }, 0, ours)], [ended], repeats);
    assert.equal(repeats.size, 0);
  });
});
