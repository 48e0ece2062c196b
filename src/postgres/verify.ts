/** Whether a trail is what was written, obeys its rules and agrees with the ledger. Verifying writes nothing. */
import type pg from 'pg';
import { sameJson } from '../remediation/json.ts';
import type { Json, JsonObject } from '../remediation/json.ts';
import { checkChain } from './chain-check.ts';
import type { ChainHead } from './chain-check.ts';
import { chainIdOf } from './chain.ts';
import type { TrailEvent } from './event-row.ts';
import type { Finding } from './findings.ts';
import { deltaOf, fold, withoutEmpty } from './fold.ts';
import { withTransaction } from './pool.ts';
import { readChain } from './trail.ts';
import { checkTrailRules } from './trail-rules.ts';

export interface Verification {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  /** How many events were looked at. */
  readonly events: number;
  /** The status as the trail tells it. */
  readonly fold: JsonObject;
  /** The end of the chain as recorded; undefined when the remediation is unknown. */
  readonly head: ChainHead | undefined;
}

/** Verifies the trail of one remediation as it is at this moment. */
export async function verifyTrail(pool: pg.Pool, uid: string): Promise<Verification> {
  return withTransaction(pool, async (client) => {
    // One snapshot for all reads: a commit in between would look like a fault.
    await client.query('set transaction isolation level repeatable read, read only');
    const events = await readChain(client, uid);
    const head = await readHead(client, uid);
    const row = await readRow(client, uid);
    const told = fold({}, events);
    const chain = chainIdOf(uid);
    const findings: readonly Finding[] = [
      ...checkChain(uid, events, head),
      ...checkLedger(events, told, row).map((message): Finding => ({ code: 'LEDGER_MISMATCH', chain, message })),
      ...checkTrailRules(events).map((breach): Finding => ({ code: 'TRAIL_RULE_BROKEN', chain, ...breach })),
    ];
    return { ok: findings.length === 0, findings, events: events.length, fold: told, head };
  });
}

interface LedgerRow {
  readonly phase: string;
  readonly outcome: string | null;
  readonly ended: boolean;
  readonly step: number;
  readonly status_fold: JsonObject;
}

/** The ledger and the trail are written together, so they can only differ when somebody else wrote one of them. */
function checkLedger(events: readonly TrailEvent[], told: JsonObject, row: LedgerRow | undefined): readonly string[] {
  if (row === undefined) return events.length === 0 ? [] : ['The ledger has no row for this remediation.'];
  const faults: string[] = [];
  const step = events.reduce((highest, event) => Math.max(highest, event.step_no ?? 0), 0);
  if (row.step !== step) faults.push(`The ledger's last step is ${String(row.step)}, the trail's is ${String(step)}.`);
  if (!sameJson(withoutEmpty(row.status_fold), withoutEmpty(told)))
    faults.push('The status kept in the ledger is not the one that the trail tells.');
  if (!events.some((event) => deltaOf(event) !== undefined)) return faults;
  const phase = told['overallPhase'];
  if (row.phase !== phase) faults.push(`The ledger's phase is ${row.phase}, the trail's is ${word(phase)}.`);
  const completion = told['completionStatus'] as JsonObject | undefined;
  const outcome = completion?.['outcome'] ?? null;
  if (row.ended && row.outcome !== outcome)
    faults.push(`The ledger's outcome is ${word(row.outcome)}, the trail's is ${word(outcome)}.`);
  return faults;
}

const word = (value: Json | undefined): string => (typeof value === 'string' ? value : 'none');

async function readRow(client: pg.ClientBase, uid: string): Promise<LedgerRow | undefined> {
  const text = `select phase, outcome, terminal_at is not null as ended, step, status_fold from remediations where uid = $1`;
  return (await client.query<LedgerRow>(text, [uid])).rows[0];
}

async function readHead(client: pg.ClientBase, uid: string): Promise<ChainHead | undefined> {
  const text = `select last_seq::float8 as seq, last_hash as hash, purged_through_seq::float8 as "purgedSeq",
    purged_through_hash as "purgedHash" from audit_chain_heads where chain_id = $1`;
  interface Row {
    readonly seq: number;
    readonly hash: string;
    readonly purgedSeq: number | null;
    readonly purgedHash: string | null;
  }
  const row = (await client.query<Row>(text, [chainIdOf(uid)])).rows[0];
  if (row === undefined) return undefined;
  const { seq, hash, purgedSeq, purgedHash } = row;
  return purgedSeq === null || purgedHash === null
    ? { seq, hash }
    : { seq, hash, purged: { seq: purgedSeq, hash: purgedHash } };
}
