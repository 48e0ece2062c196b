/** Reads where a remediation stands in the ledger, for a run that takes over from a lost one. */
import type pg from 'pg';
import type { RecordedStep } from '../remediation/commit.ts';
import type { JsonObject } from '../remediation/json.ts';
import { translating } from './pool.ts';

/** The last committed step; undefined for a remediation that was only registered, or not even that. */
export const recordedStepOf = (pool: pg.Pool, uid: string): Promise<RecordedStep | undefined> =>
  translating(async () => {
    const { rows } = await pool.query<{ step: number; status: JsonObject; memory: JsonObject | null }>({
      name: 'recorded-step',
      text: `select step, status_fold as status, last_step_result -> 'memory' as memory from remediations where uid = $1 and step > 0`,
      values: [uid],
    });
    const [row] = rows;
    return row?.memory === undefined || row.memory === null
      ? undefined
      : { step: row.step, status: row.status, memory: row.memory };
  });
