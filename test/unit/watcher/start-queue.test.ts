import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { silentLogger } from '../../../src/logger.ts';
import { createConnectionState } from '../../../workers/watcher/connection-state.ts';
import { createStartQueue } from '../../../workers/watcher/start-queue.ts';
import type { Ensured, StartQueue, StartQueueOptions } from '../../../workers/watcher/start-queue.ts';
import { seenRequest } from '../../../workers/watcher/state.ts';
import type { SeenRequest } from '../../../workers/watcher/state.ts';
import { eventually } from '../../support/eventually.ts';

const seen = (uid: string, severity: string, minute: number): SeenRequest =>
  seenRequest({
    metadata: { name: uid, uid, resourceVersion: '1', creationTimestamp: `2026-11-24T10:${String(minute)}:00Z` },
    spec: { severity },
  });

describe('the start queue', () => {
  let queue: StartQueue;
  const fill = (
    requests: readonly SeenRequest[],
    ensure: (uid: string) => Promise<Ensured> = () => Promise.resolve('started'),
    options: Partial<StartQueueOptions> = {},
  ) => {
    const known = new Map(requests.map((one) => [one.request.uid, one]));
    const done: string[] = [];
    queue = createStartQueue({
      current: (uid) => known.get(uid),
      ensure: ({ request }) => ensure(request.uid),
      onEnsured: ({ request }, ensured) => {
        done.push(`${request.uid} ${ensured}`);
      },
      connection: createConnectionState('Temporal', silentLogger),
      ...options,
    });
    for (const uid of known.keys()) queue.add(uid);
    return { known, done };
  };
  afterEach(() => queue.stop());

  it('starts the most severe first, then the oldest, whatever the order they came in', async () => {
    const requests = [
      seen('young', 'warning', 20),
      seen('info', 'info', 10),
      seen('odd', 'WhoKnows', 30),
      seen('old', 'warning', 10),
      seen('bad', 'Critical', 40),
    ];
    const { done } = fill(requests, undefined, { concurrency: 1 });
    queue.open();
    await eventually(() => {
      assert.deepEqual(
        done.map((text) => text.split(' ')[0]),
        ['bad', 'old', 'young', 'odd', 'info'],
      );
    });
  });

  it('starts nothing before it is opened, and nothing that needs no workflow by then', async () => {
    const { known, done } = fill([seen('a', 'critical', 10), seen('b', 'critical', 11)]);
    known.delete('a');
    queue.open();
    await eventually(() => {
      assert.deepEqual(done, ['b started']);
    });
    assert.equal(queue.has('a'), false);
  });

  it('keeps to its limits of starts at once and a second', async () => {
    let under = 0;
    let most = 0;
    const requests = Array.from({ length: 30 }, (_, i) => seen(String(i), 'critical', 10));
    const began = Date.now();
    const { done } = fill(
      requests,
      async () => {
        most = Math.max(most, (under += 1));
        await new Promise((resolve) => setImmediate(resolve));
        under -= 1;
        return 'started';
      },
      { concurrency: 3, perSecond: 100, burst: 10 },
    );
    queue.open();
    await eventually(() => {
      assert.equal(done.length, 30);
    });
    assert.equal(most, 3);
    assert.ok(Date.now() - began >= 190, 'twenty starts beyond the burst take a fifth of a second');
  });

  it('tries one that fails until it succeeds, while others get through', async () => {
    let failures = 3;
    const { done } = fill([seen('a', 'critical', 10), seen('b', 'info', 10)], (uid) =>
      uid === 'a' && failures-- > 0 ? Promise.reject(new Error('unavailable')) : Promise.resolve('running'),
    );
    queue.open();
    queue.add('a');
    await eventually(() => {
      assert.deepEqual(done, ['b running', 'a running']);
    });
  });
});
