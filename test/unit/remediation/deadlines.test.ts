import assert from 'node:assert/strict';
import {
  globalDeadline,
  hasPassed,
  invalidLimits,
  limitOf,
  nextDeadline,
  phaseDeadline,
  phaseEnd,
  verificationDeadline,
} from '../../../src/remediation/deadlines.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';
import { aRemediation, SINCE, withStatus } from '../../builders/remediation.ts';
import { HOUR, MINUTE, SECOND, START } from '../../builders/request.ts';

describe('the clocks of a remediation', () => {
  it('count from what started them, under the limit in force', () => {
    assert.deepEqual(phaseDeadline(aRemediation('Processing'), 'Processing'), {
      clock: 'processing',
      at: SINCE.Processing + 5 * MINUTE,
    });
    assert.equal(phaseDeadline(aRemediation('Analyzing'), 'Analyzing')?.at, SINCE.Analyzing + 10 * MINUTE);
    assert.equal(phaseDeadline(aRemediation('Executing'), 'Executing')?.at, SINCE.Executing + 30 * MINUTE);
    assert.equal(
      phaseDeadline(aRemediation('AwaitingApproval'), 'AwaitingApproval')?.at,
      SINCE.AwaitingApproval + 15 * MINUTE,
    );
    assert.equal(phaseDeadline(aRemediation('Pending'), 'Pending'), undefined);
    assert.equal(globalDeadline(aRemediation('Executing')), START + HOUR);
  });

  it('stop for good when the verification begins, but for its own', () => {
    const r = aRemediation('Verifying');
    assert.equal(globalDeadline(r), undefined);
    assert.deepEqual(nextDeadline(r, 'Verifying'), { clock: 'verification', at: SINCE.Verifying + 30 * MINUTE });
  });

  it('rest while they are suspended, and move by that time', () => {
    assert.equal(globalDeadline(aRemediation('Blocked', { suspendedSince: START })), undefined);
    assert.equal(globalDeadline(aRemediation('Analyzing', { suspendedMs: 7 * MINUTE })), START + HOUR + 7 * MINUTE);
  });

  it('are one timer: the earlier deadline, the phase first when both are the same', () => {
    const late = { ...aRemediation('Executing').status, startTime: toRfc3339(START - 40 * MINUTE) };
    assert.equal(nextDeadline(aRemediation('Executing', { status: late }), 'Executing')?.clock, 'global');
    const same = { ...late, startTime: toRfc3339(SINCE.Executing - 30 * MINUTE) };
    assert.equal(nextDeadline(aRemediation('Executing', { status: same }), 'Executing')?.clock, 'executing');
  });

  it('have passed strictly after their instant', () => {
    assert.deepEqual(
      [hasPassed(START, START), hasPassed(START, START + 1), hasPassed(undefined, START)],
      [false, true, false],
    );
  });

  it('give a child no time beyond the global deadline', () => {
    const r = aRemediation('Analyzing');
    assert.equal(phaseEnd(r, START + MINUTE, 10 * MINUTE), START + 11 * MINUTE);
    assert.equal(phaseEnd(r, START + 55 * MINUTE, 10 * MINUTE), START + HOUR);
  });

  it('take the configured limit for one that is absent or unusable', () => {
    const r = (executing?: string) => ({
      ...aRemediation('Executing'),
      status: executing === undefined ? {} : { timeoutConfig: { executing } },
    });
    assert.deepEqual(
      ['2h', '0s', '-1s', 'soon', '9000h', undefined].map((text) => limitOf(r(text), 'executing') / MINUTE),
      [120, 30, 30, 30, 30, 30],
    );
  });

  it('are extended to 45 minutes by a session that is open, never by one that has closed (T3, T4)', () => {
    const at = (interactiveSession: object) =>
      phaseDeadline(withStatus(aRemediation('Analyzing'), 'AIAnalysis', { interactiveSession }), 'Analyzing')?.at;
    assert.equal(at({ startedAt: toRfc3339(START) }), SINCE.Analyzing + 45 * MINUTE);
    assert.equal(at({ startedAt: toRfc3339(START), completedAt: toRfc3339(START) }), SINCE.Analyzing + 10 * MINUTE);
  });
});

describe('the deadline of a verification', () => {
  const entered = SINCE.Verifying;
  const at = (validityDeadline: string, changes = {}) => {
    const r = withStatus(aRemediation('Verifying', changes), 'EffectivenessAssessment', { validityDeadline });
    return verificationDeadline(r, entered);
  };

  it('is 30 seconds after the validity of the assessment', () => {
    assert.equal(at(toRfc3339(START + 20 * MINUTE)), START + 20 * MINUTE + 30 * SECOND);
  });

  it('is never later than the global limit after the verification began', () => {
    assert.equal(at('3000-01-01T00:00:00Z'), entered + HOUR);
  });

  it('is the configured one when the validity is no time, or lies before the beginning', () => {
    assert.deepEqual([at('soon'), at(toRfc3339(START - HOUR))], [entered + 30 * MINUTE, entered + 30 * MINUTE]);
  });

  it('is what a person sets, within the same bound', () => {
    const set = (text: string) => {
      const status = { ...aRemediation('Verifying').status, phaseProgress: { verificationDeadline: text } };
      return at('', { status, edits: [{ field: 'phaseProgress.verificationDeadline' }] });
    };
    assert.equal(set(toRfc3339(START + 3 * MINUTE)), START + 3 * MINUTE);
    assert.equal(set('3000-01-01T00:00:00Z'), entered + HOUR);
  });
});

describe('the limits in a status', () => {
  it('are all named when they are wrong, and only then', () => {
    assert.deepEqual(invalidLimits({ global: '1h', processing: '', executing: '5m0s' }), []);
    assert.deepEqual(invalidLimits(undefined), []);
    assert.deepEqual(invalidLimits({ global: '-100s', processing: 'soon', analyzing: '0', executing: '8761h' }), [
      'timeoutConfig.global must be positive, got -100s',
      'timeoutConfig.processing is not a duration: "soon"',
      'timeoutConfig.analyzing must be positive, got 0',
      'timeoutConfig.executing must not exceed 8760h, got 8761h',
    ]);
  });
});
