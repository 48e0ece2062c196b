/** The keys that claims are held under, and the locks on them. Order everywhere: fingerprint, target, own row. */
import type pg from 'pg';

// PostgreSQL evaluates a select list from left to right, so one round trip takes both locks in order.
const LOCKS = `
  select
    case when $1::text is null then null else pg_advisory_xact_lock(hashtextextended('fingerprint:' || $1, 0)) end,
    case when $2::text is null then null else pg_advisory_xact_lock(hashtextextended('target:' || $2, 0)) end`;

/** Keeps everybody else from deciding about these keys until the transaction ends. */
export async function lockKeys(
  client: pg.ClientBase,
  fingerprint: string | undefined,
  target: string | undefined,
): Promise<void> {
  if (fingerprint === undefined && target === undefined) return;
  await client.query({ name: 'routing-locks', text: LOCKS, values: [fingerprint ?? null, target ?? null] });
}

// The key of the claim that a remediation holds changes only by the remediation itself, so it may be read before the lock.
const LOCK_HELD = `
  select key, pg_advisory_xact_lock(hashtextextended('target:' || key, 0))
  from claims where holder_uid = $1 and kind = 'target' and released_at is null`;

/** Locks the target that this remediation holds; undefined when it holds none. */
export async function lockHeldTarget(client: pg.ClientBase, uid: string): Promise<string | undefined> {
  const result = await client.query<{ key: string }>({ name: 'lock-held-target', text: LOCK_HELD, values: [uid] });
  return result.rows[0]?.key;
}

/** Whether the claim with this token is still held by this remediation. */
export async function holdsToken(client: pg.ClientBase, uid: string, token: number): Promise<boolean> {
  const text = `select from claims where token = $2 and holder_uid = $1 and released_at is null`;
  const result = await client.query({ name: 'holds-token', text, values: [uid, token] });
  return result.rowCount === 1;
}
