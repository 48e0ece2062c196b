import assert from 'node:assert/strict';
import { afterNews, deliveryOf, deliveryOfAll, mirrorOf } from '../../../src/remediation/notifications/delivery.ts';
import { aNotification, NOW } from '../../builders/notifications.ts';

const nr = (phase?: string, message?: string) =>
  aNotification('nr-1', { ...(phase === undefined ? {} : { phase }), ...(message === undefined ? {} : { message }) });
const gone = (phase?: string) => ({ ...nr(phase), gone: true });
const GENERATION = { generation: 3 };

describe('the delivery of a notification', () => {
  const cases = [
    ['B-32', 'Pending', 'Pending', undefined],
    ['B-33', 'Sending', 'InProgress', undefined],
    ['B-34, B-36', 'Sent', 'Sent', ['True', 'DeliverySucceeded', 'Notification delivered successfully']],
    ['B-35', 'Failed', 'Failed', ['False', 'DeliveryFailed', 'Notification nr-1 could not be delivered']],
  ] as const;
  for (const [id, phase, word, condition] of cases)
    it(`${id}: ${phase} is shown as ${word}`, () => {
      const mirror = mirrorOf(deliveryOfAll([nr(phase)]), GENERATION, NOW);
      assert.equal(mirror?.notificationStatus, word);
      const { status, reason, message } = mirror.condition ?? {};
      assert.deepEqual(condition === undefined ? undefined : [...condition], status && [status, reason, message]);
      if (condition !== undefined) assert.equal(mirror.condition?.observedGeneration, 3);
    });
  it('B-37, E-159: a failure is shown with its message', () => {
    const mirror = mirrorOf(deliveryOfAll([nr('Failed', 'SMTP server unreachable')]), GENERATION, NOW);
    assert.match(String(mirror?.condition?.message), /SMTP server unreachable/);
  });
  for (const phase of [undefined, '', 'Retrying', 'PartiallySent', 'Dreaming'])
    it(`${String(phase)} changes nothing`, () => {
      assert.equal(mirrorOf(deliveryOfAll([nr(phase)]), GENERATION, NOW), undefined);
      const before = nr('Sending');
      const after = afterNews(before, { ...nr(phase), resourceVersion: '101' });
      assert.equal(deliveryOf(after), 'InProgress');
    });
  it('B-30: one that somebody deletes before it was delivered is cancelled by a user', () => {
    const mirror = mirrorOf(deliveryOfAll([gone('Pending')]), GENERATION, NOW);
    assert.equal(mirror?.notificationStatus, 'Cancelled');
    assert.deepEqual([mirror.condition?.status, mirror.condition?.reason], ['False', 'UserCancelled']);
    assert.match(String(mirror.message), /nr-1 was deleted/);
  });
  it('one that is deleted after it was delivered stays delivered', () => {
    assert.equal(deliveryOf(afterNews(nr('Sent'), gone('Sent'))), 'Sent');
    assert.equal(deliveryOf(afterNews(nr('Failed'), gone())), 'Failed');
  });
  it('one that was never seen says nothing', () => {
    assert.equal(deliveryOf('absent'), undefined);
    assert.equal(deliveryOfAll(['absent', undefined]), undefined);
  });
  it('an end is final', () => {
    assert.equal(deliveryOf(afterNews(nr('Sent'), nr('Sending'))), 'Sent');
  });
});

describe('the delivery of several notifications', () => {
  it('E-160, B-31: is the worst of them, whatever the order', () => {
    const all = {
      Failed: nr('Failed'),
      Cancelled: gone(),
      Pending: nr('Pending'),
      InProgress: nr('Sending'),
      Sent: nr('Sent'),
    };
    const words = Object.keys(all) as (keyof typeof all)[];
    for (let i = 0; i < words.length; i += 1) {
      const rest = words.slice(i).map((word) => all[word]);
      assert.equal(deliveryOfAll(rest)?.word, words[i]);
      assert.equal(deliveryOfAll([...rest].reverse())?.word, words[i]);
    }
  });
  it('is not held up by one that has no word yet', () => {
    assert.equal(deliveryOfAll([nr(), nr('Sent')])?.word, 'Sent');
  });
});

describe('the mirror of the delivery', () => {
  const shownAs = (status: 'True' | 'False', reason: string, message: string, since: string) => ({
    notificationStatus: status === 'True' ? 'Sent' : 'Failed',
    condition: { status, reason, message, lastTransitionTime: since, observedGeneration: 3 },
    generation: 3,
  });
  const sent = shownAs('True', 'DeliverySucceeded', 'Notification delivered successfully', 'then');
  it('E-003: is written once', () => {
    assert.equal(mirrorOf(deliveryOfAll([nr('Sent')]), sent, NOW), undefined);
    assert.equal(
      mirrorOf(deliveryOfAll([nr('Sending')]), { ...sent, notificationStatus: 'InProgress' }, NOW),
      undefined,
    );
  });
  it('keeps the time of the condition while its status stays', () => {
    const failed = shownAs('False', 'UserCancelled', 'deleted', 'then');
    assert.equal(mirrorOf(deliveryOfAll([nr('Failed')]), failed, NOW)?.condition?.lastTransitionTime, 'then');
    assert.notEqual(mirrorOf(deliveryOfAll([nr('Failed')]), sent, NOW)?.condition?.lastTransitionTime, 'then');
  });
});
