/** Reading the trail of a remediation, and recording events that no step wrote. */
import type pg from 'pg';
import type { AuditEvent } from '../remediation/audit.ts';
import type { Registration } from '../remediation/commit.ts';
import type { Instant } from '../remediation/time.ts';
import { chainIdOf, linked } from './chain.ts';
import { sideEventContent } from './envelope.ts';
import type { Writer } from './envelope.ts';
import { EVENT_COLUMNS, insertEvents, toTrailEvent } from './event-row.ts';
import type { TrailEvent } from './event-row.ts';
import { fold } from './fold.ts';
import { remediationOf } from './ledger.ts';
import type { RemediationKey } from './ledger.ts';
import { lockedOrRegistered } from './locks.ts';
import { translating, withTransaction } from './pool.ts';

const READ_CHAIN = `select ${EVENT_COLUMNS} from audit_events where chain_id = $1 order by chain_seq, event_timestamp`;

/**
 * The trail of one remediation in the order of its chain; empty when there is none. A name that several objects have
 * borne means the youngest: `namesakes` lists them all.
 */
export async function trailOf(pool: pg.Pool, key: RemediationKey): Promise<readonly TrailEvent[]> {
  const uid = 'uid' in key ? key.uid : (await remediationOf(pool, key))?.uid;
  return uid === undefined ? [] : translating(() => readChain(pool, uid));
}

/** Reads the chain of this uid, whatever it holds. */
export async function readChain(asking: pg.Pool | pg.ClientBase, uid: string): Promise<readonly TrailEvent[]> {
  const result = await asking.query<TrailEvent>(READ_CHAIN, [chainIdOf(uid)]);
  return result.rows.map(toTrailEvent);
}

/** One of the objects that bore a name, one after the other. */
export interface Namesake {
  readonly uid: string;
  readonly phase: string;
  readonly createdAt: Date;
}

/** Every object of this name that the ledger knows, the youngest first. */
export async function namesakes(pool: pg.Pool, namespace: string, name: string): Promise<readonly Namesake[]> {
  const text = `select uid, phase, created_at as "createdAt" from remediations
    where namespace = $1 and name = $2 order by created_at desc, registered_at desc`;
  const result = await translating(() => pool.query<Namesake>(text, [namespace, name]));
  return result.rows;
}

/** An event outside of steps. Its id, from `sideEventId`, makes it one event however often it is told. */
export interface SideEvent {
  readonly id: string;
  readonly subject: Registration;
  readonly event: AuditEvent;
  readonly at: Instant;
}

const WRITE_SIDE_EVENT = `
  with events as (${insertEvents(1)}),
  head as (
    update audit_chain_heads set last_seq = $3, last_hash = $4, updated_at = clock_timestamp() where chain_id = $2
  )
  update remediations set status_fold = $6::jsonb, deleted_at = coalesce(deleted_at, $7), updated_at = clock_timestamp()
  where uid = $5`;

/** Appends the event to the trail of its subject, unless it is there already. */
export async function recordSideEvent(
  pool: pg.Pool,
  side: SideEvent,
  writer: Writer,
): Promise<'recorded' | 'already-there'> {
  const { uid } = side.subject;
  const content = sideEventContent(side.id, side.subject, side.event, side.at, writer);
  return withTransaction(pool, async (client) => {
    const row = await lockedOrRegistered(client, side.subject);
    const known = await client.query(`select from audit_events where rr_uid = $1 and event_id = $2`, [uid, side.id]);
    if (known.rows.length > 0) return 'already-there';
    const chainId = chainIdOf(uid);
    const events = linked(chainId, row.chainEnd, [content]);
    const end = events.at(-1);
    // A clean-up is told before it is done: the row stays open until the object is gone.
    const { type, action } = side.event;
    const isDeletion = type === 'orchestrator.lifecycle.deleted' && action !== 'retention_cleanup';
    await client.query(WRITE_SIDE_EVENT, [
      JSON.stringify(events),
      chainId,
      end?.chain_seq,
      end?.event_hash,
      uid,
      JSON.stringify(fold(row.statusFold, [content])),
      isDeletion ? new Date(side.at).toISOString() : null,
    ]);
    return 'recorded';
  });
}
