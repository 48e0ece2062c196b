/** Reads everything that a routing decision looks at in one statement, after the locks, and locks the asking row with it. */
import type pg from 'pg';
import type { PastRemediation } from '../../remediation/history.ts';
import type { Waiter } from '../../remediation/commit.ts';
import type { ForeignExecution, Other, RecentExecution } from '../../remediation/routing/facts.ts';
import type { RoutingQuestion } from '../../remediation/routing/question.ts';
import type { JsonObject } from '../../remediation/json.ts';
import { fingerprintKey } from '../locks.ts';

/** Who holds a key, as the ledger has it. */
export interface Claim extends Other {
  readonly token: number;
  readonly since: number;
  readonly hasEnded: boolean;
  readonly executionName?: string;
}

/** A live remediation that waits for the target. */
export interface TargetWaiter extends Other, Waiter {
  readonly isSenior: boolean;
}

/** What the ledger says; nulls are absent. */
export interface Reading {
  readonly phase: string;
  readonly hasEnded: boolean;
  readonly generation: number;
  readonly waitingOn?: string;
  readonly stored?: StoredAnswer;
  readonly earlier: readonly PastRemediation[];
  readonly owner?: Claim;
  readonly candidate?: Other;
  /** Who owned the fingerprint last, if that ended after the asking request was registered. */
  readonly lastOwner?: Other;
  readonly holder?: Claim;
  readonly foreign?: ForeignExecution;
  readonly waiter?: TargetWaiter;
  /** When the target became free last, in milliseconds. */
  readonly freeSince?: number;
  readonly recent?: RecentExecution;
}

/** The last answer in the ledger, and the question it belongs to. */
export interface StoredAnswer {
  readonly question: JsonObject;
  readonly answer: JsonObject;
}

const MOST_ENDS = 50;

const CLAIM = `
  select jsonb_build_object('uid', c.holder_uid, 'name', coalesce(h.name, ''), 'token', c.token,
    'since', extract(epoch from c.acquired_at) * 1000, 'executionName', h.we_name,
    'hasEnded', h.uid is null or h.terminal_at is not null or h.deleted_at is not null)
  from claims c left join remediations h on h.uid = c.holder_uid`;

const OWN = 'select created_at, name, uid, registered_at from remediations where uid = $1::uuid';
const SENIOR = `(w.created_at, w.name collate "C", w.uid::text) < (select created_at, name collate "C", uid::text from own)`;

/** Parameters: 1 uid · 2 fingerprint key · 3 namespace · 4 fingerprint · 5 target namespace · 6 horizon of ends · 7 target key · 8 workflow · 9 horizon of runs */
const READ = `
  with own as materialized (${OWN}),
  row as materialized (select * from remediations where uid = $1::uuid for update)
  select row.phase, row.terminal_at is not null as "hasEnded", row.generation, row.waiting_on as "waitingOn",
    row.routing as stored,
    (select coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(e)) order by e.n), '[]') from (
      select row_number() over (order by w.created_at desc, w.name collate "C" desc, w.uid::text desc) as n,
        w.uid, w.phase, w.outcome, w.failure_phase as "failurePhase", w.timeout_phase as "timeoutPhase",
        w.inherited_from is not null as "wasInherited",
        w.phase = 'Failed' and w.failure_phase is null and w.block_reason is not null as "endedWhileBlocked"
      from remediations w
      where $2::text is not null and w.namespace = $3 and w.fingerprint = $4 and w.target_namespace = $5
        and w.uid <> $1::uuid and w.terminal_at > $6::timestamptz and ${SENIOR}
      order by w.created_at desc, w.name collate "C" desc, w.uid::text desc limit ${String(MOST_ENDS)}) e) as earlier,
    (${CLAIM} where c.kind = 'fingerprint' and c.key = $2 and c.released_at is null) as owner,
    (select jsonb_build_object('uid', w.uid, 'name', w.name) from remediations w
      where $2::text is not null and w.namespace = $3 and w.fingerprint = $4 and w.target_namespace = $5
        and w.terminal_at is null and w.deleted_at is null
        and (w.waiting_on is null or strpos(w.waiting_on, '|') > 0)
      order by w.created_at, w.name collate "C", w.uid::text limit 1) as candidate,
    (select jsonb_build_object('uid', h.uid, 'name', h.name) from claims c join remediations h on h.uid = c.holder_uid
      where c.kind = 'fingerprint' and c.key = $2 and c.holder_uid <> $1::uuid
        and c.released_at > (select registered_at from own)
      order by c.released_at desc limit 1) as "lastOwner",
    (${CLAIM} where c.kind = 'target' and c.key = $7 and c.released_at is null) as holder,
    (select jsonb_build_object('name', f.name, 'phase', f.phase) from foreign_executions f
      where lower(f.target_key) = $7 and f.gone_at is null and f.phase not in ('Completed', 'Failed')
        and f.owner_uid is distinct from $1::text
      order by f.observed_at limit 1) as foreign,
    (select jsonb_build_object('uid', w.uid, 'name', w.name, 'workflowId', w.temporal_workflow_id, 'isSenior', ${SENIOR})
      from remediations w
      where w.waiting_on = $7 and w.terminal_at is null and w.uid <> $1::uuid
      order by w.created_at, w.name collate "C", w.uid::text limit 1) as waiter,
    (select extract(epoch from greatest(
        (select max(c.released_at) from claims c where c.kind = 'target' and c.key = $7 and c.released_at is not null),
        (select max(coalesce(f.gone_at, f.completed_at)) from foreign_executions f where lower(f.target_key) = $7))) * 1000
    )::float8 as "freeSince",
    (select jsonb_build_object('name', l.name, 'completedAt', extract(epoch from l.at) * 1000) from (
      select w.we_name as name, w.we_completed_at as at from remediations w
        where lower(w.target_key) = $7 and w.workflow_id = $8 and w.we_completed_at > $9::timestamptz and w.uid <> $1::uuid
      union all
      select f.name, coalesce(f.completed_at, f.observed_at) from foreign_executions f
        where lower(f.target_key) = $7 and f.workflow_id = $8 and f.phase = 'Completed'
          and coalesce(f.completed_at, f.observed_at) > $9::timestamptz and f.owner_uid is distinct from $1::text
      order by at desc limit 1) l) as recent
  from row`;

/** What the ledger knows for this question; undefined when the asking request was never registered. */
export async function readLedger(
  client: pg.ClientBase,
  { request, intent, limits }: RoutingQuestion,
  now: number,
): Promise<Reading | undefined> {
  const values = [
    request.uid,
    fingerprintKey(request) ?? null,
    request.namespace,
    request.fingerprint,
    request.targetNamespace,
    new Date(now - limits.retentionPeriod),
    intent?.targetKey ?? null,
    intent?.workflowId ?? null,
    new Date(now - limits.recentlyRemediatedCooldown),
  ];
  const result = await client.query<Reading>({ name: 'routing-read', text: READ, values });
  const row = result.rows[0];
  return row === undefined ? undefined : withoutNulls(row);
}

const withoutNulls = (row: Reading): Reading =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as Reading;
