/** Locks, and the order everywhere: fingerprint, target, the remediation's own row, its audit chain, other rows. */
import type pg from 'pg';
import { InvariantError } from '../errors.ts';
import type { Registration, Waiter } from '../remediation/commit.ts';
import type { JsonObject } from '../remediation/json.ts';
import type { Duplicates } from '../remediation/state.ts';
import type { ChainEnd } from './chain.ts';
import { register } from './ledger.ts';

/** What a step leaves for its own repetition and for whoever goes on after it. */
export interface StepResult {
  readonly waiters: readonly Waiter[];
  readonly duplicates?: Duplicates;
  readonly memory?: JsonObject;
}

/** A remediation's row and the end of its chain, both locked until the transaction ends. */
export interface LockedRow {
  readonly phase: string;
  readonly ended: boolean;
  readonly generation: number;
  readonly step: number;
  readonly statusFold: JsonObject;
  readonly lastStepResult: StepResult | null;
  readonly chainEnd: ChainEnd;
}

/** The key under which duplicates of one signal meet; undefined for a signal without fingerprint. */
export const fingerprintKey = (of: Pick<Registration, 'namespace' | 'fingerprint' | 'targetNamespace'>) =>
  of.fingerprint === '' ? undefined : JSON.stringify([of.namespace, of.fingerprint, of.targetNamespace]);

/** Keeps everybody else from deciding about this fingerprint until the transaction ends. */
export async function fingerprintLock(client: pg.ClientBase, registration: Registration): Promise<void> {
  const key = fingerprintKey(registration);
  if (key === undefined) return;
  const text = `select pg_advisory_xact_lock(hashtextextended('fingerprint:' || $1, 0))`;
  await client.query({ name: 'fingerprint-lock', text, values: [key] });
}

// Both tables are named for the lock: a transaction that waited here must not go on from an old end of the chain.
const LOCK_ROW = `
  select r.phase, r.terminal_at is not null as ended, r.generation, r.step, r.status_fold as "statusFold",
    r.last_step_result as "lastStepResult", h.last_seq::float8 as seq, h.last_hash as hash
  from remediations r join audit_chain_heads h on h.chain_id = 'rr:' || r.uid
  where r.uid = $1
  for update of r, h`;

/** Locks the row and the chain of a remediation, which it registers first if no watcher has. */
export async function lockedOrRegistered(client: pg.ClientBase, registration: Registration): Promise<LockedRow> {
  const known = await lockedRow(client, registration.uid);
  if (known !== undefined) return known;
  await register(client, [registration]);
  const registered = await lockedRow(client, registration.uid);
  if (registered !== undefined) return registered;
  const { namespace, name, uid } = registration;
  const message = `The ledger row of ${namespace}/${name} (${uid}) has no audit chain: run \`rrctl verify\` on it.`;
  throw new InvariantError('INVARIANT', message);
}

async function lockedRow(client: pg.ClientBase, uid: string): Promise<LockedRow | undefined> {
  const result = await client.query<Omit<LockedRow, 'chainEnd'> & ChainEnd>({
    name: 'lock-row',
    text: LOCK_ROW,
    values: [uid],
  });
  const row = result.rows[0];
  if (row === undefined) return undefined;
  const { seq, hash, ...rest } = row;
  return { ...rest, chainEnd: { seq, hash } };
}
