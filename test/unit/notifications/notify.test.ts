import assert from 'node:assert/strict';
import type { NotificationAnswer, NotificationOrder } from '../../../src/remediation/children.ts';
import { notify } from '../../../workflows/steps/notify.ts';
import { bare, created, EXAMPLES, NOW } from '../../builders/notifications.ts';
import { aRemediation } from '../../builders/remediation.ts';
import { aRequest } from '../../builders/request.ts';

const { name } = aRequest();

function ports(answer: (order: NotificationOrder) => NotificationAnswer = created) {
  const asked: string[] = [];
  return {
    asked,
    now: () => NOW,
    ensureNotification: (order: NotificationOrder) => {
      asked.push(order.name);
      return Promise.resolve(answer(order));
    },
  };
}

describe('notifying', () => {
  it('E-074: makes each notification of a step, and only once', async () => {
    const p = ports();
    const { r, t } = EXAMPLES.bulk();
    const first = await notify(r, t, p);
    await notify(first.remediation, t, p);
    assert.deepEqual(p.asked, [`nr-completion-${name}`, `nr-bulk-${name}`]);
  });
  it('leaves a step alone that nobody is to hear of', async () => {
    const p = ports();
    const r = aRemediation('Pending');
    const t = bare('L03', r);
    assert.deepEqual(await notify(r, t, p), { remediation: r, transition: t });
    assert.deepEqual(p.asked, []);
  });
  it('makes nothing for a request that is gone', async () => {
    const p = ports();
    const { r, t } = EXAMPLES.escalation();
    await notify(r, { ...t, isGone: true }, p);
    assert.deepEqual(p.asked, []);
  });
  it('tries again with the next step what failed before', async () => {
    const { r, t } = EXAMPLES.block();
    const failed = await notify(
      r,
      t,
      ports(() => ({ kind: 'unreachable', message: '' })),
    );
    assert.equal(failed.remediation.notifications.unsent.length, 1);
    const p = { ...ports(), now: () => NOW + 31_000 };
    const waiting = { ...failed.remediation, notifications: { ...failed.remediation.notifications } };
    await notify(waiting, EXAMPLES.escalation().t, p);
    assert.deepEqual(p.asked, [`nr-escalation-${name}`], 'a block that is over is not announced');
  });
});
