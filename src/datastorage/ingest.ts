/** The way of events into the store: PostgreSQL, or the queue beside it while PostgreSQL cannot take them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { ConflictError, UnavailableError } from '../errors.ts';
import type { Placed } from '../postgres/append.ts';
import type { StorageMetrics } from './metrics.ts';
import { unavailable } from './problem.ts';
import { writeEvents } from './write-events.ts';

/** The queue, as far as taking events in needs it. */
export interface EventQueue {
  /** Whether it holds entries; undefined when it cannot be asked. */
  holdsEntries(): Promise<boolean | undefined>;
  /** Puts the events of one request in, all or none. */
  add(placed: readonly Placed[]): Promise<'queued' | 'full' | 'too-large' | 'unreachable'>;
}

/** Where the events are. */
export interface Ingested {
  readonly kind: 'stored' | 'queued';
  readonly ids: readonly string[];
}

export interface IngestOptions {
  readonly pool: pg.Pool;
  readonly metrics: StorageMetrics;
  readonly queue?: EventQueue | undefined;
}

/** Takes in the events of one request, all or none; throws a Problem when nobody can take them. */
export async function ingest(placed: readonly Placed[], limitMs: number, options: IngestOptions): Promise<Ingested> {
  const { pool, queue, metrics } = options;
  // While the queue holds entries, whatever came later goes behind them: so chains keep the order of arrival.
  if ((await queue?.holdsEntries()) === true) return enqueue(placed, options);
  try {
    const stop = metrics.writeSeconds.startTimer({ table: 'audit_events' });
    const { ids, duplicates } = await within(limitMs, writeEvents(pool, placed));
    stop();
    metrics.duplicates.inc(duplicates);
    return { kind: 'stored', ids };
  } catch (error) {
    if (error instanceof UnavailableError || error instanceof ConflictError || error instanceof TooLateError)
      return enqueue(placed, options);
    throw error;
  }
}

async function enqueue(placed: readonly Placed[], { queue, metrics }: IngestOptions): Promise<Ingested> {
  const answer = (await queue?.add(placed)) ?? 'unreachable';
  if (answer === 'queued') return { kind: 'queued', ids: placed.map(({ content }) => content.event_id) };
  if (queue !== undefined) metrics.queueRejected.inc({ reason: answer }, placed.length);
  throw unavailable();
}

class TooLateError extends Error {
  override readonly name = 'TooLateError';
}

/** The write may still succeed: the ids are fixed, so that the queue then adds nothing to it. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(ms, undefined, { signal: timer.signal }).then(() => {
    throw new TooLateError('The database takes too long');
  });
  late.catch(() => undefined);
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
