import assert from 'node:assert/strict';
import { differences } from '../../../src/postgres/differences.ts';

const paths = (completionStatus: object, message?: string): readonly string[] =>
  differences(
    { overallPhase: 'Executing' },
    { overallPhase: 'Executing', completionStatus, ...(message === undefined ? {} : { message }) },
  ).map(({ path }) => path);

describe('the comparison of trail and status', () => {
  it('takes the delivery of notifications for told, and what a person is told who deletes one', () => {
    assert.deepEqual(paths({ notificationStatus: 'Sent' }), []);
    assert.deepEqual(paths({ notificationStatus: 'Cancelled' }, 'nr-1 was deleted'), []);
  });
  it('finds a message that nobody told of', () => {
    assert.deepEqual(paths({ notificationStatus: 'Sent' }, 'made up'), ['message']);
  });
});
