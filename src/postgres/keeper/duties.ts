/** Who did what is done rarely, and when: several keepers share it, and one of them does it. */
import type pg from 'pg';
import { translating } from '../pool.ts';

/** Takes a duty that was last taken at least so long ago; false when it is not due, or somebody else has just taken it. */
export const takeDuty = (pool: pg.Pool, namespace: string, duty: string, everyMs: number): Promise<boolean> =>
  translating(async () => {
    const text = `
      insert into keeper_duties as d (namespace, duty, done_at) values ($1, $2, clock_timestamp())
      on conflict (namespace, duty) do update set done_at = excluded.done_at
      where d.done_at <= clock_timestamp() - make_interval(secs => $3::float8 / 1000)`;
    const result = await pool.query({ name: 'take-duty', text, values: [namespace, duty, everyMs] });
    return result.rowCount === 1;
  });

/** Gives a duty back that did not work out, so that the next pass takes it again. */
export const returnDuty = (pool: pg.Pool, namespace: string, duty: string): Promise<void> =>
  translating(async () => {
    await pool.query('delete from keeper_duties where namespace = $1 and duty = $2', [namespace, duty]);
  });

const PASS = 'pass';

/** Notes that a whole pass was made. */
export const notePass = (pool: pg.Pool, namespace: string): Promise<void> =>
  translating(async () => {
    const text = `insert into keeper_duties (namespace, duty, done_at) values ($1, $2, clock_timestamp())
      on conflict (namespace, duty) do update set done_at = excluded.done_at`;
    await pool.query({ name: 'note-pass', text, values: [namespace, PASS] });
  });

/** How long ago the last whole pass ended, whoever made it, in seconds; undefined before the first. */
export const lastPassAge = (pool: pg.Pool, namespace: string): Promise<number | undefined> =>
  translating(async () => {
    const text = `select extract(epoch from clock_timestamp() - done_at)::float8 as age from keeper_duties
      where namespace = $1 and duty = $2`;
    const result = await pool.query<{ age: number }>({ name: 'last-pass', text, values: [namespace, PASS] });
    return result.rows[0]?.age;
  });
