/**
 * Carries snapshots to workflows: per workflow one message at a time with everything that waits for it, the newest state of each object,
 * in order, each tried until it is there. One workflow that cannot be reached does not hold up the others.
 */
import { retryDelay } from '../../src/kubernetes/retry-delay.ts';
import type { RetryBounds } from '../../src/kubernetes/retry-delay.ts';
import type { Weight } from '../../src/remediation/news.ts';
import { isNewer } from '../../src/remediation/snapshots.ts';
import type { Snapshot } from '../../src/remediation/snapshots.ts';
import type { ConnectionState } from './connection-state.ts';
import { objectKey } from './state.ts';

/** What became of a message. `later`: its workflow is being started. `unknown`: nobody is known whom it concerns, which may change soon. */
export type Delivery = 'sent' | 'dropped' | 'later' | 'unknown';

export interface OutboxOptions {
  readonly deliver: (uid: string, snapshots: readonly Snapshot[]) => Promise<Delivery>;
  readonly connection: ConnectionState;
  /** Shortest time between two messages about one object, unless the second is urgent; 1 s. */
  readonly intervalMs?: number;
  readonly concurrency?: number;
  /** How long a message waits for somebody to become known whom it concerns; 15 s. */
  readonly longestUnknownMs?: number;
}

export interface Outbox {
  /** Tells the workflow of the uid about the snapshot; what it is worth says how soon. */
  put(uid: string, snapshot: Snapshot, weight: Weight): void;
  /** Nothing is sent before this. */
  open(): void;
  /** The reason to wait with the messages of this workflow is over. */
  hurry(uid: string): void;
  /** Messages that have not been delivered yet. */
  size(): number;
  stop(): Promise<void>;
}

interface Letter {
  snapshot: Snapshot;
  dueAt: number;
  /** How often it was put as news; what is put while it is being sent is another message. */
  put: number;
  readonly since: number;
}

interface Box {
  readonly letters: Map<string, Letter>;
  /** When each request was last told of, for as long as that may hold back the next message. */
  readonly toldAt: Map<string, number>;
  failures: number;
  notBefore: number;
  busy: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** Short, so that what waited for a server is there soon after it is back; few calls are under way at once anyway. */
const RETRY: RetryBounds = { minMs: 200, maxMs: 4000 };

/** Closed at first. */
export function createOutbox(options: OutboxOptions): Outbox {
  const { intervalMs = 1000, concurrency = 32, longestUnknownMs = 15_000 } = options;
  const boxes = new Map<string, Box>();
  const ready: string[] = [];
  const sending = new Set<Promise<void>>();
  let opened = false;
  let stopped = false;

  const dueAt = (box: Box, key: string, weight: Weight, now: number): number => {
    if (weight === 'urgent') return now;
    if (weight === 'may-wait') return now + intervalMs;
    return Math.max(now, (box.toldAt.get(key) ?? 0) + intervalMs);
  };

  const schedule = (uid: string, box: Box): void => {
    if (!opened || stopped || box.busy) return;
    clearTimeout(box.timer);
    const now = Date.now();
    if (box.letters.size === 0) {
      if (box.toldAt.size === 0) boxes.delete(uid);
      else box.timer = setTimeout(() => boxes.delete(uid), Math.max(...box.toldAt.values()) + intervalMs - now);
      return;
    }
    const due = Math.min(...[...box.letters.values()].map((letter) => letter.dueAt));
    const wait = Math.max(due, box.notBefore) - now;
    if (wait > 0) {
      box.timer = setTimeout(() => {
        schedule(uid, box);
      }, wait);
      return;
    }
    box.busy = true;
    ready.push(uid);
    pump();
  };

  const pump = (): void => {
    while (sending.size < concurrency && ready.length > 0 && !stopped) {
      const uid = ready.shift() ?? '';
      const box = boxes.get(uid);
      if (box === undefined) continue;
      const task = send(uid, box).finally(() => {
        sending.delete(task);
        box.busy = false;
        schedule(uid, box);
        pump();
      });
      sending.add(task);
    }
  };

  const send = async (uid: string, box: Box): Promise<void> => {
    const letters = [...box.letters].map(([key, letter]) => ({ key, letter, ...letter }));
    try {
      const delivery = await options.deliver(
        uid,
        letters.map(({ snapshot }) => snapshot),
      );
      if (delivery === 'later' || delivery === 'unknown') {
        postpone(box, RETRY);
        if (delivery === 'later') return;
        for (const { key, since } of letters) if (since + longestUnknownMs < Date.now()) box.letters.delete(key);
        return;
      }
      if (delivery === 'sent') options.connection.succeeded();
      box.failures = 0;
      for (const { key, snapshot } of letters)
        if (snapshot.kind === 'RemediationRequest') box.toldAt.set(key, Date.now());
      for (const { key, letter, put } of letters) if (letter.put === put) box.letters.delete(key);
    } catch (error) {
      options.connection.failed(error);
      postpone(box, RETRY);
    }
  };

  const postpone = (box: Box, bounds: RetryBounds): void => {
    box.failures += 1;
    box.notBefore = Date.now() + retryDelay(box.failures, bounds);
  };

  return {
    put(uid, snapshot, weight) {
      const key = objectKey(snapshot);
      const known = boxes.get(uid);
      const letter = known?.letters.get(key);
      if (letter !== undefined && isNewer(letter.snapshot, snapshot)) letter.snapshot = snapshot;
      if (weight === 'none') return;
      const box = known ?? emptyBox();
      boxes.set(uid, box);
      const now = Date.now();
      const due = dueAt(box, key, weight, now);
      if (letter === undefined) box.letters.set(key, { snapshot, dueAt: due, put: 1, since: now });
      else {
        letter.dueAt = Math.min(letter.dueAt, due);
        letter.put += 1;
      }
      schedule(uid, box);
    },
    open() {
      opened = true;
      for (const [uid, box] of boxes) schedule(uid, box);
    },
    hurry(uid) {
      const box = boxes.get(uid);
      if (box === undefined) return;
      box.notBefore = 0;
      box.failures = 0;
      schedule(uid, box);
    },
    size: () => [...boxes.values()].reduce((sum, { letters }) => sum + letters.size, 0),
    async stop() {
      stopped = true;
      for (const { timer } of boxes.values()) clearTimeout(timer);
      await Promise.all(sending);
    },
  };
}

const emptyBox = (): Box => ({
  letters: new Map(),
  toldAt: new Map(),
  failures: 0,
  notBefore: 0,
  busy: false,
  timer: undefined,
});
