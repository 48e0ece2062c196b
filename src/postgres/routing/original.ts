/** How the original of a duplicate stands. While it lives, the duplicate is on its list of waiters. */
import type pg from 'pg';
import type { OriginalAnswer, OriginalQuestion } from '../../remediation/routing/question.ts';
import { fingerprintKey } from '../locks.ts';
import { withTransaction } from '../pool.ts';
import { lockKeys } from './keys.ts';

interface Row {
  readonly uid: string;
  readonly name: string;
  readonly phase: string;
  readonly outcome: string | null;
  readonly failureReason: string | null;
  readonly hasEnded: boolean;
  readonly wasDeleted: boolean;
}

const COLUMNS = `uid, name, phase, outcome, failure_reason as "failureReason",
  terminal_at is not null as "hasEnded", deleted_at is not null as "wasDeleted"`;
const BY_UID = `select ${COLUMNS} from remediations where uid = $1`;
const BY_NAME = `select ${COLUMNS} from remediations
  where namespace = $1 and name = $2 and uid <> $3 order by created_at desc limit 1`;
const WAIT = `update remediations set waiting_on = $2 where uid = $1 and terminal_at is null and waiting_on is distinct from $2`;

/** Reads the original, and waits for it when it has not ended. */
export const originalOf = (pool: pg.Pool, { request, uid, name }: OriginalQuestion): Promise<OriginalAnswer> =>
  withTransaction(pool, async (client): Promise<OriginalAnswer> => {
    await lockKeys(client, fingerprintKey(request), undefined);
    const asked =
      uid === undefined
        ? { name: 'original-by-name', text: BY_NAME, values: [request.namespace, name, request.uid] }
        : { name: 'original-by-uid', text: BY_UID, values: [uid] };
    const row = (await client.query<Row>(asked)).rows[0];
    if (row === undefined) return { original: 'unknown' };
    if (!row.hasEnded && !row.wasDeleted) {
      await client.query({ name: 'wait-for-original', text: WAIT, values: [request.uid, row.uid] });
      return { original: 'live' };
    }
    const { outcome, failureReason, phase, wasDeleted } = row;
    return {
      original: 'ended',
      name: row.name,
      uid: row.uid,
      phase,
      wasDeleted: wasDeleted && phase !== 'Completed',
      ...(outcome === null ? {} : { outcome }),
      ...(failureReason === null ? {} : { failureReason }),
    };
  });
