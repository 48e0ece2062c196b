import assert from 'node:assert/strict';
import type { NotificationAnswer, NotificationOrder } from '../../../src/remediation/children.ts';
import { notificationsFor } from '../../../src/remediation/notifications/index.ts';
import { dueAgain, withNotifications } from '../../../src/remediation/notifications/made.ts';
import { resumed, stepOf } from '../../../src/remediation/step.ts';
import { asJson } from '../../../src/remediation/status.ts';
import { aNotification, bare, created, EXAMPLES, NOW } from '../../builders/notifications.ts';
import type { Taken } from '../../builders/notifications.ts';
import { aRemediation } from '../../builders/remediation.ts';
import { aRequest } from '../../builders/request.ts';

const { name, namespace } = aRequest();
const refused = (kind: 'foreign' | 'unavailable' | 'forbidden' | 'unreachable' | 'invalid'): NotificationAnswer => ({
  kind,
  message: 'not today',
});

function notified({ r, t }: Taken, answer: (order: NotificationOrder) => NotificationAnswer) {
  const ordered = notificationsFor(r, t, NOW);
  return withNotifications(
    r,
    t,
    ordered,
    ordered.map((order) => ({ order, answer: answer(order) })),
    NOW,
  );
}

describe('a step with notifications', () => {
  it('E-004, E-147, E-161, F-70: writes a whole reference in its own PATCH, names the child in the trail and tells of it', () => {
    const { remediation, transition } = notified(EXAMPLES.completion(), created);
    const { commit } = stepOf(remediation, transition, NOW);
    assert.deepEqual(commit.write?.delta.completionStatus?.notificationRequestRefs, [
      {
        apiVersion: 'kubernaut.ai/v1alpha1',
        kind: 'NotificationRequest',
        name: `nr-completion-${name}`,
        namespace,
        uid: `nr-completion-${name}-uid`,
      },
    ]);
    assert.equal(commit.write.delta.completionStatus.outcome, 'Remediated');
    const moved = commit.events.find(({ type }) => type === 'orchestrator.lifecycle.transitioned');
    assert.deepEqual(moved?.data['children'], [
      {
        kind: 'NotificationRequest',
        name: `nr-completion-${name}`,
        uid: `nr-completion-${name}-uid`,
        action: 'created',
        namespace,
      },
    ]);
    assert.ok(
      commit.kubernetesEvents.some(({ type, reason }) => type === 'Normal' && reason === 'NotificationCreated'),
    );
  });
  it('names what it found in place as adopted', () => {
    const { transition } = notified(
      EXAMPLES.completion(),
      (order) => ({ ...created(order), kind: 'found' }) as NotificationAnswer,
    );
    assert.deepEqual(
      transition.children.map(({ action }) => action),
      ['adopted'],
    );
  });
  it('F-71: says that the bell of an approval was rung, once it was', () => {
    const sent = (answer: (order: NotificationOrder) => NotificationAnswer) =>
      notified(EXAMPLES.approval(), answer).transition.delta.completionStatus?.approvalNotificationSent;
    assert.equal(sent(created), true);
    assert.equal(
      sent(() => refused('unreachable')),
      undefined,
    );
  });
  it('tells of a wanted review before the move, whether its notification could be made or not', () => {
    for (const answer of [created, () => refused('unavailable')]) {
      const { remediation, transition } = notified(EXAMPLES['manual review'](), answer);
      const { commit } = stepOf(remediation, transition, NOW);
      assert.deepEqual(
        commit.events.map(({ type }) => type.split('.').at(-1)),
        ['manual_review', 'transitioned', 'completed'],
      );
      const [review] = commit.events;
      assert.equal(review?.action, 'manual_review_required');
      assert.equal(review.severity, 'warning');
      assert.equal(review.data['notification_name'], `nr-manual-review-${name}`);
      assert.equal(review.data['review_source'], 'AIAnalysis');
      assert.equal(review.data['human_review_reason'], 'workflow_not_found');
    }
  });
  it('E-161: adds to the references of others and names nothing twice', () => {
    const base = aRemediation('Verifying');
    const refs = [
      { name: 'somebody-elses', namespace },
      { name: `nr-approval-${name}`, namespace },
    ];
    const status = { ...base.status, completionStatus: { notificationRequestRefs: refs } };
    const { transition } = notified(EXAMPLES.completion({ status }), created);
    assert.deepEqual(
      transition.delta.completionStatus?.notificationRequestRefs?.map((ref) => ref.name),
      ['somebody-elses', `nr-approval-${name}`, `nr-completion-${name}`],
    );
  });
});

describe('a notification that cannot be made', () => {
  const failing = ['foreign', 'unavailable', 'forbidden', 'unreachable'] as const;
  for (const kind of failing)
    it(`(${kind}) does not stop the step, is said once, and is tried again`, () => {
      const { remediation, transition } = notified(EXAMPLES.escalation(), () => refused(kind));
      assert.equal(transition.to.phase, 'Failed');
      assert.equal(transition.delta.completionStatus?.notificationRequestRefs, undefined);
      const reason = kind === 'unavailable' ? 'NotificationsUnavailable' : 'NotificationFailed';
      const warnings = transition.kubernetesEvents.filter((event) => event.reason === reason);
      assert.equal(warnings.length, 1);
      assert.match(String(warnings[0]?.message), new RegExp(`nr-escalation-${name} was not made: not today`));
      assert.deepEqual(dueAgain(remediation, NOW + 29_000), []);
      const later = NOW + (kind === 'unavailable' ? 300_000 : 30_000);
      const [again] = dueAgain(remediation, later);
      assert.equal(again?.name, `nr-escalation-${name}`);
      const next = withNotifications(
        remediation,
        bare('L06', remediation),
        [],
        [{ order: again, answer: created(again) }],
        later,
      );
      assert.deepEqual(next.remediation.notifications.unsent, []);
      assert.equal(next.transition.delta.completionStatus?.notificationRequestRefs?.length, 1);
    });
  it('E-162: is not tried again when it is refused for good', () => {
    const { remediation, transition } = notified(EXAMPLES.escalation(), () => refused('invalid'));
    assert.deepEqual(remediation.notifications.unsent, []);
    assert.ok(transition.kubernetesEvents.some(({ reason }) => reason === 'NotificationFailed'));
  });
  it('is kept in the ledger, so that whoever goes on can make it', () => {
    const { remediation, transition } = notified(EXAMPLES.escalation(), () => refused('unreachable'));
    const { commit, next } = stepOf(remediation, transition, NOW);
    const recorded = { step: next.step, status: asJson(next.status), memory: commit.memory };
    const forgotten = resumed(aRemediation('Processing'), recorded);
    assert.deepEqual(
      forgotten.notifications.unsent.map((order) => order.name),
      [`nr-escalation-${name}`],
    );
  });
  it('is dropped with the question or the wait that it announced', () => {
    const { remediation } = notified(EXAMPLES.approval(), () => refused('unreachable'));
    assert.equal(remediation.notifications.unsent.length, 1);
    const next = withNotifications(remediation, bare('L19', remediation), [], [], NOW + 60_000);
    assert.deepEqual(dueAgain(remediation, NOW + 60_000), []);
    assert.deepEqual(next.remediation.notifications.unsent, []);
  });
  it('is listed by the next step when it was made while the remediation waited', () => {
    const made = aNotification(`nr-approval-${name}`);
    const r = aRemediation('AwaitingApproval');
    const waiting = { ...r, notifications: { ...r.notifications, seen: { [made.name]: made } } };
    const { transition } = withNotifications(waiting, bare('L19', waiting), [], [], NOW);
    assert.equal(transition.delta.completionStatus?.approvalNotificationSent, true);
    assert.equal(transition.delta.completionStatus.notificationRequestRefs?.length, 1);
  });
});
