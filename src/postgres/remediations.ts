import type pg from 'pg';
import type { RequestIdentity } from '../remediation/request.ts';
import { translating } from './pool.ts';

/** Every remediation of a namespace that the ledger has ever known, the oldest first. */
export async function allRemediations(pool: pg.Pool, namespace: string): Promise<readonly RequestIdentity[]> {
  const text = `select namespace, name, uid from remediations where namespace = $1 order by created_at, uid`;
  const result = await translating(() => pool.query<RequestIdentity>(text, [namespace]));
  return result.rows;
}
