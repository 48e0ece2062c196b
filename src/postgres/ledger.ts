/** The ledger: one row per RemediationRequest, from the moment it is first seen, for ever. */
import type pg from 'pg';
import { validate } from 'uuid';
import type { Registration } from '../remediation/commit.ts';
import type { JsonObject } from '../remediation/json.ts';
import { chainIdOf, genesisHash } from './chain.ts';
import { registeredColumns } from './ledger-columns.ts';
import { translating } from './pool.ts';

/** A remediation that has not ended, as far as sweeps need it. */
export interface OpenRemediation {
  readonly uid: string;
  readonly name: string;
  readonly phase: string;
  readonly step: number;
  readonly updatedAt: Date;
  readonly workflowId: string;
  readonly generation: number;
}

/** What the ledger knows of one remediation. */
export interface RemediationRow extends OpenRemediation {
  readonly namespace: string;
  readonly outcome: string | undefined;
  readonly failurePhase: string | undefined;
  readonly failureReason: string | undefined;
  readonly timeoutPhase: string | undefined;
  readonly createdAt: Date;
  readonly terminalAt: Date | undefined;
  readonly deletedAt: Date | undefined;
  readonly statusFold: JsonObject;
}

const REGISTERED =
  'uid, namespace, name, cluster_id, fingerprint, target_namespace, created_at, phase, outcome, failure_phase, ' +
  'failure_reason, timeout_phase, terminal_at, deleted_at, temporal_workflow_id';

const REGISTER = `
  with registered as (
    insert into remediations (${REGISTERED})
    select ${REGISTERED} from jsonb_populate_recordset(null::remediations, $1::jsonb)
    order by uid
    on conflict (uid) do nothing
    returning uid
  ), chains as (
    insert into audit_chain_heads (chain_id, rr_uid, correlation_id, last_hash)
    select head.chain_id, head.rr_uid, head.correlation_id, head.last_hash
    from jsonb_populate_recordset(null::audit_chain_heads, $2::jsonb) as head
    join registered on registered.uid = head.rr_uid
    order by head.chain_id
    on conflict (chain_id) do nothing
  )
  select count(*)::int as count from registered`;

/** Enters the requests that the ledger does not know yet and answers how many those were; the others stay untouched. */
export async function register(asking: pg.Pool | pg.ClientBase, requests: readonly Registration[]): Promise<number> {
  if (requests.length === 0) return 0;
  const now = Date.now();
  const rows = requests.map((request) => registeredColumns(request, now));
  const heads = requests.map(({ uid, name }) => {
    const chain = chainIdOf(uid);
    return { chain_id: chain, rr_uid: uid, correlation_id: name, last_hash: genesisHash(chain) };
  });
  const values = [JSON.stringify(rows), JSON.stringify(heads)];
  const result = await translating(() => asking.query<{ count: number }>({ name: 'register', text: REGISTER, values }));
  return result.rows[0]?.count ?? 0;
}

const OPEN_COLUMNS = `uid, name, phase, step, updated_at as "updatedAt", temporal_workflow_id as "workflowId", generation`;

/** The remediations of a namespace that have not ended, those that stood still longest first. */
export async function openRemediations(pool: pg.Pool, namespace: string): Promise<readonly OpenRemediation[]> {
  const text = `select ${OPEN_COLUMNS} from remediations
    where namespace = $1 and terminal_at is null order by updated_at, uid`;
  const result = await translating(() =>
    pool.query<OpenRemediation>({ name: 'open-remediations', text, values: [namespace] }),
  );
  return result.rows;
}

/** How a remediation is asked for: by uid, or by name, which names the youngest of that name. */
export type RemediationKey = { readonly uid: string } | { readonly namespace: string; readonly name: string };

type Nullable<T> = { [K in keyof T]: undefined extends T[K] ? Exclude<T[K], undefined> | null : T[K] };

/** The ledger's row of one remediation; undefined when it was never registered. */
export async function remediationOf(pool: pg.Pool, key: RemediationKey): Promise<RemediationRow | undefined> {
  // What is no uid at all names nothing; PostgreSQL would call it a malformed statement.
  if ('uid' in key && !validate(key.uid)) return undefined;
  const [condition, values] =
    'uid' in key ? ['uid = $1', [key.uid]] : ['namespace = $1 and name = $2', [key.namespace, key.name]];
  const text = `select ${OPEN_COLUMNS}, namespace, outcome, failure_phase as "failurePhase",
      failure_reason as "failureReason", timeout_phase as "timeoutPhase", created_at as "createdAt",
      terminal_at as "terminalAt", deleted_at as "deletedAt", status_fold as "statusFold"
    from remediations where ${condition} order by created_at desc, registered_at desc limit 1`;
  const result = await translating(() => pool.query<Nullable<RemediationRow>>(text, values));
  const row = result.rows[0];
  if (row === undefined) return undefined;
  const { outcome, failurePhase, failureReason, timeoutPhase, terminalAt, deletedAt, ...rest } = row;
  return {
    ...rest,
    outcome: outcome ?? undefined,
    failurePhase: failurePhase ?? undefined,
    failureReason: failureReason ?? undefined,
    timeoutPhase: timeoutPhase ?? undefined,
    terminalAt: terminalAt ?? undefined,
    deletedAt: deletedAt ?? undefined,
  };
}

/** Shuts out the run that commits as `expected` and answers the next generation; undefined when somebody else did, or it has ended. */
export async function raiseGeneration(pool: pg.Pool, uid: string, expected: number): Promise<number | undefined> {
  const text = `update remediations set generation = generation + 1, updated_at = clock_timestamp()
    where uid = $1 and generation = $2 and terminal_at is null returning generation`;
  const result = await translating(() => pool.query<{ generation: number }>(text, [uid, expected]));
  return result.rows[0]?.generation;
}
