import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { silentLogger } from '../../../src/logger.ts';
import type { ChildSnapshot, RequestSnapshot, Snapshot } from '../../../src/remediation/snapshots.ts';
import { createConnectionState } from '../../../workers/watcher/connection-state.ts';
import { createOutbox } from '../../../workers/watcher/outbox.ts';
import type { Delivery, Outbox, OutboxOptions } from '../../../workers/watcher/outbox.ts';
import { eventually } from '../../support/eventually.ts';

const child = (uid: string, resourceVersion: number): ChildSnapshot<'SignalProcessing'> => ({
  kind: 'SignalProcessing',
  namespace: 'default',
  name: uid,
  uid,
  resourceVersion: String(resourceVersion),
  status: {},
});

const request = (resourceVersion: number): RequestSnapshot => ({
  kind: 'RemediationRequest',
  namespace: 'default',
  name: 'rr',
  uid: 'rr',
  resourceVersion: String(resourceVersion),
  generation: 1,
  status: {},
  foreign: ['timeoutConfig'],
});

interface Message {
  readonly uid: string;
  readonly versions: readonly string[];
  readonly at: number;
}

describe('the outbox', () => {
  let outbox: Outbox;
  const open = (
    deliver: (uid: string, snapshots: readonly Snapshot[]) => Promise<Delivery>,
    options: Partial<OutboxOptions> = {},
  ): Message[] => {
    const messages: Message[] = [];
    outbox = createOutbox({
      deliver: async (uid, snapshots) => {
        const delivery = await deliver(uid, snapshots);
        const versions = snapshots.map((one) => `${one.uid}@${one.resourceVersion}`);
        if (delivery === 'sent') messages.push({ uid, versions, at: Date.now() });
        return delivery;
      },
      connection: createConnectionState('Temporal', silentLogger),
      intervalMs: 100,
      ...options,
    });
    return messages;
  };
  const sent = (): Promise<Delivery> => Promise.resolve('sent');
  const versionsOf = (messages: readonly Message[]) => messages.map(({ versions }) => versions);
  afterEach(() => outbox.stop());

  it('keeps what it gets before it is opened, and sends the newest of each object in one message', async () => {
    const messages = open(sent);
    outbox.put('w', child('a', 1), 'urgent');
    outbox.put('w', child('b', 5), 'urgent');
    outbox.put('w', child('a', 3), 'urgent');
    outbox.put('w', child('a', 2), 'urgent');
    assert.equal(outbox.size(), 2);
    outbox.open();
    await eventually(() => {
      assert.deepEqual(versionsOf(messages), [['a@3', 'b@5']]);
    });
    assert.equal(outbox.size(), 0);
  });

  it('lets what may wait ride along with what is urgent', async () => {
    const messages = open(sent);
    outbox.open();
    outbox.put('w', child('a', 1), 'may-wait');
    outbox.put('w', child('b', 1), 'urgent');
    await eventually(() => {
      assert.deepEqual(versionsOf(messages), [['a@1', 'b@1']]);
    });
  });

  it('sends what may wait within the interval, in its newest state, once', async () => {
    const messages = open(sent);
    outbox.open();
    const began = Date.now();
    outbox.put('w', child('a', 1), 'may-wait');
    outbox.put('w', child('a', 2), 'none');
    outbox.put('w', child('a', 3), 'may-wait');
    await eventually(() => {
      assert.deepEqual(versionsOf(messages), [['a@3']]);
    });
    assert.ok((messages[0]?.at ?? 0) - began >= 99, 'it waited');
  });

  it('holds back the second edit of a request, but not its deletion (G-39)', async () => {
    const messages = open(sent, { intervalMs: 60_000 });
    outbox.open();
    outbox.put('rr', request(1), 'soon');
    await eventually(() => {
      assert.equal(messages.length, 1);
    });
    for (let version = 2; version < 1000; version++) outbox.put('rr', request(version), 'soon');
    outbox.put('rr', { ...request(1000), gone: true }, 'urgent');
    await eventually(() => {
      assert.deepEqual(versionsOf(messages), [['rr@1'], ['rr@1000']]);
    });
  });

  it('sends again what was put while it was being sent, and never two messages to one workflow at once', async () => {
    let release: (() => void) | undefined;
    let under = 0;
    const messages = open(async () => {
      assert.equal((under += 1), 1);
      await new Promise<void>((resolve) => (release = resolve));
      under -= 1;
      return 'sent';
    });
    outbox.open();
    outbox.put('w', child('a', 1), 'urgent');
    outbox.put('w', child('a', 2), 'urgent');
    await eventually(() => {
      release?.();
      assert.deepEqual(versionsOf(messages), [['a@1'], ['a@2']]);
    });
  });

  it('retries one workflow without holding up another, in order', async () => {
    let failures = 2;
    const messages = open((uid) =>
      uid === 'slow' && failures-- > 0 ? Promise.reject(new Error('unavailable')) : sent(),
    );
    outbox.open();
    outbox.put('slow', child('a', 1), 'urgent');
    outbox.put('quick', child('b', 1), 'urgent');
    await eventually(() => {
      assert.deepEqual(
        messages.map(({ uid }) => uid),
        ['quick', 'slow'],
      );
    });
  });

  it('waits for a workflow that is being started, and goes on at once when it is', async () => {
    let started = false;
    const messages = open(() => Promise.resolve(started ? 'sent' : 'later'), { longestUnknownMs: 0 });
    outbox.open();
    outbox.put('w', child('a', 1), 'urgent');
    await eventually(() => {
      assert.equal(outbox.size(), 1);
    });
    started = true;
    outbox.hurry('w');
    await eventually(() => {
      assert.deepEqual(versionsOf(messages), [['a@1']]);
    });
  });

  it('gives up on what concerns nobody', async () => {
    const messages = open(() => Promise.resolve('unknown'), { longestUnknownMs: 0 });
    outbox.open();
    outbox.put('w', child('a', 1), 'urgent');
    await eventually(() => {
      assert.equal(outbox.size(), 0);
    });
    assert.deepEqual(messages, []);
  });
});
