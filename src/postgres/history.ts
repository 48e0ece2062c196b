/** Reads the earlier ends of a signal from the ledger. */
import type pg from 'pg';
import type { HistoryQuestion, PastRemediation } from '../remediation/history.ts';
import { translating } from './pool.ts';

const MOST_ROWS = 50;

/** Ends of the same signal that are senior to the asking remediation, most recent first; at most 50. */
export const historyOf = (pool: pg.Pool, question: HistoryQuestion): Promise<readonly PastRemediation[]> =>
  translating(async () => {
    const { namespace, fingerprint, targetNamespace, uid, name, createdAt, since } = question;
    const result = await pool.query<PastRemediation>({
      name: 'history-of',
      text: `
        select uid, phase, outcome, failure_phase as "failurePhase", timeout_phase as "timeoutPhase",
               inherited_from is not null as "wasInherited",
               phase = 'Failed' and failure_phase is null and block_reason is not null as "endedWhileBlocked"
          from remediations
         where namespace = $1 and fingerprint = $2 and target_namespace = $3 and uid <> $4
           and terminal_at is not null and terminal_at > $7
           and (created_at, name, uid::text) < ($5, $6, $4::text)
         order by created_at desc, name desc, uid desc
         limit ${String(MOST_ROWS)}`,
      values: [namespace, fingerprint, targetNamespace, uid, new Date(createdAt), name, new Date(since)],
    });
    return result.rows.map(
      (row) =>
        Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as PastRemediation,
    );
  });
