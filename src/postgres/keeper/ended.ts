/** Which ended remediations the keeper has to look at, and what it notes about them. */
import type pg from 'pg';
import type { NotificationOrder } from '../../remediation/children.ts';
import type { Registration } from '../../remediation/commit.ts';
import type { Condition } from '../../remediation/status.ts';
import { parseTime } from '../../remediation/time.ts';
import type { Instant } from '../../remediation/time.ts';
import { translating } from '../pool.ts';

/** An ended remediation that is due, as the ledger has it. */
export interface EndedRow {
  readonly registration: Registration;
  readonly phase: string;
  readonly endedAt: Instant;
  /** Whether steps of ours brought it to its end. */
  readonly isOurs: boolean;
  readonly hasTrail: boolean;
  /** Whether somebody wants its object kept. */
  readonly isHeld: boolean;
  /** Notifications that its last step could not make. */
  readonly unsent: readonly NotificationOrder[];
  /** The condition Ready as its last step wrote it. */
  readonly ready: Condition | undefined;
  /** The hint that brought it here, as the database writes it. */
  readonly hint: string | undefined;
}

/** What is due now. `isAll` is false when there is more of it than was asked for. */
export interface Due {
  readonly rows: readonly EndedRow[];
  readonly isAll: boolean;
}

interface StoredRow {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly clusterID: string | null;
  readonly fingerprint: string;
  readonly targetNamespace: string;
  readonly createdAt: Date;
  readonly workflowId: string;
  readonly phase: string;
  readonly endedAt: Date;
  readonly isOurs: boolean;
  readonly hasTrail: boolean;
  readonly isHeld: boolean;
  readonly unsent: readonly NotificationOrder[] | null;
  readonly ready: Condition | null;
  readonly hint: string | null;
}

// Each half has an index of its own. Hints come first: somebody waits for them.
const DUE = `
  with hinted as (
    select uid from remediations
    where hint_at is not null and namespace = $1 and terminal_at is not null and deleted_at is null
    order by hint_at limit $2
  ), looked as (
    select uid from remediations
    where namespace = $1 and terminal_at is not null and deleted_at is null and look_at <= clock_timestamp()
    order by look_at limit $2
  )
  select r.uid, r.namespace, r.name, r.cluster_id as "clusterID", r.fingerprint, r.target_namespace as "targetNamespace",
    r.created_at as "createdAt", r.temporal_workflow_id as "workflowId", r.phase, r.terminal_at as "endedAt",
    r.step > 0 as "isOurs", coalesce(h.last_seq, 0) > 0 as "hasTrail",
    exists (select from audit_legal_holds l where l.correlation_id = r.name and l.released_at is null) as "isHeld",
    r.last_step_result #> '{memory,unsent}' as unsent, r.status_fold #> '{conditions,Ready}' as ready, r.hint_at::text as hint
  from remediations r left join audit_chain_heads h on h.chain_id = 'rr:' || r.uid
  where r.uid in (select uid from hinted union select uid from looked)
  order by r.hint_at nulls last, r.look_at limit $2`;

/** The ended remediations of a namespace that are to be looked at, those that somebody has pointed at first. */
export const dueForALook = (pool: pg.Pool, namespace: string, most: number): Promise<Due> =>
  translating(async () => {
    const result = await pool.query<StoredRow>({ name: 'due-for-a-look', text: DUE, values: [namespace, most] });
    return { rows: result.rows.map(toRow), isAll: result.rows.length < most };
  });

function toRow(row: StoredRow): EndedRow {
  const { uid, namespace, name, clusterID, fingerprint, targetNamespace, workflowId, phase } = row;
  const createdAt = row.createdAt.getTime();
  return {
    registration: {
      ...{ uid, namespace, name, fingerprint, targetNamespace, createdAt, workflowId, phase },
      ...(clusterID === null ? {} : { clusterID }),
    },
    phase,
    endedAt: row.endedAt.getTime(),
    isOurs: row.isOurs,
    hasTrail: row.hasTrail,
    isHeld: row.isHeld,
    unsent: row.unsent ?? [],
    ready: row.ready ?? undefined,
    hint: row.hint ?? undefined,
  };
}

const NEW_ENDS = `
  select uid, step > 0 and jsonb_array_length(coalesce(last_step_result #> '{memory,unsent}', '[]')) = 0 as "isSettled",
    status_fold ->> 'retentionExpiryTime' as expiry
  from remediations
  where namespace = $1 and terminal_at is not null and deleted_at is null and look_at is null
  order by look_at nulls first limit $2`;

const NOTE_LOOKS = `
  update remediations r set look_at = n.at
  from unnest($1::uuid[], $2::timestamptz[]) as n (uid, at)
  where r.uid = n.uid and r.look_at is null and r.terminal_at is not null`;

/**
 * Notes for every remediation that has ended since the last pass when to look at it: at the end of its retention, or
 * at once when something is left to do. Reads nothing but the ledger. False when there are more.
 */
export const noteNewEnds = (pool: pg.Pool, namespace: string, most: number): Promise<boolean> =>
  translating(async () => {
    const { rows } = await pool.query<{ uid: string; isSettled: boolean; expiry: string | null }>({
      name: 'new-ends',
      text: NEW_ENDS,
      values: [namespace, most],
    });
    if (rows.length === 0) return true;
    const now = new Date();
    const looks = rows.map(({ isSettled, expiry }) => {
      const at = isSettled ? parseTime(expiry ?? undefined) : undefined;
      return at === undefined ? now : new Date(at);
    });
    await pool.query({ name: 'note-looks', text: NOTE_LOOKS, values: [rows.map(({ uid }) => uid), looks] });
    return rows.length < most;
  });

/** Notes when to look again. The hint that was followed is done with; one that came meanwhile stays. */
export const noteLook = (pool: pg.Pool, uid: string, hint: string | undefined, next: Instant): Promise<void> =>
  translating(async () => {
    const text = `update remediations set look_at = $3,
        hint_at = case when hint_at::text is not distinct from $2 then null else hint_at end
      where uid = $1 and terminal_at is not null`;
    await pool.query({ name: 'note-look', text, values: [uid, hint ?? null, new Date(next)] });
  });

/** Notes that the object is gone: nothing is left to do for this remediation. */
export const noteGone = (pool: pg.Pool, uid: string): Promise<void> =>
  translating(async () => {
    const text = `update remediations set deleted_at = coalesce(deleted_at, clock_timestamp()), hint_at = null
      where uid = $1 and terminal_at is not null`;
    await pool.query({ name: 'note-gone', text, values: [uid] });
  });

/** Notes which notifications are still to be made for an ended remediation. */
export const noteUnsent = (pool: pg.Pool, uid: string, unsent: readonly NotificationOrder[]): Promise<void> =>
  translating(async () => {
    const text = `update remediations
      set last_step_result = jsonb_set(last_step_result, '{memory,unsent}', $2::jsonb)
      where uid = $1 and terminal_at is not null and last_step_result #> '{memory}' is not null`;
    await pool.query({ name: 'note-unsent', text, values: [uid, JSON.stringify(unsent)] });
  });

/** How often since then the phase of this ended remediation was put back. */
export const restoredSince = (pool: pg.Pool, uid: string, since: Instant): Promise<number> =>
  translating(async () => {
    const text = `select count(*)::int as count from audit_events
      where rr_uid = $1 and event_type = 'orchestrator.status.updated' and event_timestamp > $2
        and event_data ->> 'cause' = 'PhaseRestored'`;
    const values = [uid, new Date(since)];
    const result = await pool.query<{ count: number }>({ name: 'restored-since', text, values });
    return result.rows[0]?.count ?? 0;
  });
