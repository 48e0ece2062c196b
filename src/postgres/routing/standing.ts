/** Why a remediation is where it is: the last answer of routing, and who holds what it wants. For people who ask. */
import type pg from 'pg';
import type { Json, JsonObject } from '../../remediation/json.ts';
import { translating } from '../pool.ts';

/** A claim as people are told of it. */
export interface HeldClaim {
  readonly kind: string;
  readonly key: string;
  readonly holder: string;
  readonly holderPhase: string;
  readonly token: number;
  readonly since: string;
}

export interface RoutingStanding {
  readonly phase: string;
  readonly blockReason?: string;
  readonly blockedUntil?: string;
  /** The last answer, with the check that gave it and the facts it saw; absent before the first question. */
  readonly answer?: JsonObject;
  readonly asking?: string;
  readonly askedAt?: string;
  /** Unreleased claims: its own, and those it waits for. */
  readonly claims: readonly HeldClaim[];
  readonly foreign: readonly string[];
  readonly waitsForRequest?: string;
}

const STANDING = `
  select r.phase, r.block_reason as "blockReason", to_jsonb(r.blocked_until) #>> '{}' as "blockedUntil",
    r.routing->'answer' as answer, r.routing->'question'->>'asking' as asking, r.routing->>'at' as "askedAt",
    (select o.name from remediations o where o.uid::text = r.waiting_on) as "waitsForRequest",
    (select coalesce(jsonb_agg(jsonb_build_object('kind', c.kind, 'key', c.key, 'holder', coalesce(h.name, c.holder_uid::text),
        'holderPhase', coalesce(h.phase, ''), 'token', c.token, 'since', c.acquired_at) order by c.token), '[]')
      from claims c left join remediations h on h.uid = c.holder_uid
      where c.released_at is null and (c.holder_uid = r.uid or c.holder_uid::text = r.waiting_on
        or (c.kind = 'target' and c.key = r.waiting_on))) as claims,
    (select coalesce(jsonb_agg(f.name || ' (' || f.phase || ')' order by f.name), '[]') from foreign_executions f
      where lower(f.target_key) = r.waiting_on and f.gone_at is null and f.phase not in ('Completed', 'Failed')) as foreign
  from remediations r where r.uid = $1`;

/** What the ledger says; undefined for a request that was never registered. */
export const routingStanding = (pool: pg.Pool, uid: string): Promise<RoutingStanding | undefined> =>
  translating(async () => {
    const row = (await pool.query<Record<string, Json>>(STANDING, [uid])).rows[0];
    if (row === undefined) return undefined;
    return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as RoutingStanding;
  });
