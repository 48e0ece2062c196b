/** Moves what waits in the queue into PostgreSQL: strictly in order, each event once, nothing removed before it is stored. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConflictError, fullMessage, UnavailableError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Placed } from '../postgres/append.ts';
import type { DeadLetters, QueuedEvent } from './dead-letters.ts';

export interface DrainOptions {
  readonly queue: DeadLetters;
  /** Stores events, each id once. Throws UnavailableError when that may work later, anything else when it never will. */
  readonly write: (placed: readonly Placed[]) => Promise<unknown>;
  /** Which of these ids are stored. */
  readonly stored: (placed: readonly Placed[]) => Promise<ReadonlySet<string>>;
  readonly log: Logger;
  readonly onDrained?: (count: number) => void;
  readonly onPoison?: () => void;
  readonly onLost?: (count: number) => void;
  readonly onState?: (state: { readonly depth: number; readonly oldestMs: number }) => void;
}

const BATCH = 100;
const LEASE_MS = 15_000;
const IDLE_MS = 500;
const LONGEST_MS = 30_000;

/** Drains until it is stopped. */
export function startDrain(options: DrainOptions): { readonly stop: () => Promise<void> } {
  const { queue, log } = options;
  const owner = randomUUID();
  const stopping = new AbortController();
  let wait = IDLE_MS;

  const drainOnce = async (): Promise<boolean> => {
    if (!(await queue.lease(owner, LEASE_MS))) return false;
    const events = await queue.oldest(BATCH);
    const depth = (await queue.length()) ?? 0;
    options.onState?.({ depth, oldestMs: events[0] === undefined ? 0 : Date.now() - events[0].queuedAt });
    if (events.length === 0) {
      await noticeLoss(options);
      return false;
    }
    await store(events, options);
    return true;
  };

  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const more = await drainOnce();
        wait = IDLE_MS;
        if (more) continue;
      } catch (err) {
        if (wait === IDLE_MS) log.warn('Draining the queue has to wait', { err });
        wait = Math.min(Math.max(wait * 2, 1000), LONGEST_MS);
      }
      await sleep(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    await queue.release(owner);
  };

  const working = work();
  return {
    stop: async () => {
      stopping.abort();
      await working;
    },
  };
}

async function store(events: readonly QueuedEvent[], options: DrainOptions): Promise<void> {
  try {
    await options.write(events.map(({ placed }) => placed));
    await options.queue.remove(events);
    options.onDrained?.(events.length);
  } catch (error) {
    if (error instanceof UnavailableError || error instanceof ConflictError) throw error;
    if (events.length > 1) for (const event of events) await store([event], options);
    else if (events[0] !== undefined) await setAside(events[0], error, options);
  }
}

async function setAside(event: QueuedEvent, error: unknown, { queue, log, onPoison }: DrainOptions): Promise<void> {
  // Redis being away is no fault of the event.
  if (
    error instanceof Error &&
    /ECONN|Stream isn't writeable|Command timed out|Connection is closed/.test(error.message)
  )
    throw error;
  log.error('An event of the queue is refused for its content and set aside', {
    event_id: event.placed.content.event_id,
    err: error,
  });
  await queue.setAside(event, fullMessage(error));
  onPoison?.();
}

/** With the queue empty, everything that was acknowledged must be stored. */
async function noticeLoss({ queue, stored, log, onLost }: DrainOptions): Promise<void> {
  const open = queue.unaccounted();
  if (open.length === 0) return;
  const known = await stored(open);
  if (((await queue.length()) ?? 1) > 0) return;
  const lost = open.filter(({ content }) => !known.has(content.event_id));
  for (const { content } of lost)
    log.error('An acknowledged event is lost: the queue forgot it', {
      event_id: content.event_id,
      event_type: content.event_type,
    });
  if (lost.length > 0) onLost?.(lost.length);
  queue.account(open.map(({ content }) => content.event_id));
}
