import assert from 'node:assert/strict';
import { ALL_PHASES, isPhase, isTerminal, ROWS } from '../../../src/remediation/phases.ts';
import type { Phase, Row } from '../../../src/remediation/phases.ts';

const rows = Object.entries<Row>(ROWS);
const leaving = (phase: Phase) => rows.filter(([, row]) => row.from.includes(phase) && row.to.length > 0);

describe('the transition table', () => {
  it('has one beginning: Pending', () => {
    assert.deepEqual(
      rows.filter(([, row]) => row.from.length === 0).map(([id, row]) => [id, row.to]),
      [['L01', ['Pending']]],
    );
  });

  it('leaves no phase that has ended', () => {
    const ended = ALL_PHASES.filter(isTerminal);
    assert.deepEqual(ended, ['Completed', 'Failed', 'TimedOut', 'Cancelled', 'Skipped']);
    assert.deepEqual(ended.flatMap(leaving), []);
  });

  it('leads to every phase, and out of every live one to an end', () => {
    const reached = new Set(rows.flatMap(([, row]) => row.to));
    assert.deepEqual(
      [...ALL_PHASES].filter((phase) => !reached.has(phase)),
      [],
    );
    for (const phase of ALL_PHASES.filter((each) => !isTerminal(each)))
      assert.ok(
        leaving(phase).some(([, row]) => row.to.some(isTerminal)),
        phase,
      );
  });

  it('gives every change of phase a reason, and says when it is taken', () => {
    for (const [id, row] of rows) {
      assert.notEqual(row.when, '', id);
      if (row.from.length > 0 && row.to.length > 0) assert.notEqual(row.reason, undefined, id);
    }
  });

  it('lets a verification end by its own deadline, not by the global one', () => {
    const reasons = leaving('Verifying').map(([, row]) => row.reason);
    assert.ok(!reasons.includes('GlobalTimeout') && reasons.includes('VerificationTimedOut'));
  });

  it('knows its words from others', () => {
    assert.ok(isPhase('Verifying'));
    assert.ok(!isPhase('verifying') && !isPhase('') && !isPhase(undefined));
  });
});
