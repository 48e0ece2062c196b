/** Hints: what the watcher saw and cannot tell a workflow, because none runs. */
import type pg from 'pg';
import { translating } from '../pool.ts';

/** Notes that the keeper should look at this remediation, whether it has ended or seems to have lost its workflow. */
export const noteHint = (pool: pg.Pool, uid: string): Promise<'noted' | 'nothing to do'> =>
  translating(async () => {
    const text = `update remediations set hint_at = clock_timestamp() where uid = $1 and deleted_at is null`;
    const result = await pool.query({ name: 'note-hint', text, values: [uid] });
    return result.rowCount === 1 ? 'noted' : 'nothing to do';
  });
