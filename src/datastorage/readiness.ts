/** Whether events can be stored, and if not, why not, in one word that people and programs can look up. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Logger } from '../logger.ts';
import { schemaState } from '../postgres/migrate.ts';
import { weaknesses } from '../postgres/self-test.ts';
import type { StorageMetrics } from './metrics.ts';

export type Reason =
  | 'shutting_down'
  | 'starting'
  | 'database_unreachable'
  | 'migrations_pending'
  | 'schema_too_new'
  | 'partition_missing'
  | 'role_too_strong';

/** The state of the way to PostgreSQL, and of the queue beside it. */
export interface Readiness {
  /** Undefined when events can be stored in PostgreSQL. */
  readonly reason?: Reason;
  /** What is wrong, in a sentence; names no host. */
  readonly detail?: string;
  /** Whether events can be taken in, if need be by the queue. */
  readonly accepts: boolean;
  /** What is not as it should be, without being in the way. */
  readonly degraded: readonly string[];
}

export interface ReadinessOptions {
  readonly pool: pg.Pool;
  readonly metrics: StorageMetrics;
  readonly log: Logger;
  readonly allowWeakRoles: boolean;
  /** Whether the queue can be written to; absent when there is none. */
  readonly queue?: (() => Promise<boolean>) | undefined;
  readonly now?: () => number;
}

const PING_MS = 2000;
const KEPT_MS = 1000;

const CHECKS = ['database', 'migrations', 'partition', 'role'] as const;
const CHECK_OF: Readonly<Partial<Record<Reason, (typeof CHECKS)[number]>>> = {
  database_unreachable: 'database',
  migrations_pending: 'migrations',
  schema_too_new: 'migrations',
  partition_missing: 'partition',
  role_too_strong: 'role',
};

/** Asks at most once a second, whoever wants to know, and says once in the log when the answer changes. */
export function readinessOf(options: ReadinessOptions) {
  const { pool, metrics, log, now = Date.now } = options;
  let [stopping, isTested, hasStarted, said]: [boolean, boolean, boolean, string] = [false, false, false, ''];
  let kept: { readonly at: number; readonly answer: Promise<Readiness> } | undefined;

  const path = async (): Promise<Pick<Readiness, 'reason' | 'detail'>> => {
    try {
      await within(PING_MS, pool.query('select 1'));
      const state = await within(PING_MS, schemaState(pool));
      if (state.kind === 'behind')
        return { reason: 'migrations_pending', detail: `run "rrctl migrate": ${state.missing.join(', ')} missing` };
      if (state.kind === 'ahead')
        return { reason: 'schema_too_new', detail: 'the database is newer than this program' };
      const missing = await within(PING_MS, missingPartitions(pool, now()));
      if (missing.length > 0) return { reason: 'partition_missing', detail: `no partition ${missing.join(', ')}` };
      if (!isTested && !options.allowWeakRoles) {
        const weak = await within(PING_MS, weaknesses(pool));
        if (weak.length > 0) return { reason: 'role_too_strong', detail: weak.slice(0, 3).join('; ') };
        isTested = true;
      }
      return {};
    } catch {
      return { reason: 'database_unreachable', detail: 'PostgreSQL does not answer as it should' };
    }
  };

  const ask = async (): Promise<Readiness> => {
    if (stopping) return { reason: 'shutting_down', accepts: false, degraded: [] };
    const found = await path();
    const queue = await options.queue?.();
    if (found.reason === undefined) hasStarted = true;
    for (const check of CHECKS)
      metrics.ready.set({ check }, found.reason !== undefined && CHECK_OF[found.reason] === check ? 0 : 1);
    if (queue !== undefined) metrics.ready.set({ check: 'queue' }, queue ? 1 : 0);
    const word = `${found.reason ?? 'ready'} ${found.detail ?? ''} ${queue === false ? 'redis_unreachable' : ''}`;
    if (word !== said) {
      if (found.reason === undefined && queue !== false) log.info('Ready');
      else log.warn('Not everything is ready', { reason: found.reason ?? 'redis_unreachable', detail: found.detail });
      said = word;
    }
    return {
      ...found,
      accepts: found.reason === undefined || (hasStarted && queue === true),
      degraded: queue === false ? ['redis_unreachable'] : [],
    };
  };

  return {
    /** The answer of this second. */
    state: (): Promise<Readiness> => {
      if (kept === undefined || now() - kept.at >= KEPT_MS || stopping) kept = { at: now(), answer: ask() };
      return kept.answer;
    },
    /** From now on the service is not ready, whatever else is. */
    stop: (): void => {
      stopping = true;
    },
  };
}

/** This month's and the next one's partition, as far as they do not exist. */
async function missingPartitions(pool: pg.Pool, now: number): Promise<readonly string[]> {
  const today = new Date(now);
  const names = [0, 1].map((ahead) => {
    const month = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + ahead, 1));
    return `audit_events_${month.toISOString().slice(0, 7).replace('-', '_')}`;
  });
  const text = `select name from unnest($1::text[]) as name where to_regclass(name) is null`;
  return (await pool.query<{ name: string }>(text, [names])).rows.map((row) => row.name);
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(ms, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new Error('no answer in time');
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
    late.catch(() => undefined);
    work.catch(() => undefined);
  }
}
