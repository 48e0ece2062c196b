/** Stores events of other services, whole requests at a time: all of them or none. */
import type pg from 'pg';
import { appendEvents } from '../postgres/append.ts';
import type { Placed } from '../postgres/append.ts';
import { withTransaction } from '../postgres/pool.ts';
import { Problem } from './problem.ts';

/** What became of a request. */
export interface Written {
  readonly ids: readonly string[];
  /** How many were stored before. */
  readonly duplicates: number;
}

/** Appends the events to their chains. Repeating it stores nothing twice and answers the same ids. */
export async function writeEvents(pool: pg.Pool, placed: readonly Placed[]): Promise<Written> {
  return withTransaction(pool, async (client) => {
    const complete = await withParents(client, placed);
    const { repeated } = await appendEvents(client, complete);
    return { ids: placed.map(({ content }) => content.event_id), duplicates: repeated.filter(Boolean).length };
  });
}

/** A parent must exist; its day is looked up, because clients do not know it. */
async function withParents(client: pg.ClientBase, placed: readonly Placed[]): Promise<readonly Placed[]> {
  const wanted = [...new Set(placed.flatMap(({ content }) => content.parent_event_id ?? []))];
  if (wanted.length === 0) return placed;
  const text = `select event_id, event_date::text as date from audit_events where event_id = any($1::uuid[])`;
  const { rows } = await client.query<{ event_id: string; date: string }>(text, [wanted]);
  const dates = new Map(rows.map(({ event_id: id, date }) => [id, date]));
  // An event of the same request may be the parent of a later one.
  for (const { content } of placed) if (!dates.has(content.event_id)) dates.set(content.event_id, content.event_date);
  return placed.map((each, index) => {
    const parent = each.content.parent_event_id;
    if (parent === undefined) return each;
    const date = dates.get(parent);
    if (date === undefined) {
      const where = placed.length > 1 ? `event at index ${String(index)}: ` : '';
      throw new Problem(400, 'validation-error', `${where}parent_event_id names no event`, {
        parent_event_id: 'unknown',
      });
    }
    return { ...each, content: { ...each.content, parent_event_date: date } };
  });
}
