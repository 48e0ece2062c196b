import assert from 'node:assert/strict';
import { take, takeCancellation, takeDecision, takeSnapshot } from '../../../src/remediation/take.ts';
import type { InputField, RequestSnapshot } from '../../../src/remediation/snapshots.ts';
import type { Status } from '../../../src/remediation/status.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';
import { aRemediation } from '../../builders/remediation.ts';
import { HOUR, START } from '../../builders/request.ts';
import { aChild, aRequestSnapshot, processed } from '../../builders/snapshots.ts';

const r = aRemediation('Processing');
const seen = (status: Status, foreign: readonly InputField[] = [], changes: Partial<RequestSnapshot> = {}) =>
  takeSnapshot(r, aRequestSnapshot({ resourceVersion: '60', status: { ...r.status, ...status }, foreign, ...changes }));

describe('news of a child', () => {
  const known = (resourceVersion: string, status = {}) => aChild('SignalProcessing', status, { resourceVersion });

  it('count when they are newer, by number and not by text', () => {
    const at99 = { ...r, children: { SignalProcessing: known('99') } };
    const next = takeSnapshot(at99, known('100', processed));
    assert.equal(next.children.SignalProcessing?.status.phase, 'Completed');
    assert.equal(takeSnapshot(next, known('99')), next);
  });

  it('do not come from another object of the same name', () => {
    assert.equal(takeSnapshot(r, aChild('SignalProcessing', processed, { uid: 'other', resourceVersion: '999' })), r);
  });

  it('do not come from the child of another request', () => {
    const stranger = aChild('AIAnalysis', { phase: 'Completed' }, { ownerUid: 'somebody-else' });
    assert.equal(takeSnapshot(r, stranger), r);
  });

  it('never undo its end', () => {
    const ended = takeSnapshot(r, known('200', processed));
    const revived = takeSnapshot(ended, known('201', { phase: 'Pending' }));
    assert.equal(revived.children.SignalProcessing?.status.phase, 'Completed');
    const gone = takeSnapshot(revived, { ...known('202', {}), gone: true });
    assert.deepEqual(
      [gone.children.SignalProcessing?.status.phase, gone.children.SignalProcessing?.gone],
      ['Completed', true],
    );
  });
});

describe('news of the request', () => {
  it('bring the resourceVersion, and nothing else when nobody else has written', () => {
    const next = seen({ startTime: toRfc3339(START - HOUR) });
    assert.equal(next.observed.resourceVersion, '60');
    assert.deepEqual([next.status, next.edits], [r.status, []]);
  });

  it('are dropped when they are older, unless they say that it is gone', () => {
    const older = aRequestSnapshot({ resourceVersion: '40' });
    assert.equal(takeSnapshot(r, older), r);
    assert.equal(takeSnapshot(r, { ...older, gone: true }).observed.gone, true);
  });

  it('are dropped when they are about another object of the name', () => {
    assert.equal(takeSnapshot(r, aRequestSnapshot({ uid: 'other', resourceVersion: '99', gone: true })), r);
  });

  it('bring the inputs that others edited, with what stood there before', () => {
    const next = seen({ timeoutConfig: { global: '2h' } }, ['timeoutConfig']);
    assert.deepEqual(next.status.timeoutConfig, { global: '2h' });
    assert.deepEqual(next.edits, [{ field: 'timeoutConfig', previous: r.status.timeoutConfig }]);
    const again = takeSnapshot(
      next,
      aRequestSnapshot({ resourceVersion: '61', status: next.status, foreign: ['timeoutConfig'] }),
    );
    assert.deepEqual(again.edits, next.edits);
  });

  it('bring limits that were taken away (TE-4)', () => {
    const { global: _, ...rest } = r.status.timeoutConfig ?? {};
    const next = seen({ timeoutConfig: rest });
    assert.deepEqual(next.status.timeoutConfig, rest);
    assert.deepEqual(
      next.edits.map(({ field }) => field),
      ['timeoutConfig'],
    );
  });

  it('bring clock fields one by one', () => {
    const phaseProgress = { ...r.status.phaseProgress, processingStartTime: toRfc3339(START - HOUR) };
    const next = seen({ phaseProgress }, ['phaseProgress.processingStartTime']);
    assert.equal(next.status.phaseProgress?.processingStartTime, toRfc3339(START - HOUR));
    assert.deepEqual(
      next.edits.map(({ field }) => field),
      ['phaseProgress.processingStartTime'],
    );
  });

  it('bring a cancellation by the name that the webhook stamped, else by nobody in particular', () => {
    const stamped = seen({ overallPhase: 'Cancelled', operatorAudit: { lastModifiedBy: 'eve' } }, ['overallPhase']);
    assert.deepEqual([stamped.cancellation?.by, stamped.cancellation?.via], ['eve', 'status']);
    assert.equal(seen({ overallPhase: 'Cancelled' }, ['overallPhase']).cancellation?.by, 'unknown (status patch)');
  });

  it('carry the conditions of others along', () => {
    const condition = { status: 'True', reason: 'X', message: 'x', lastTransitionTime: toRfc3339(START) } as const;
    const next = seen({ conditions: { Ready: condition, 'example.com/Seen': condition } });
    assert.deepEqual(Object.keys(next.observed.foreignConditions), ['example.com/Seen']);
  });

  it('say that it is on its way out', () => {
    assert.equal(seen({}, [], { deletionTimestamp: toRfc3339(START) }).observed.gone, true);
  });
});

describe('what people say', () => {
  const decision = { decision: 'Approved', by: 'ada', at: START, door: 'api', identity: 'token' } as const;

  it('counts once: the first cancellation, the first decision (AP-2)', () => {
    const cancelled = takeCancellation(r, { by: 'ada', via: 'api', reason: '' });
    assert.equal(takeCancellation(cancelled, { by: 'bob', via: 'api', reason: '' }).cancellation?.by, 'ada');
    const decided = takeDecision(r, decision);
    assert.equal(takeDecision(decided, { ...decision, decision: 'Rejected', by: 'bob' }).decision?.by, 'ada');
  });

  it('is news like any other', () => {
    assert.equal(take(r, { news: 'decided', decision }).decision?.by, 'ada');
    assert.equal(
      take(r, { news: 'cancelled', cancellation: { by: 'a', via: 'api', reason: '' } }).cancellation?.by,
      'a',
    );
    assert.equal(
      take(r, { news: 'seen', snapshot: aRequestSnapshot({ resourceVersion: '77' }) }).observed.resourceVersion,
      '77',
    );
  });
});
