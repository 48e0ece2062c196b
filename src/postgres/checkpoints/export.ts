/** Takes checkpoints to where whoever owns the database cannot reach them. */
import { appendFile } from 'node:fs/promises';
import type pg from 'pg';
import type { SignedCheckpoint } from '../../audit/checkpoint.ts';
import { fullMessage } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { translating } from '../pool.ts';

/** A place for checkpoints. The name is what the configuration says: `log`, a file, or an address. */
export interface Sink {
  readonly name: string;
  readonly put: (checkpoint: StoredCheckpoint) => Promise<void>;
}

export interface StoredCheckpoint extends SignedCheckpoint {
  readonly checkpoint_no: number;
}

const PUT_MS = 10_000;

/** The sink of this name: `log` for a line in the log, `https://…` for a PUT of one object each, else a file that grows. */
export function sinkOf(name: string, log: Logger): Sink {
  if (name === 'log')
    return {
      name,
      put: ({ body, signature, checkpoint_no: no }) => {
        log.info('Signed a checkpoint', { checkpoint_no: no, body, signature });
        return Promise.resolve();
      },
    };
  if (/^https?:\/\//.test(name))
    return {
      name,
      put: async ({ body, signature, checkpoint_no: no }) => {
        const url = `${name.replace(/\/$/, '')}/${String(no).padStart(12, '0')}.json`;
        const headers = { 'content-type': 'application/json', 'if-none-match': '*' };
        const request = {
          method: 'PUT',
          headers,
          body: JSON.stringify({ body, signature }),
          signal: AbortSignal.timeout(PUT_MS),
        };
        const answer = await fetch(url, request);
        // It is there already: somebody has tried before and missed the answer.
        if (!answer.ok && answer.status !== 412) throw new Error(`${name} answers ${String(answer.status)}`);
      },
    };
  return {
    name,
    put: ({ body, signature }) => appendFile(name, `${JSON.stringify({ body, signature })}\n`, { mode: 0o600 }),
  };
}

/** Puts what a sink has not got yet, the oldest first; answers the sinks that failed. A checkpoint is valid without them. */
export async function exportCheckpoints(
  pool: pg.Pool,
  sinks: readonly Sink[],
  log: Logger,
): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const sink of sinks) {
    const text = `select checkpoint_no::float8 as checkpoint_no, body, signature from audit_checkpoints c
      where not exists (select from audit_checkpoint_exports e where e.checkpoint_no = c.checkpoint_no and e.sink = $1)
      order by checkpoint_no limit 1000`;
    const { rows } = await translating(() => pool.query<StoredCheckpoint>(text, [sink.name]));
    for (const checkpoint of rows) {
      try {
        await sink.put(checkpoint);
      } catch (error) {
        log.warn('Exporting a checkpoint fails', {
          sink: sink.name,
          checkpoint_no: checkpoint.checkpoint_no,
          reason: fullMessage(error),
        });
        failed.push(sink.name);
        break;
      }
      const done = `insert into audit_checkpoint_exports (checkpoint_no, sink) values ($1, $2) on conflict do nothing`;
      await translating(() => pool.query(done, [checkpoint.checkpoint_no, sink.name]));
    }
  }
  return failed;
}
