import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { dutiesOf, foreignPhase, nextLook } from '../../../src/remediation/keeper/ended.ts';
import type { Duty, Ended } from '../../../src/remediation/keeper/ended.ts';
import type { RequestSnapshot } from '../../../src/remediation/snapshots.ts';
import type { Condition, Status } from '../../../src/remediation/status.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';
import { HOUR, MINUTE, SECOND, START } from '../../builders/request.ts';
import { aRequestSnapshot } from '../../builders/snapshots.ts';

const NOW = START + 2 * HOUR;
const DAY = 24 * HOUR;
const request = { namespace: 'kubernaut-system', name: 'rr-a', uid: '11111111-2222-4333-8444-555555555555' };

const condition = (reason: string): Condition => ({
  status: 'False',
  reason,
  message: '',
  lastTransitionTime: toRfc3339(START),
});

const endedStatus = (changes: Partial<Status> = {}): Status => ({
  overallPhase: 'Completed',
  completedAt: toRfc3339(START),
  retentionExpiryTime: toRfc3339(START + DAY),
  ...changes,
  conditions: { Ready: condition('Ready'), ...changes.conditions },
});

const found = (status: Partial<Status> = {}, changes: Partial<RequestSnapshot> = {}): RequestSnapshot =>
  aRequestSnapshot({ status: endedStatus(status), ...changes });

/** A remediation of ours that completed two hours ago and is as it should be: say what is different. */
const anEnded = (changes: Partial<Ended> = {}): Ended => ({
  request,
  phase: 'Completed',
  endedAt: START,
  isOurs: true,
  hasTrail: true,
  isHeld: false,
  found: found(),
  restored: 0,
  hasUnsent: false,
  ...changes,
});
/** Another orchestrator's, registered when it had ended. */
const theirs = { isOurs: false, hasTrail: false } as const;
const without = (field: keyof Status): RequestSnapshot => {
  const { [field]: _, ...status } = endedStatus();
  return aRequestSnapshot({ status });
};
const overwritten = (overallPhase: string): RequestSnapshot => found({ overallPhase }, { foreign: ['overallPhase'] });
const refTo = (name: string) => ({ name, namespace: request.namespace });
const inProgress = { EffectivenessAssessed: condition('AssessmentInProgress') };
const waitedInVain = {
  completionStatus: { outcome: 'VerificationTimedOut' },
  phaseProgress: { effectivenessAssessmentRef: { name: 'ea-rr-a' } },
  conditions: inProgress,
} as const satisfies Partial<Status>;

describe('what is to be done about a remediation that has ended', () => {
  const rules: readonly { readonly says: string; readonly ended: Partial<Ended>; readonly do: readonly Duty[] }[] = [
    { says: 'E-115: nothing, as long as everything is as it should be', ended: {}, do: [] },
    {
      says: 'E-009: nothing about a failure, however often it is looked at',
      ended: { phase: 'Failed', found: found({ overallPhase: 'Failed' }) },
      do: [],
    },
    {
      says: 'a request that is gone: its deletion is recorded, and nothing else',
      ended: { found: undefined, hasUnsent: true },
      do: [{ duty: 'record the deletion' }],
    },
    {
      says: 'a request that is going: the same as one that is gone',
      ended: { found: found({}, { deletionTimestamp: toRfc3339(NOW) }) },
      do: [{ duty: 'record the deletion' }],
    },
    {
      says: 'E-114: its retention is over, so it is deleted',
      ended: { found: found({ retentionExpiryTime: toRfc3339(NOW - SECOND) }) },
      do: [{ duty: 'delete', expiry: NOW - SECOND }],
    },
    {
      says: 'E-113: somebody moved the end of its retention ahead, so it stays',
      ended: { endedAt: NOW - 2 * DAY, found: found({ retentionExpiryTime: toRfc3339(NOW + 3 * DAY) }) },
      do: [],
    },
    {
      says: 'its retention is over, but a legal hold names it, so it stays',
      ended: { isHeld: true, found: found({ retentionExpiryTime: toRfc3339(NOW - SECOND) }) },
      do: [],
    },
    {
      says: 'nothing else is done about one that is deleted',
      ended: {
        hasUnsent: true,
        found: found({ retentionExpiryTime: toRfc3339(NOW), overallPhase: 'Pending' }, { foreign: ['overallPhase'] }),
      },
      do: [{ duty: 'delete', expiry: NOW }],
    },
    {
      says: 'it has no time to go: it gets one, counted from its completion',
      ended: { found: without('retentionExpiryTime') },
      do: [{ duty: 'stamp the expiry', expiry: START + DAY }],
    },
    {
      says: 'E-146: somebody made it live again: its end is put back',
      ended: { found: overwritten('Processing') },
      do: [{ duty: 'put the phase back', found: 'Processing' }],
    },
    {
      says: 'TI-2: somebody ended it another way: the first end counts',
      ended: { found: overwritten('Cancelled') },
      do: [{ duty: 'put the phase back', found: 'Cancelled' }],
    },
    {
      says: 'somebody removed the phase: it is put back',
      ended: { found: without('overallPhase') },
      do: [{ duty: 'put the phase back', found: '' }],
    },
    {
      says: 'TI-2: the fourth time within an hour it is only reported',
      ended: { found: overwritten('Pending'), restored: 3 },
      do: [{ duty: 'report the phase', found: 'Pending' }],
    },
    {
      says: 'the status still shows the phase before the end: that is our own write on its way, not somebody else',
      ended: { found: found({ overallPhase: 'Verifying' }) },
      do: [],
    },
    {
      says: 'G-32: another orchestrator ended it: a note is made of it, and nothing is written',
      ended: theirs,
      do: [{ duty: 'adopt' }],
    },
    {
      says: 'another orchestrator ended it and gave it no time to go: it gets a note and a time',
      ended: { ...theirs, found: without('retentionExpiryTime') },
      do: [{ duty: 'adopt' }, { duty: 'stamp the expiry', expiry: START + DAY }],
    },
    {
      says: 'another orchestrator ended it, nobody knows when: its retention begins now',
      ended: { ...theirs, found: aRequestSnapshot({ status: { overallPhase: 'Completed' } }) },
      do: [{ duty: 'adopt' }, { duty: 'stamp the expiry', expiry: NOW + DAY }],
    },
    {
      says: 'another orchestrator ended it longer ago than anything is kept: it goes without a note',
      ended: {
        ...theirs,
        found: aRequestSnapshot({ status: { overallPhase: 'Failed', completedAt: toRfc3339(NOW - 2 * DAY) } }),
      },
      do: [{ duty: 'delete', expiry: NOW - DAY }],
    },
    {
      says: 'an old end of somebody else that is to be kept longer is left as it is',
      ended: {
        ...theirs,
        phase: 'Failed',
        found: found(
          { completedAt: toRfc3339(NOW - 2 * DAY), retentionExpiryTime: toRfc3339(NOW + DAY) },
          { foreign: ['overallPhase'] },
        ),
      },
      do: [],
    },
    { says: 'it was noted before: it is not noted again', ended: { ...theirs, hasTrail: true }, do: [] },
    {
      says: 'its Ready condition was removed: it is written again',
      ended: { found: without('conditions') },
      do: [{ duty: 'show readiness' }],
    },
    {
      says: 'notifications of its last step are still to be made',
      ended: { hasUnsent: true },
      do: [{ duty: 'make notifications' }],
    },
    {
      says: 'its notifications are followed, those included that others have added',
      ended: {
        found: found({ completionStatus: { notificationRequestRefs: ['nr-completion-rr-a', 'theirs'].map(refTo) } }),
      },
      do: [{ duty: 'show delivery', names: ['nr-completion-rr-a', 'theirs'] }],
    },
    {
      says: 'nobody waited for its assessment in the end: it is still shown when it comes',
      ended: { found: found(waitedInVain) },
      do: [{ duty: 'show the assessment', name: 'ea-rr-a' }],
    },
    {
      says: 'an assessment that decided the outcome is not looked at again',
      ended: { found: found({ ...waitedInVain, completionStatus: { outcome: 'Remediated' } }) },
      do: [],
    },
  ];
  for (const { says, ended, do: duties } of rules)
    it(says, () => assert.deepEqual(dutiesOf(anEnded(ended), DAY, NOW), duties));
});

describe('the phase of an ended remediation', () => {
  for (const phase of ['Completed', 'Failed', 'TimedOut', 'Cancelled', 'Skipped'])
    it(`TI-1: ${phase} stays, whatever is written over it`, () => {
      assert.equal(foreignPhase(found({ overallPhase: phase }, { foreign: ['overallPhase'] }), phase), undefined);
      assert.equal(foreignPhase(overwritten('Analyzing'), phase), 'Analyzing');
    });
});

describe('when an ended remediation is looked at again', () => {
  const next = (ended: Partial<Ended>, isUnfinished = false) => nextLook(anEnded(ended), isUnfinished, DAY, NOW) - NOW;

  it('E-115: not before its retention is over, when nothing is left to do', () => {
    assert.equal(next({}), 22 * HOUR);
    assert.equal(next({ found: found({ retentionExpiryTime: toRfc3339(NOW + 2 * HOUR) }) }), 2 * HOUR);
  });

  it('ever more seldom while something is left to do, and once an hour at the least', () => {
    assert.equal(next({ endedAt: NOW - 5 * SECOND }, true), 30 * SECOND);
    assert.equal(next({ endedAt: NOW - 10 * MINUTE }, true), 5 * MINUTE);
    assert.equal(next({ endedAt: NOW - 10 * HOUR }, true), HOUR);
  });

  it('once an hour when a legal hold keeps it beyond its time', () => {
    assert.equal(next({ isHeld: true, found: found({ retentionExpiryTime: toRfc3339(NOW - HOUR) }) }), HOUR);
  });
});
