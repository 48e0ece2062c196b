import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decidedStatus, decisionOn, expiredStatus, judge } from '../../../src/remediation/approval.ts';
import type { Attempt } from '../../../src/remediation/approval.ts';
import type { RemediationIn } from '../../../src/remediation/state.ts';
import { takeDecision } from '../../../src/remediation/take.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';
import { aRemediation } from '../../builders/remediation.ts';
import { MINUTE, START } from '../../builders/request.ts';
import { aChild } from '../../builders/snapshots.ts';

const waiting = aRemediation('AwaitingApproval');
const { approval } = waiting.state;
const kept = { decision: 'Approved', by: 'ada', at: START, door: 'api', identity: 'token' } as const;
const verdictOn = (attempt: Attempt, r: RemediationIn<'AwaitingApproval'> = waiting): string => {
  const judgement = judge(r, attempt);
  return judgement.judgement === 'refused' ? judgement.code : judgement.judgement;
};

describe('an attempt to decide (approval 5)', () => {
  const decided = { ...waiting, decision: kept };
  const cases = [
    { name: 'a first approval', attempt: { decision: 'Approved', by: 'ada' }, verdict: 'accepted' },
    { name: 'a first rejection', attempt: { decision: 'Rejected', by: 'ada' }, verdict: 'accepted' },
    { name: 'the same again', attempt: { decision: 'Approved', by: 'ada' }, r: decided, verdict: 'repeated' },
    { name: 'another mind', attempt: { decision: 'Rejected', by: 'ada' }, r: decided, verdict: 'already_decided' },
    { name: 'another person', attempt: { decision: 'Approved', by: 'bob' }, r: decided, verdict: 'already_decided' },
    { name: 'nobody', attempt: { decision: 'Approved', by: '' }, verdict: 'not_authorised' },
    { name: 'an expiry', attempt: { decision: 'Expired', by: 'ada' }, verdict: 'bad_request' },
    {
      name: 'the plan that was shown',
      attempt: { decision: 'Approved', by: 'a', planDigest: 'digest' },
      verdict: 'accepted',
    },
    { name: 'another plan', attempt: { decision: 'Approved', by: 'a', planDigest: 'other' }, verdict: 'bad_request' },
    {
      name: 'an override',
      attempt: { decision: 'Approved', by: 'a', override: { workflowName: 'x' } },
      verdict: 'accepted',
    },
    {
      name: 'an override with a no',
      attempt: { decision: 'Rejected', by: 'a', override: {} },
      verdict: 'invalid_override',
    },
  ] as const;
  for (const { name, attempt, verdict, ...more } of cases)
    it(`of ${name} is ${verdict.replaceAll('_', ' ')}`, () => {
      assert.equal(verdictOn(attempt, 'r' in more ? more.r : waiting), verdict);
    });

  it('is refused in every other phase, which it names', () => {
    const judgement = judge(aRemediation('Executing'), { decision: 'Approved', by: 'ada' });
    assert.ok(judgement.judgement === 'refused' && judgement.code === 'not_pending');
    assert.match(judgement.message, /in phase Executing/);
  });

  it('is kept once, whoever comes in whatever order (A4)', () => {
    const attempts = fc.array(
      fc.record({
        decision: fc.constantFrom('Approved' as const, 'Rejected' as const),
        by: fc.constantFrom('a', 'b', 'c'),
      }),
      { minLength: 1, maxLength: 50 },
    );
    fc.assert(
      fc.property(attempts, (all) => {
        let r: RemediationIn<'AwaitingApproval'> = waiting;
        let accepted = 0;
        for (const attempt of all) {
          if (verdictOn(attempt, r) !== 'accepted') continue;
          accepted += 1;
          r = takeDecision(r, { ...kept, ...attempt }) as typeof r;
        }
        assert.equal(accepted, 1);
        assert.deepEqual([r.decision?.decision, r.decision?.by], [all[0]?.decision, all[0]?.by]);
      }),
    );
  });
});

describe('a decision on the object', () => {
  const now = START + MINUTE;
  const on = (status: object, changes = {}) =>
    decisionOn(aChild('RemediationApprovalRequest', status, changes), approval, now);

  it('is read with who, when and why', () => {
    const decidedAt = toRfc3339(START);
    assert.deepEqual(
      on({ decision: 'Rejected', decidedBy: 'ada', decidedAt, decidedVia: 'console', decisionMessage: 'no' }),
      {
        decision: 'Rejected',
        by: 'ada',
        at: START,
        door: 'kubectl',
        identity: 'claimed',
        via: 'console',
        message: 'no',
      },
    );
  });

  it('by nobody in particular is one all the same (AP-7)', () => {
    const { by, at } = on({ decision: 'Approved' }) ?? {};
    assert.deepEqual([by, at], ['unknown', now]);
  });

  it('has no override with a no', () => {
    const override = { workflowOverride: { workflowName: 'x' } };
    assert.equal(on({ decision: 'Rejected', ...override })?.override, undefined);
    assert.deepEqual(on({ decision: 'Approved', ...override })?.override, { workflowName: 'x' });
  });

  it('is none on another object, when it is empty, and when somebody wrote Expired (AP-5, A17)', () => {
    assert.equal(on({ decision: 'Approved' }, { uid: 'another' }), undefined);
    assert.equal(on({ decision: '' }), undefined);
    assert.equal(on({ decision: 'Expired' }), undefined);
  });
});

describe('the status of an approval request', () => {
  const word = (status: object, type: string): string => {
    const { [type]: condition } = (status as { conditions: Record<string, { status: string; reason: string }> })
      .conditions;
    return `${String(condition?.status)} ${String(condition?.reason)}`;
  };

  it('says once it is decided what was decided, by whom, and how much time was left', () => {
    const status = decidedStatus({ ...kept, at: START + MINUTE, message: 'fine' }, approval, START + 2 * MINUTE);
    assert.deepEqual([status['decision'], status['decidedBy'], status['decisionMessage']], ['Approved', 'ada', 'fine']);
    assert.equal(status['timeRemaining'], '14m3s');
    assert.deepEqual(
      ['ApprovalPending', 'ApprovalDecided', 'Ready', 'AuditRecorded'].map((type) => word(status, type)),
      ['False DecisionMade', 'True Approved', 'True Ready', 'True AuditSucceeded'],
    );
  });

  it('says when its time is up that nobody decided', () => {
    const status = expiredStatus('too late', START);
    assert.deepEqual(
      [status['decision'], status['decidedBy'], status['expired'], status['timeRemaining']],
      ['Expired', 'system', true, '0s'],
    );
    assert.deepEqual([word(status, 'ApprovalExpired'), word(status, 'Ready')], ['True Timeout', 'False NotReady']);
  });
});
