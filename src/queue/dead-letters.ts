/**
 * Events on a Redis-compatible server, while PostgreSQL cannot take them: in the order of arrival, never trimmed.
 *
 * What it promises: an event that was acknowledged is in the stream until it is in PostgreSQL. It is as safe there as
 * the server keeps its stream: with append-only persistence it survives a restart, without it only the process. What is
 * lost all the same is noticed by the process that acknowledged it, named in its log and counted.
 */
import { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';
import type { Placed } from '../postgres/append.ts';

export const STREAM = 'audit:dlq:events';
export const POISON_STREAM = 'audit:dead-letter:events';
const LEASE = 'audit:dlq:lease';
const MOST_BYTES = 1024 * 1024;

/** An event that waits in the queue. */
export interface QueuedEvent {
  /** Its place in the stream. */
  readonly entry: string;
  readonly placed: Placed;
  readonly queuedAt: number;
}

export interface DeadLettersOptions {
  /** `host:port` */
  readonly address: string;
  readonly password?: string | undefined;
  readonly maxLength: number;
  readonly log: Logger;
}

// One script, so that the whole request goes in or nothing does, whatever others add at the same moment.
const ADD = `
local length = redis.call('XLEN', KEYS[1])
if length + #ARGV - 1 > tonumber(ARGV[1]) then return 0 end
for i = 2, #ARGV do redis.call('XADD', KEYS[1], '*', 'message', ARGV[i]) end
return 1`;

// Only who holds the lease renews it.
const RENEW = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) return 1 end
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
return 0`;

const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

export type DeadLetters = ReturnType<typeof openDeadLetters>;

/** Opens the queue; connects in the background, again and again. */
export function openDeadLetters({ address, password, maxLength, log }: DeadLettersOptions) {
  const colon = address.lastIndexOf(':');
  const redis = new Redis({
    host: address.slice(0, colon),
    port: Number(address.slice(colon + 1)),
    ...(password === undefined ? {} : { password }),
    // A caller waits for an answer: it gets "unreachable" at once instead of a place in a line.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 2000,
    connectTimeout: 2000,
    retryStrategy: (times) => Math.min(times * 200, 5000),
  });
  let isUp = false;
  redis.on('ready', () => {
    isUp = true;
    void warnOfWeakness(redis, log);
  });
  redis.on('error', () => {
    if (isUp) log.warn('The queue cannot be reached');
    isUp = false;
  });
  redis.on('close', () => (isUp = false));
  /** Acknowledged by this process and not yet seen to leave the stream: how a loss is noticed. */
  const acknowledged = new Map<string, Placed>();

  const trying = async <T>(ask: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await ask();
    } catch {
      return undefined;
    }
  };

  return {
    maxLength,
    /** Whether the server answers and would take events. */
    isWritable: async (): Promise<boolean> => (await trying(() => redis.ping())) === 'PONG',
    length: (): Promise<number | undefined> => trying(() => redis.xlen(STREAM)),
    holdsEntries: async (): Promise<boolean | undefined> => {
      const length = await trying(() => redis.xlen(STREAM));
      return length === undefined ? undefined : length > 0;
    },
    add: async (placed: readonly Placed[]): Promise<'queued' | 'full' | 'too-large' | 'unreachable'> => {
      const messages = placed.map((each) =>
        JSON.stringify({
          type: each.content.event_type,
          timestamp: new Date().toISOString(),
          retry_count: 0,
          last_error: '',
          payload: each,
        }),
      );
      if (messages.some((message) => Buffer.byteLength(message) > MOST_BYTES)) return 'too-large';
      const answer = await trying(() => redis.eval(ADD, 1, STREAM, maxLength, ...messages));
      if (answer === undefined) return 'unreachable';
      if (answer === 0) return 'full';
      for (const each of placed) acknowledged.set(each.content.event_id, each);
      return 'queued';
    },
    /** The oldest entries. Throws when the server does not answer. */
    oldest: async (count: number): Promise<readonly QueuedEvent[]> => {
      const entries = await redis.xrange(STREAM, '-', '+', 'COUNT', count);
      return entries.map(([entry, fields]) => {
        const message = JSON.parse(fields[1] ?? '{}') as { payload: Placed; timestamp: string };
        return { entry, placed: message.payload, queuedAt: Date.parse(message.timestamp) };
      });
    },
    /** Forgets entries that are in PostgreSQL. */
    remove: async (events: readonly QueuedEvent[]): Promise<void> => {
      if (events.length > 0) await redis.xdel(STREAM, ...events.map(({ entry }) => entry));
      for (const { placed } of events) acknowledged.delete(placed.content.event_id);
    },
    /** Sets an entry aside that PostgreSQL refuses for its content. */
    setAside: async (event: QueuedEvent, error: string): Promise<void> => {
      await redis.xadd(
        POISON_STREAM,
        '*',
        'message',
        JSON.stringify({ payload: event.placed, last_error: error.slice(0, 256) }),
      );
      await redis.xdel(STREAM, event.entry);
      acknowledged.delete(event.placed.content.event_id);
    },
    /** What this process has acknowledged and has not seen leave the queue. */
    unaccounted: (): readonly Placed[] => [...acknowledged.values()],
    account: (ids: readonly string[]): void => {
      for (const id of ids) acknowledged.delete(id);
    },
    /** One process drains at a time; true while this one does. */
    lease: async (owner: string, ms: number): Promise<boolean> =>
      (await trying(() => redis.eval(RENEW, 1, LEASE, owner, ms))) === 1,
    release: async (owner: string): Promise<void> => {
      await trying(() => redis.eval(RELEASE, 1, LEASE, owner));
    },
    close: (): void => {
      redis.disconnect();
    },
  };
}

async function warnOfWeakness(redis: Redis, log: Logger): Promise<void> {
  try {
    const of = async (name: string): Promise<string> => (await redis.config('GET', name))[1] ?? '';
    const [persistence, eviction] = [await of('appendonly'), await of('maxmemory-policy')];
    if (persistence !== 'yes')
      log.warn('The queue does not survive a restart of its server', { setting: 'appendonly' });
    if (eviction !== 'noeviction') log.warn('The queue may be evicted from memory', { setting: 'maxmemory-policy' });
  } catch (err) {
    log.warn('How safe the queue is cannot be asked', { err });
  }
}
