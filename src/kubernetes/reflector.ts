/**
 * Keeps a local picture of all objects of one kind in one namespace: lists them, watches from there, and tells every change in order.
 * Nothing that happened to an object while nobody watched is lost: the next list is compared with the picture.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fullMessage } from '../errors.ts';
import type { KubernetesClient, KubernetesObject } from './client.ts';
import { ApiUnavailableError, isRefusal } from './errors.ts';
import { pathOf } from './kinds.ts';
import type { Kind } from './kinds.ts';
import { createPicture } from './picture.ts';
import type { Change } from './picture.ts';
import { PATIENT, retryDelay } from './retry-delay.ts';
import type { RetryBounds } from './retry-delay.ts';
import { isExpired, watchEvents } from './watch-stream.ts';

/** `absent`: the API server does not serve the kind, because its CRD is not installed. */
export type ReflectorState =
  { readonly kind: 'connected' } | { readonly kind: 'disconnected' | 'absent'; readonly reason: string };

export interface ReflectorOptions<T> {
  readonly client: Pick<KubernetesClient, 'pages' | 'watch'>;
  readonly kind: Kind;
  readonly namespace: string;
  /** The part of an object that is kept and handed out. */
  readonly keep: (object: KubernetesObject) => T;
  /** Takes one change; the next is not read before this one is taken. */
  readonly handle: (change: Change<T>) => Promise<void> | void;
  /** A whole list has been taken. */
  readonly onListed?: () => Promise<void> | void;
  /** The connection to the API server changed; called once per change. */
  readonly onState?: (state: ReflectorState) => void;
  /** Longest time between two full lists; 10 min. */
  readonly relistMs?: number;
  /** Longest life of one watch request; 55 s. A silent connection is noticed at its end. */
  readonly watchSeconds?: number;
  readonly pageSize?: number;
  readonly retry?: RetryBounds;
}

export interface Reflector<T> {
  /** Whether a full list has been taken since the start. */
  synced(): boolean;
  state(): ReflectorState | undefined;
  /** What is there, as far as is known. */
  objects(): IterableIterator<T>;
  get(name: string): T | undefined;
  /** Ends the requests and the loop; the change being taken is taken. */
  stop(): Promise<void>;
}

const RELIST_MS = 10 * 60_000;
const WATCH_SECONDS = 55;
/** Beyond the server's own limit for a watch: then the connection is dead. */
const WATCH_GRACE_MS = 4000;

/** Starts at once and never gives up until it is stopped. */
export function startReflector<T>(options: ReflectorOptions<T>): Reflector<T> {
  const { client, kind, namespace, relistMs = RELIST_MS, retry = PATIENT } = options;
  const stopping = new AbortController();
  const picture = createPicture(options.keep, options.handle);
  const what = `Watching ${kind}s in ${namespace}`;
  let synced = false;
  let state: ReflectorState | undefined;
  let resourceVersion: string | undefined;
  let relistAt = 0;
  let failures = 0;
  let expiries = 0;

  const stopped = (): boolean => stopping.signal.aborted;

  const become = (next: ReflectorState): void => {
    const changed = state?.kind !== next.kind;
    state = next;
    if (changed) options.onState?.(next);
  };

  const list = async (): Promise<void> => {
    const taking = picture.beginList();
    let listVersion = '';
    for await (const page of client.pages(kind, namespace, { limit: options.pageSize ?? 500 })) {
      listVersion = page.resourceVersion;
      if (!taking.accepts(listVersion)) throw new ApiUnavailableError(`${what}: the list is older than what was seen`);
      for (const object of page.items) await taking.take(object);
      stopping.signal.throwIfAborted();
    }
    await taking.end();
    resourceVersion = listVersion;
    relistAt = Date.now() + relistMs;
    synced = true;
    await options.onListed?.();
  };

  const watch = async (from: string): Promise<void> => {
    const untilRelist = Math.max(1, Math.ceil((relistAt - Date.now()) / 1000));
    const longest = options.watchSeconds ?? WATCH_SECONDS;
    const seconds = Math.min(untilRelist, Math.max(1, Math.floor(longest * (1 - Math.random() / 10))));
    const query = `watch=true&allowWatchBookmarks=true&resourceVersion=${from}&timeoutSeconds=${String(seconds)}`;
    const began = Date.now();
    let quiet = true;
    const ending = new AbortController();
    const end = (): void => {
      ending.abort();
    };
    const limit = setTimeout(end, seconds * 1000 + WATCH_GRACE_MS);
    stopping.signal.addEventListener('abort', end, { once: true });
    try {
      const body = await client.watch(`${pathOf(kind, namespace)}?${query}`, ending.signal);
      become({ kind: 'connected' });
      for await (const event of watchEvents(body, what)) {
        quiet = false;
        failures = 0;
        expiries = 0;
        if (event.type !== 'BOOKMARK') await picture.take(event.type, event.object);
        resourceVersion = event.object.metadata.resourceVersion;
        stopping.signal.throwIfAborted();
      }
    } finally {
      clearTimeout(limit);
      stopping.signal.removeEventListener('abort', end);
    }
    if (quiet && Date.now() - began < 500) throw new ApiUnavailableError(`${what}: the watch ended at once`);
    failures = 0;
  };

  const fail = async (error: unknown): Promise<void> => {
    failures += 1;
    become({ kind: isRefusal(error, 'no-resource') ? 'absent' : 'disconnected', reason: fullMessage(error) });
    const asked = error instanceof ApiUnavailableError ? (error.retryAfterMs ?? 0) : 0;
    await sleep(Math.max(asked, retryDelay(failures, retry)), undefined, { signal: stopping.signal });
  };

  /** An old resourceVersion is nothing unusual: the first in a row is answered at once. */
  const expire = async (): Promise<void> => {
    resourceVersion = undefined;
    expiries += 1;
    if (expiries > 1) await sleep(retryDelay(expiries - 1, retry), undefined, { signal: stopping.signal });
  };

  const run = async (): Promise<void> => {
    while (!stopped()) {
      try {
        if (resourceVersion === undefined || Date.now() >= relistAt) await list();
        else await watch(resourceVersion);
      } catch (error) {
        if (stopped()) return;
        await (isExpired(error) ? expire() : fail(error)).catch(() => undefined);
      }
    }
  };

  const running = run();
  return {
    synced: () => synced,
    state: () => state,
    objects: () => picture.objects(),
    get: (name) => picture.get(name),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
