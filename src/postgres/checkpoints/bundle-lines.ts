/** The lines of a bundle, read from the database in one snapshot: for a file, and for verifying in place. */
import type pg from 'pg';
import { FORMAT } from '../../audit/bundle.ts';
import type { BundleEvent, ChainLine, ContentLine } from '../../audit/bundle.ts';
import type { SignedCheckpoint } from '../../audit/checkpoint.ts';
import type { JsonObject } from '../../remediation/json.ts';
import { EVENT_COLUMNS, toTrailEvent } from '../event-row.ts';
import type { TrailEvent } from '../event-row.ts';
import { checkpointHeads, prover } from './proofs.ts';

/** Which chains. A correlation id means the chains of everybody who wrote under it. */
export type Selection =
  | { readonly kind: 'all'; readonly since?: string; readonly until?: string }
  | { readonly kind: 'uid'; readonly uid: string }
  | { readonly kind: 'name'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'correlation'; readonly correlation: string };

export interface BundleOptions {
  readonly selection: Selection;
  readonly version: string;
  /** Leaves payloads out. */
  readonly redact?: boolean;
}

/** Chains read at a time. */
const BATCH = 500;

/** Every line but the footer. The client must be in a repeatable-read transaction. */
export async function* bundleLines(client: pg.ClientBase, options: BundleOptions): AsyncGenerator<ContentLine> {
  const { selection, version, redact = false } = options;
  yield {
    kind: 'header',
    format: FORMAT,
    created_at: new Date().toISOString(),
    scope: selection as unknown as JsonObject,
    product_version: version,
  };
  const newest = yield* checkpoints(client, selection);
  const prove = prover(client);
  for (let after = '', more = true; more;) {
    const chains = await chainsAfter(client, selection, after);
    more = chains.length === BATCH;
    after = chains.at(-1)?.chain_id ?? after;
    yield* withContent(client, chains, { newest, prove, redact });
  }
}

/** From the first that the selection needs to the newest, without a gap; answers the newest one's number. */
async function* checkpoints(client: pg.ClientBase, selection: Selection): AsyncGenerator<ContentLine, number> {
  const [condition, values] = conditionOf(selection);
  const text = `select body, signature, checkpoint_no::float8 as no from audit_checkpoints
    where checkpoint_no >= coalesce((
      select min(c.checkpoint_no) from audit_checkpoint_heads c where ${condition}
    ), (select max(checkpoint_no) from audit_checkpoints)) and checkpoint_no > $${String(values.length + 1)}
    order by checkpoint_no limit 1000`;
  for (let newest = 0; ;) {
    const { rows } = await client.query<SignedCheckpoint & { no: number }>(text, [...values, newest]);
    for (const { body, signature } of rows) yield { kind: 'checkpoint', body, signature };
    newest = rows.at(-1)?.no ?? newest;
    if (rows.length < 1000) return newest;
  }
}

/** Chains are chosen by name, so that one whose rows are gone is still found in the checkpoints. */
function conditionOf(selection: Selection): readonly [condition: string, values: readonly string[]] {
  if (selection.kind === 'uid') return ['chain_id = $1', [`rr:${selection.uid}`]];
  if (selection.kind === 'name')
    return [
      `chain_id in (select 'rr:' || uid from remediations where namespace = $1 and name = $2)`,
      [selection.namespace, selection.name],
    ];
  if (selection.kind === 'correlation')
    return [
      `(chain_id = 'c:' || $1 or chain_id = any(array(select h.chain_id from audit_chain_heads h where h.correlation_id = $1)))`,
      [selection.correlation],
    ];
  const { since, until } = selection;
  if (since === undefined && until === undefined) return ['true', []];
  return [
    `chain_id in (select e.chain_id from audit_events e where e.event_timestamp >= $1 and e.event_timestamp < $2)`,
    [since ?? '-infinity', until ?? 'infinity'],
  ];
}

interface ChainRow {
  readonly chain_id: string;
  readonly rr_uid: string | null;
  readonly seq: number | null;
  readonly hash: string | null;
  readonly purged_seq: number | null;
  readonly purged_hash: string | null;
}

async function chainsAfter(client: pg.ClientBase, selection: Selection, after: string): Promise<readonly ChainLine[]> {
  const [condition, values] = conditionOf(selection);
  const last = `$${String(values.length + 1)}`;
  const next = (table: string): string =>
    `(select distinct chain_id collate "C" as chain_id from ${table}
      where ${condition} and chain_id collate "C" > ${last} order by 1 limit ${String(BATCH)})`;
  const text = `select n.chain_id, h.rr_uid, h.last_seq::float8 as seq, h.last_hash as hash,
      h.purged_through_seq::float8 as purged_seq, h.purged_through_hash as purged_hash
    from (select chain_id from (${next('audit_chain_heads')} union ${next('audit_checkpoint_heads')}) as either
      order by 1 limit ${String(BATCH)}) as n
    left join audit_chain_heads h on h.chain_id = n.chain_id
    order by n.chain_id`;
  const { rows } = await client.query<ChainRow>(text, [...values, after]);
  return rows.map(({ chain_id: chain, rr_uid: uid, seq, hash, purged_seq: purged, purged_hash: purgedHash }) => ({
    kind: 'chain',
    chain_id: chain,
    ...(uid === null ? {} : { rr_uid: uid }),
    ...(seq === null || hash === null ? {} : { head: { seq, hash } }),
    ...(purged === null || purgedHash === null ? {} : { purged: { seq: purged, hash: purgedHash } }),
  }));
}

interface Context {
  readonly newest: number;
  readonly prove: ReturnType<typeof prover>;
  readonly redact: boolean;
}

async function* withContent(
  client: pg.ClientBase,
  chains: readonly ChainLine[],
  { newest, prove, redact }: Context,
): AsyncGenerator<ContentLine> {
  const names = chains.map(({ chain_id: chain }) => chain);
  const events = grouped(await eventsOf(client, names));
  const heads = grouped(await checkpointHeads(client, names));
  for (const chain of chains) {
    yield chain;
    for (const event of events.get(chain.chain_id) ?? [])
      yield { kind: 'event', event: redact ? redacted(event) : event };
    const ends = heads.get(chain.chain_id) ?? [];
    for (const head of ends) yield await prove(head, head.checkpoint_no);
    const last = ends.at(-1);
    if (last !== undefined && last.checkpoint_no < newest) yield await prove(last, newest);
  }
}

async function eventsOf(client: pg.ClientBase, chains: readonly string[]): Promise<readonly TrailEvent[]> {
  const text = `select ${EVENT_COLUMNS} from audit_events where chain_id = any($1::text[])
    order by chain_id collate "C", chain_seq, event_timestamp`;
  return (await client.query<TrailEvent>(text, [chains])).rows.map(toTrailEvent);
}

function redacted({ event_data: _, ...event }: TrailEvent): BundleEvent {
  return { ...event, redacted: true };
}

function grouped<T extends { readonly chain_id: string }>(rows: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.chain_id);
    if (group === undefined) groups.set(row.chain_id, [row]);
    else group.push(row);
  }
  return groups;
}
