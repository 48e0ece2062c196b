import assert from 'node:assert/strict';
import type { MirrorAnswer, MirrorWrite, NotificationReading } from '../../../activities/contract.ts';
import type { NotificationAnswer, NotificationOrder } from '../../../src/remediation/children.ts';
import { lookAgainAt } from '../../../src/remediation/notifications/following.ts';
import { weightOf } from '../../../src/remediation/news.ts';
import type { Notifications, Remediation } from '../../../src/remediation/state.ts';
import { stepOf } from '../../../src/remediation/step.ts';
import { takeSnapshot } from '../../../src/remediation/take.ts';
import { tend } from '../../../workflows/tend.ts';
import { aNotification, bare, created, EXAMPLES, NOW, orderOf } from '../../builders/notifications.ts';
import { aRemediation } from '../../builders/remediation.ts';
import { aRequest } from '../../builders/request.ts';
import { aRequestSnapshot } from '../../builders/snapshots.ts';

const { name, namespace } = aRequest();
const APPROVAL = `nr-approval-${name}`;
const written: MirrorAnswer = { kind: 'written', resourceVersion: '51' };

function ports(answers: {
  readonly made?: (order: NotificationOrder) => NotificationAnswer;
  readonly read?: NotificationReading | undefined;
  readonly mirror?: MirrorAnswer | undefined;
}) {
  const calls: string[] = [];
  const writes: MirrorWrite[] = [];
  const clock = { now: NOW };
  return {
    calls,
    writes,
    clock,
    now: () => clock.now,
    ensureNotification: (order: NotificationOrder) => {
      calls.push(`make ${order.name}`);
      return Promise.resolve((answers.made ?? created)(order));
    },
    readNotification: (question: { readonly name: string }) => {
      calls.push(`read ${question.name}`);
      return Promise.resolve(answers.read);
    },
    writeMirror: (write: MirrorWrite) => {
      calls.push(`show ${write.mirror.notificationStatus}`);
      writes.push(write);
      return Promise.resolve(answers.mirror);
    },
  };
}

/** A remediation that waits for an approval and follows these notifications. */
function waiting(seen: Notifications['seen'], changes: Partial<Remediation> = {}): Remediation {
  const r = aRemediation('AwaitingApproval', changes);
  return { ...r, notifications: { ...r.notifications, seen } };
}

/** Tends, for so long at most, until there is nothing to do. */
async function settled(r: Remediation, p: ReturnType<typeof ports>, forMs = 10_000): Promise<Remediation> {
  const end = p.clock.now + forMs;
  for (let known = r; ;) {
    const next = await tend(known, p);
    if (next === known) {
      const at = lookAgainAt(known, p.clock.now);
      if (at === undefined || at > end) return known;
      p.clock.now = at;
    }
    known = next;
  }
}

describe('a waiting remediation', () => {
  it('E-003: shows each change of its notification once, and remembers the version', async () => {
    const p = ports({ mirror: written });
    const r = waiting({ [APPROVAL]: aNotification(APPROVAL) });
    assert.equal(await settled(r, p), r);
    const sending = takeSnapshot(r, aNotification(APPROVAL, { phase: 'Sending' }, { resourceVersion: '101' }));
    const sent = takeSnapshot(sending, aNotification(APPROVAL, { phase: 'Sent' }, { resourceVersion: '102' }));
    const after = await settled(sent, p);
    assert.deepEqual(p.calls, ['show Sent']);
    assert.equal(after.observed.resourceVersion, '51');
    assert.equal(after.observed.notificationStatus, 'Sent');
    assert.equal(after.observed.foreignConditions['NotificationDelivered']?.status, 'True');
    assert.equal(after.state, r.state);
    assert.deepEqual(after.status, r.status);
  });
  it('sends all conditions along with the one that changes', async () => {
    const p = ports({ mirror: written });
    const theirs = { status: 'True', reason: 'R', message: '', lastTransitionTime: '' } as const;
    const base = aRemediation('AwaitingApproval');
    const observed = { ...base.observed, foreignConditions: { Theirs: theirs } };
    await settled(waiting({ [APPROVAL]: aNotification(APPROVAL, { phase: 'Failed' }) }, { observed }), p);
    assert.deepEqual(Object.keys(p.writes[0]?.conditions ?? {}).sort(), ['Ready', 'Theirs']);
  });
  it('B-30, B-31: follows a notification that somebody else put into its references', async () => {
    const p = ports({ read: { kind: 'found', child: aNotification('theirs', { phase: 'Pending' }) }, mirror: written });
    const completionStatus = {
      notificationRequestRefs: [
        { name: 'theirs', namespace },
        { name: 'also-theirs', namespace },
      ],
    };
    const edited = aRequestSnapshot({
      resourceVersion: '60',
      status: { completionStatus },
      foreign: ['completionStatus.notificationRequestRefs'],
    });
    const r = await settled(takeSnapshot(aRemediation('Executing'), edited), p);
    assert.deepEqual(p.calls, ['read theirs', 'read also-theirs', 'show Pending']);
    const gone = takeSnapshot(r, aNotification('theirs', {}, { gone: true, resourceVersion: '200' }));
    const after = await settled(gone, p);
    assert.equal(after.observed.notificationStatus, 'Cancelled');
    assert.equal(after.observed.foreignConditions['NotificationDelivered']?.reason, 'UserCancelled');
    assert.equal(after.state.phase, 'Executing');
    assert.ok('also-theirs' in after.notifications.seen);
  });
  it('hears of a reference that somebody else has added, and of nothing that it added itself', () => {
    const before = aRequestSnapshot({ resourceVersion: '60' });
    const status = { completionStatus: { notificationRequestRefs: [{ name: 'theirs', namespace }] } };
    const after = aRequestSnapshot({ resourceVersion: '61', status });
    assert.equal(weightOf(before, { ...after, foreign: ['completionStatus.notificationRequestRefs'] }), 'soon');
    assert.equal(weightOf(before, after), 'none');
  });
  it('loses none of its own references when somebody overwrites the list', () => {
    const base = aRemediation('Executing');
    const status = { ...base.status, completionStatus: { notificationRequestRefs: [{ name: APPROVAL, namespace }] } };
    const edited = aRequestSnapshot({
      resourceVersion: '60',
      status: { completionStatus: { notificationRequestRefs: [{ name: 'theirs', namespace }] } },
      foreign: ['completionStatus.notificationRequestRefs'],
    });
    const refs = takeSnapshot({ ...base, status }, edited).status.completionStatus?.notificationRequestRefs;
    assert.deepEqual(
      refs?.map((ref) => ref.name),
      [APPROVAL, 'theirs'],
    );
  });
  it('does not take a reference to nothing for a cancellation', async () => {
    const p = ports({ read: { kind: 'absent' } });
    const base = aRemediation('Executing');
    const status = { ...base.status, completionStatus: { notificationRequestRefs: [{ name: 'nothing', namespace }] } };
    await settled({ ...base, status }, p);
    assert.deepEqual(p.calls, ['read nothing']);
  });
  it('ignores notifications of others that nobody pointed at', () => {
    const r = waiting({});
    assert.equal(takeSnapshot(r, aNotification('stranger', { phase: 'Failed' }, { ownerUid: 'another' })), r);
  });
  it('E-109: waits on when a notification never answers', async () => {
    const p = ports({});
    const r = waiting({ [APPROVAL]: aNotification(APPROVAL) });
    assert.equal(await tend(r, p), r);
    assert.deepEqual(p.calls, []);
    assert.equal(lookAgainAt(r, NOW), undefined);
  });
  it('takes note that its object is gone', async () => {
    const p = ports({ mirror: { kind: 'gone' } });
    const after = await settled(waiting({ [APPROVAL]: aNotification(APPROVAL, { phase: 'Sent' }) }), p);
    assert.equal(after.observed.gone, true);
  });
  it('believes what it finds when somebody else wrote before it', async () => {
    const Theirs = { status: 'True', reason: 'R', message: 'm', lastTransitionTime: 't' } as const;
    const observed = aRequestSnapshot({ resourceVersion: '90', status: { conditions: { Theirs } } });
    const p = ports({ mirror: { kind: 'written', resourceVersion: '90', observed } });
    const after = await settled(waiting({ [APPROVAL]: aNotification(APPROVAL, { phase: 'Sent' }) }), p);
    assert.deepEqual(after.observed.foreignConditions['Theirs'], Theirs);
    assert.equal(after.observed.resourceVersion, '90');
  });
});

describe('a step of a remediation', () => {
  it('E-003, E-004: shows in its own PATCH how a notification is delivered, so that no other write is needed', async () => {
    const p = ports({ mirror: written });
    const r = await tend(waiting({ [APPROVAL]: aNotification(APPROVAL, { phase: 'Sent' }) }), p);
    const { commit, next } = stepOf(r, bare('L41', r), NOW);
    assert.equal(commit.write?.notificationStatus, 'Sent');
    assert.equal(commit.write.foreignConditions['NotificationDelivered']?.status, 'True');
    assert.equal(commit.write.delta.completionStatus?.notificationStatus, undefined);
    assert.equal(await settled(next, p), next);
    assert.deepEqual(p.calls, []);
  });
});

describe('what fails while a remediation waits', () => {
  it('is tried again after 30 s, and meanwhile nothing is asked', async () => {
    const p = ports({});
    const r = waiting({ [APPROVAL]: aNotification(APPROVAL, { phase: 'Sent' }) });
    const after = await settled(r, p);
    assert.equal(lookAgainAt(after, p.now()), p.now() + 30_000);
    assert.equal(await tend(after, p), after);
    assert.deepEqual(p.calls, ['show Sent']);
    await settled(after, p, 30_000);
    assert.deepEqual(p.calls, ['show Sent', 'show Sent']);
  });
  it('is the bell of an approval: it is rung again while the question is open', async () => {
    const order = orderOf(EXAMPLES.approval(), 'approval');
    assert.ok(order !== undefined);
    const r = aRemediation('AwaitingApproval');
    const unsent = { ...r, notifications: { ...r.notifications, unsent: [order], notBefore: NOW + 30_000 } };
    assert.equal(lookAgainAt(unsent, NOW), NOW + 30_000);
    const p = { ...ports({}), now: () => NOW + 30_000 };
    const after = await tend(unsent, p);
    assert.deepEqual(p.calls, [`make ${APPROVAL}`]);
    assert.deepEqual(after.notifications.unsent, []);
    assert.ok(APPROVAL in after.notifications.seen);
  });
  it('does not wake anybody in a cluster without notifications', async () => {
    const order = orderOf(EXAMPLES.approval(), 'approval');
    assert.ok(order !== undefined);
    const r = aRemediation('AwaitingApproval');
    const unsent = { ...r, notifications: { ...r.notifications, unsent: [order] } };
    const after = await tend(unsent, ports({ made: () => ({ kind: 'unavailable', message: '' }) }));
    assert.equal(lookAgainAt(after, NOW), undefined);
    assert.equal(after.notifications.unsent.length, 1);
  });
});
