/** Takes a checkpoint: one snapshot of all chain ends, the Merkle root over them, one signature, all in one transaction. */
import { randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type pg from 'pg';
import { keyIdOf, NO_PREVIOUS, readBody, signCheckpoint } from '../../audit/checkpoint.ts';
import type { CheckpointBody, SignedCheckpoint } from '../../audit/checkpoint.ts';
import { BUCKETS, bucketRoot, EMPTY_ROOT, hex, rootOf } from '../../audit/merkle.ts';
import type { ChainLeaf } from '../../audit/merkle.ts';
import { InvalidRequestError } from '../../errors.ts';
import { sha256Hex } from '../canonical.ts';
import { hasSqlState } from '../errors.ts';
import { withTransaction } from '../pool.ts';

export interface TakeOptions {
  /** Private Ed25519 key to sign with. */
  readonly key: KeyObject;
  /** The key before it, needed for the first checkpoint under a new one. */
  readonly previousKey?: KeyObject | undefined;
  /** Looks at every chain instead of those that transactions since the last checkpoint have touched. */
  readonly full?: boolean;
  /** Signs even when no chain has changed, if the last checkpoint is older than this. */
  readonly heartbeatMs?: number;
}

/** A checkpoint that was taken just now. */
export interface TakenCheckpoint extends SignedCheckpoint {
  readonly statement: CheckpointBody;
  readonly changedChains: number;
}

/** Keeps two processes from taking the same number. */
const LOCK = `select pg_try_advisory_xact_lock(hashtextextended('kubernaut-checkpoint', 0)) as locked`;

/** Takes the next checkpoint; undefined when another process is at it, or when there is nothing to sign. */
export async function takeCheckpoint(pool: pg.Pool, options: TakeOptions): Promise<TakenCheckpoint | undefined> {
  const taken = withTransaction(pool, async (client) => {
    await client.query(`set transaction isolation level repeatable read`);
    const { rows } = await client.query<{ locked: boolean }>(LOCK);
    if (rows[0]?.locked !== true) return undefined;
    const last = await lastCheckpoint(client);
    const changed = await changedHeads(client, options.full === true ? undefined : last);
    const isDue =
      last === undefined || Date.now() - Date.parse(last.body.issued_at) >= (options.heartbeatMs ?? Infinity);
    if (changed.length === 0 && !isDue) return undefined;
    return write(client, last, changed, options);
  });
  // The other process may have been done just before the lock was asked for: its number is taken then.
  return taken.catch((error: unknown) => {
    if (hasSqlState(error, UNIQUE_VIOLATION)) return undefined;
    throw error;
  });
}

const UNIQUE_VIOLATION = '23505';

interface Last {
  readonly body: CheckpointBody;
  readonly text: string;
  readonly xmin: string;
}

async function lastCheckpoint(client: pg.ClientBase): Promise<Last | undefined> {
  const text = `select body, snapshot_xmin::text as xmin from audit_checkpoints order by checkpoint_no desc limit 1`;
  const row = (await client.query<{ body: string; xmin: string }>(text)).rows[0];
  if (row === undefined) return undefined;
  const body = readBody(row.body);
  if (body === undefined)
    throw new InvalidRequestError(
      'INVALID_CONFIG',
      'The last checkpoint in the database is no checkpoint: verify the trail',
    );
  return { body, text: row.body, xmin: row.xmin };
}

interface Head extends ChainLeaf {
  readonly bucket: number;
}

// A row that a transaction has changed since that snapshot carries an id that is not older than the oldest one running then.
const CHANGED = `
  select h.chain_id, h.bucket, h.last_seq::float8 as chain_seq, h.last_hash as event_hash
  from audit_chain_heads h
  left join lateral (
    select chain_seq, event_hash from audit_checkpoint_heads c
    where c.chain_id = h.chain_id order by checkpoint_no desc limit 1
  ) c on true
  where h.last_seq > 0 and ($1::xid8 is null or age(h.xmin) <= age($1::xid8::xid))
    and (c.chain_seq is distinct from h.last_seq or c.event_hash is distinct from h.last_hash)`;

async function changedHeads(client: pg.ClientBase, since: Last | undefined): Promise<readonly Head[]> {
  return (await client.query<Head>(CHANGED, [since?.xmin ?? null])).rows;
}

async function write(
  client: pg.ClientBase,
  last: Last | undefined,
  changed: readonly Head[],
  { key, previousKey }: TakeOptions,
): Promise<TakenCheckpoint> {
  const roots = await bucketRoots(client, Number.MAX_SAFE_INTEGER);
  const renewed = await renewedRoots(client, [...new Set(changed.map(({ bucket }) => bucket))]);
  for (const [bucket, root] of renewed) roots[bucket] = root;
  const totals = await client.query<{ chains: number; events: number; xmin: string }>(
    `select count(*)::float8 as chains, coalesce(sum(last_seq), 0)::float8 as events,
       pg_snapshot_xmin(pg_current_snapshot())::text as xmin from audit_chain_heads where last_seq > 0`,
  );
  const { chains = 0, events = 0, xmin = '3' } = totals.rows[0] ?? {};
  const no = (last?.body.checkpoint_no ?? 0) + 1;
  const isRotation = last !== undefined && last.body.key_id !== keyIdOf(key);
  if (isRotation && (previousKey === undefined || keyIdOf(previousKey) !== last.body.key_id))
    throw new InvalidRequestError(
      'INVALID_CONFIG',
      `The last checkpoint is signed by key ${last.body.key_id}: name it in audit.checkpoint.previousKeyFile, so that it consents to the new one`,
    );
  const signed = signCheckpoint(
    {
      log_id: last?.body.log_id ?? randomUUID(),
      checkpoint_no: no,
      issued_at: new Date().toISOString(),
      chain_count: chains,
      event_count: events,
      root_hash: hex(rootOf(roots)),
      previous_checkpoint_sha256: last === undefined ? NO_PREVIOUS : sha256Hex(last.text),
    },
    key,
    isRotation ? previousKey : undefined,
  );
  const statement = JSON.parse(signed.body) as CheckpointBody;
  await client.query(
    `insert into audit_checkpoints (checkpoint_no, body, signature, key_id, root_hash, issued_at, snapshot_xmin)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [no, signed.body, signed.signature, statement.key_id, statement.root_hash, statement.issued_at, xmin],
  );
  await client.query(
    `insert into audit_checkpoint_heads (checkpoint_no, chain_id, bucket, chain_seq, event_hash)
     select $1, * from unnest($2::text[], $3::int[], $4::bigint[], $5::text[])`,
    [
      no,
      ...(['chain_id', 'bucket', 'chain_seq', 'event_hash'] as const).map((name) => changed.map((head) => head[name])),
    ],
  );
  await client.query(
    `insert into audit_checkpoint_buckets (checkpoint_no, bucket, root) select $1, * from unnest($2::int[], $3::text[])`,
    [no, [...renewed.keys()], [...renewed.values()].map(hex)],
  );
  return { ...signed, statement, changedChains: changed.length };
}

/** The roots of all buckets as a checkpoint has them. */
export async function bucketRoots(client: pg.ClientBase, checkpoint: number): Promise<Uint8Array[]> {
  const text = `select b.bucket, c.root from generate_series(0, ${String(BUCKETS - 1)}) as b (bucket)
    cross join lateral (
      select root from audit_checkpoint_buckets c where c.bucket = b.bucket and c.checkpoint_no <= $1
      order by checkpoint_no desc limit 1
    ) c`;
  const { rows } = await client.query<{ bucket: number; root: string }>(text, [checkpoint]);
  const roots = Array.from({ length: BUCKETS }, (): Uint8Array => EMPTY_ROOT);
  for (const { bucket, root } of rows) roots[bucket] = Buffer.from(root, 'hex');
  return roots;
}

async function renewedRoots(client: pg.ClientBase, buckets: readonly number[]): Promise<Map<number, Uint8Array>> {
  const text = `select bucket, chain_id, last_seq::float8 as chain_seq, last_hash as event_hash
    from audit_chain_heads where bucket = any($1::int[]) and last_seq > 0`;
  const { rows } = await client.query<Head>(text, [buckets]);
  const leaves = new Map<number, Head[]>(buckets.map((bucket) => [bucket, []]));
  for (const row of rows) leaves.get(row.bucket)?.push(row);
  return new Map([...leaves].map(([bucket, heads]) => [bucket, bucketRoot(heads)]));
}
