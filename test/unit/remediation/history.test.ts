import assert from 'node:assert/strict';
import { failuresInARow } from '../../../src/remediation/history.ts';
import type { PastRemediation } from '../../../src/remediation/history.ts';

const past = (changes: Partial<PastRemediation> = {}): PastRemediation => ({
  uid: 'x',
  phase: 'Failed',
  failurePhase: 'WorkflowExecution',
  wasInherited: false,
  endedWhileBlocked: false,
  ...changes,
});
const failure = past();
const success = past({ phase: 'Completed', outcome: 'Remediated' });

describe('failures in a row, the most recent first', () => {
  const cases: readonly { name: string; history: readonly PastRemediation[]; count: number }[] = [
    { name: 'none without a history', history: [], count: 0 },
    { name: 'all of them', history: [failure, failure, failure], count: 3 },
    { name: 'only those after the last success', history: [failure, success, failure], count: 1 },
    {
      name: 'an inconclusive end among them',
      history: [past({ phase: 'Completed', outcome: 'Inconclusive' })],
      count: 1,
    },
    { name: 'not what was inherited', history: [past({ wasInherited: true }), failure], count: 1 },
    {
      name: 'not a dry run, which proves nothing',
      history: [past({ phase: 'Completed', outcome: 'DryRun' }), failure],
      count: 1,
    },
    { name: 'not a cancellation', history: [past({ phase: 'Cancelled' }), failure], count: 1 },
    { name: 'timeouts that ended work', history: [past({ phase: 'TimedOut', timeoutPhase: 'Executing' })], count: 1 },
    {
      name: 'no timeout of a person',
      history: [past({ phase: 'TimedOut', timeoutPhase: 'AwaitingApproval' }), failure],
      count: 1,
    },
    {
      name: 'nothing before a served cooldown',
      history: [past({ failurePhase: 'Blocked' }), failure, failure],
      count: 0,
    },
    { name: 'nothing before a block ended by hand', history: [past({ endedWhileBlocked: true }), failure], count: 0 },
  ];
  for (const { name, history, count } of cases)
    it(`are ${name}`, () => {
      assert.equal(failuresInARow(history), count);
    });
});
