/** Starts workflows: the most severe and oldest first, only so many at once and a second, each tried until it is done. */
import { setTimeout as sleep } from 'node:timers/promises';
import { retryDelay } from '../../src/kubernetes/retry-delay.ts';
import type { ConnectionState } from './connection-state.ts';
import type { SeenRequest } from './state.ts';

export type Ensured = 'started' | 'running' | 'closed';

export interface StartQueueOptions {
  /** The request as it is by now; undefined when it needs no workflow any more. */
  readonly current: (uid: string) => SeenRequest | undefined;
  readonly ensure: (seen: SeenRequest) => Promise<Ensured>;
  readonly onEnsured: (seen: SeenRequest, ensured: Ensured) => void;
  readonly connection: ConnectionState;
  readonly concurrency?: number;
  /** Starts a second in the long run, and how many may come at once after a pause. */
  readonly perSecond?: number;
  readonly burst?: number;
}

export interface StartQueue {
  /** Asks for the workflow of a request; one that is asked for already keeps its place. */
  add(uid: string): void;
  /** Nothing starts before this: the first list must be registered as a whole. */
  open(): void;
  has(uid: string): boolean;
  stop(): Promise<void>;
}

/** Short, so that what waited for the server starts soon after it is back. */
const RETRY = { minMs: 200, maxMs: 4000 };

const RANK: Readonly<Record<string, number>> = { critical: 0, high: 1, warning: 2, medium: 2, low: 3, info: 4 };

/** Lower goes first; a severity that is not known stands in the middle. */
function compareUrgency(a: SeenRequest, b: SeenRequest): number {
  const rank = ({ request }: SeenRequest): number => RANK[request.spec.severity.toLowerCase()] ?? 2;
  return rank(a) - rank(b) || a.request.creationTimestamp.localeCompare(b.request.creationTimestamp);
}

/** Closed at first. */
export function createStartQueue(options: StartQueueOptions): StartQueue {
  const { concurrency = 16, perSecond = 100, burst = 100 } = options;
  const stopping = new AbortController();
  const waiting = new Set<string>();
  const busy = new Map<string, Promise<void>>();
  let order: string[] = [];
  let sorted = true;
  let opened = false;
  let tokens = burst;
  let filledAt = Date.now();
  let timer: NodeJS.Timeout | undefined;

  const takeToken = (): boolean => {
    const now = Date.now();
    tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };

  const sort = (): void => {
    if (sorted) return;
    const present = order.map((uid) => ({ uid, seen: options.current(uid) }));
    for (const { uid, seen } of present) if (seen === undefined) waiting.delete(uid);
    const wanted = present.flatMap(({ uid, seen }) => (seen === undefined ? [] : [{ uid, seen }]));
    order = wanted.sort((a, b) => compareUrgency(b.seen, a.seen)).map(({ uid }) => uid);
    sorted = true;
  };

  const start = async (uid: string): Promise<(() => void) | undefined> => {
    for (let failures = 1; ; failures++) {
      const seen = options.current(uid);
      if (seen === undefined) return undefined;
      try {
        const ensured = await options.ensure(seen);
        options.connection.succeeded();
        return () => {
          options.onEnsured(seen, ensured);
        };
      } catch (error) {
        options.connection.failed(error);
        // A place among the concurrent ones is kept: when the server is down, nobody else would get through either.
        const stopped = await sleep(retryDelay(failures, RETRY), false, { signal: stopping.signal }).catch(() => true);
        if (stopped) return undefined;
      }
    }
  };

  const pump = (): void => {
    if (!opened || stopping.signal.aborted) return;
    sort();
    while (order.length > 0 && busy.size < concurrency) {
      if (!takeToken()) {
        timer ??= setTimeout(() => {
          timer = undefined;
          pump();
        }, 1000 / perSecond);
        return;
      }
      const uid = order.pop() ?? '';
      waiting.delete(uid);
      busy.set(
        uid,
        start(uid).then((tell) => {
          busy.delete(uid);
          tell?.();
          pump();
        }),
      );
    }
  };

  return {
    add(uid) {
      if (waiting.has(uid) || busy.has(uid)) return;
      waiting.add(uid);
      order.push(uid);
      sorted = false;
      pump();
    },
    open() {
      opened = true;
      pump();
    },
    has: (uid) => waiting.has(uid) || busy.has(uid),
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await Promise.all(busy.values());
    },
  };
}
