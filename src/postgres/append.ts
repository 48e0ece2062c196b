/** Appends events to chains that no workflow writes: those of other services, and the store's own. */
import type pg from 'pg';
import { emptyChain, linked } from './chain.ts';
import type { ChainEnd } from './chain.ts';
import { insertEvents } from './event-row.ts';
import type { EventContent, EventRow } from './event-row.ts';

/** An event and the chain that it is to stand in. */
export interface Placed {
  readonly chain: string;
  readonly content: EventContent;
}

/** What became of the events, in their order: whether each was there already. */
export interface Appended {
  readonly repeated: readonly boolean[];
  readonly rows: readonly EventRow[];
}

const WRITE = {
  name: 'append-events',
  text: `with events as (${insertEvents(1)})
    update audit_chain_heads h set last_seq = e.seq, last_hash = e.hash, updated_at = clock_timestamp()
    from unnest($2::text[], $3::bigint[], $4::text[]) as e (chain, seq, hash) where h.chain_id = e.chain`,
} as const;

/** Appends, in the transaction of the client. An event whose id is stored already, of that day, is left as it is. */
export async function appendEvents(client: pg.ClientBase, placed: readonly Placed[]): Promise<Appended> {
  const ends = await lockedEnds(client, placed);
  const known = await knownIds(client, placed);
  const taken = new Set(known);
  const fresh: Placed[] = [];
  const repeated = placed.map((each) => {
    const isKnown = taken.has(each.content.event_id);
    taken.add(each.content.event_id);
    if (!isKnown) fresh.push(each);
    return isKnown;
  });
  const rows = [...grouped(fresh)].flatMap(([chain, contents]) =>
    linked(chain, ends.get(chain) ?? emptyChain(chain), contents),
  );
  if (rows.length === 0) return { repeated, rows };
  const last = new Map(rows.map((row) => [row.chain_id, row]));
  await client.query({
    ...WRITE,
    values: [
      JSON.stringify(rows),
      [...last.keys()],
      [...last.values()].map((row) => row.chain_seq),
      [...last.values()].map((row) => row.event_hash),
    ],
  });
  return { repeated, rows };
}

const LOCK = {
  name: 'lock-chains',
  text: `select chain_id as chain, last_seq::float8 as seq, last_hash as hash from audit_chain_heads
    where chain_id = any($1::text[]) order by chain_id for update`,
} as const;

const REGISTER = {
  name: 'register-chains',
  text: `insert into audit_chain_heads (chain_id, correlation_id, last_hash)
    select * from unnest($1::text[], $2::text[], $3::text[]) as c (chain, correlation, hash) order by chain
    on conflict (chain_id) do nothing`,
} as const;

/** The ends of the chains, locked in the order of their names until the transaction ends. */
async function lockedEnds(client: pg.ClientBase, placed: readonly Placed[]): Promise<ReadonlyMap<string, ChainEnd>> {
  const correlations = new Map(placed.map(({ chain, content }) => [chain, content.correlation_id]));
  const chains = [...correlations.keys()];
  const locked = await client.query<ChainEnd & { chain: string }>({ ...LOCK, values: [chains] });
  if (locked.rows.length === chains.length) return endsOf(locked.rows);
  // What is locked already stays locked; a chain that appears meanwhile is met in the second round.
  const hashes = chains.map((chain) => emptyChain(chain).hash);
  await client.query({ ...REGISTER, values: [chains, [...correlations.values()], hashes] });
  return endsOf((await client.query<ChainEnd & { chain: string }>({ ...LOCK, values: [chains] })).rows);
}

const endsOf = (rows: readonly (ChainEnd & { readonly chain: string })[]): ReadonlyMap<string, ChainEnd> =>
  new Map(rows.map(({ chain, seq, hash }) => [chain, { seq, hash }]));

async function knownIds(client: pg.ClientBase, placed: readonly Placed[]): Promise<readonly string[]> {
  const text = `select event_id from audit_events e
    where (event_id, event_date) in (select * from unnest($1::uuid[], $2::date[]))`;
  const values = [placed.map(({ content }) => content.event_id), placed.map(({ content }) => content.event_date)];
  const { rows } = await client.query<{ event_id: string }>({ name: 'known-events', text, values });
  return rows.map((row) => row.event_id);
}

function grouped(placed: readonly Placed[]): ReadonlyMap<string, readonly EventContent[]> {
  const groups = new Map<string, EventContent[]>();
  for (const { chain, content } of placed) {
    const group = groups.get(chain);
    if (group === undefined) groups.set(chain, [content]);
    else group.push(content);
  }
  return groups;
}
