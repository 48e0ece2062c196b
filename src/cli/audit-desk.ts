/** The audit store as the audit commands see it. */
import type pg from 'pg';
import { randomUUID } from 'node:crypto';
import type { ContentLine } from '../audit/bundle.ts';
import type { TakeOptions } from '../postgres/checkpoints/take.ts';
import type { TakenCheckpoint } from '../postgres/checkpoints/take.ts';
import { takeCheckpoint } from '../postgres/checkpoints/take.ts';
import { bundleLines } from '../postgres/checkpoints/bundle-lines.ts';
import type { Selection } from '../postgres/checkpoints/bundle-lines.ts';
import { appendEvents } from '../postgres/append.ts';
import { payloadDigest } from '../postgres/chain.ts';
import { translating, withTransaction } from '../postgres/pool.ts';
import { activeHolds, placeHold, releaseHold } from '../postgres/retention/holds.ts';
import type { LegalHold } from '../postgres/retention/holds.ts';
import type { JsonObject } from '../remediation/json.ts';
import { VERSION } from '../version.ts';

/** A key that has signed, and which checkpoints. */
export interface SigningKey {
  readonly keyId: string;
  readonly first: number;
  readonly last: number;
}

export interface AuditDesk {
  /** Reads the lines of a bundle in one snapshot. */
  lines<T>(selection: Selection, redact: boolean, use: (lines: AsyncIterable<ContentLine>) => Promise<T>): Promise<T>;
  /** Notes in the store's own chain that somebody took a copy. */
  noteExport(by: string, data: JsonObject, now: number): Promise<void>;
  checkpoint(options: TakeOptions): Promise<TakenCheckpoint | undefined>;
  keys(): Promise<readonly SigningKey[]>;
  holds(): Promise<readonly LegalHold[]>;
  hold: (hold: { correlationId: string; reason: string; by: string }) => ReturnType<typeof placeHold>;
  release: (release: { correlationId: string; reason: string; by: string }) => ReturnType<typeof releaseHold>;
}

/** The desk over a database. */
export function auditDesk(pool: () => pg.Pool): AuditDesk {
  return {
    lines: (selection, redact, use) =>
      withTransaction(pool(), async (client) => {
        await client.query('set transaction isolation level repeatable read, read only');
        return use(bundleLines(client, { selection, version: VERSION, redact }));
      }),
    noteExport: async (by, data, now) => {
      const at = new Date(now).toISOString();
      const payload = { event_type: 'audit.bundle.exported', ...data };
      const content = {
        event_id: randomUUID(),
        event_version: '1.0',
        event_timestamp: at.replace('Z', '000Z'),
        event_date: at.slice(0, 10),
        event_type: 'audit.bundle.exported',
        event_category: 'security',
        event_action: 'exported',
        event_outcome: 'success',
        actor_type: 'user',
        actor_id: by,
        resource_type: 'AuditBundle',
        resource_id: typeof data['sha256'] === 'string' ? data['sha256'] : 'bundle',
        correlation_id: 'sys:export',
        severity: 'info',
        retention_days: 2555,
        is_sensitive: false,
        step_ordinal: 0,
        event_data: payload,
        event_data_sha256: payloadDigest(payload),
      };
      await withTransaction(pool(), (client) => appendEvents(client, [{ chain: 'sys:export', content }]));
    },
    checkpoint: (options) => takeCheckpoint(pool(), options),
    keys: async () => {
      const text = `select key_id as "keyId", min(checkpoint_no)::float8 as first, max(checkpoint_no)::float8 as last
        from audit_checkpoints group by key_id order by 2`;
      return (await translating(() => pool().query<SigningKey>(text))).rows;
    },
    holds: () => activeHolds(pool()),
    hold: (hold) => placeHold(pool(), hold),
    release: (release) => releaseHold(pool(), release),
  };
}
