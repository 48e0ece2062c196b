import assert from 'node:assert/strict';
import { commitTransaction } from '../../../src/postgres/commit-transaction.ts';
import { verifyTrail } from '../../../src/postgres/verify.ts';
import { aRegistration, begin, directPath, move, writer } from '../../unit/postgres/commits.ts';
import { tamper, usePool } from './pool.ts';

/** What somebody with every right on the server does to the trail of $1, and what has to be reported for it, in order. */
const MANIPULATIONS: readonly (readonly [what: string, statement: string, report: readonly string[]])[] = [
  [
    'edits a column',
    `update audit_events set actor_id = 'mallory' where rr_uid = $1 and chain_seq = 3`,
    ['EVENT_HASH_MISMATCH 3'],
  ],
  [
    'moves a time by a microsecond',
    `update audit_events set event_timestamp = event_timestamp + interval '1 microsecond' where rr_uid = $1 and chain_seq = 4`,
    ['EVENT_HASH_MISMATCH 4'],
  ],
  [
    'edits a payload',
    `update audit_events set event_data = event_data || '{"transition_reason": "Cancelled"}' where rr_uid = $1 and chain_seq = 3`,
    ['PAYLOAD_DIGEST_MISMATCH 3', 'TRAIL_RULE_BROKEN 3'],
  ],
  [
    'edits a status change',
    `update audit_events set event_data = jsonb_set(event_data, '{status_delta,message}', '"fine"') where rr_uid = $1 and chain_seq = 3`,
    ['PAYLOAD_DIGEST_MISMATCH 3', 'LEDGER_MISMATCH'],
  ],
  [
    'deletes in the middle',
    `delete from audit_events where rr_uid = $1 and chain_seq = 5`,
    ['SEQUENCE_GAP 6', 'TRAIL_RULE_BROKEN 6', 'TRAIL_RULE_BROKEN 6'],
  ],
  [
    'cuts the tail',
    `delete from audit_events where rr_uid = $1 and chain_seq = 8`,
    ['HEAD_MISMATCH 7', 'TRAIL_RULE_BROKEN'],
  ],
  [
    'cuts the tail and moves the recorded end',
    `with cut as (delete from audit_events where rr_uid = $1 and step_no = 6)
     update audit_chain_heads h set last_seq = 6, last_hash = e.event_hash from audit_events e
     where e.rr_uid = $1 and e.chain_seq = 6 and h.rr_uid = $1`,
    ['LEDGER_MISMATCH', 'LEDGER_MISMATCH', 'LEDGER_MISMATCH', 'LEDGER_MISMATCH'],
  ],
  [
    'appends at the tail',
    `insert into audit_events select (jsonb_populate_record(e, jsonb_build_object('event_id', gen_random_uuid(), 'chain_seq', 9,
       'step_no', 7, 'step_ordinal', 0, 'event_type', 'orchestrator.lifecycle.deleted'))).*
     from audit_events e where rr_uid = $1 and chain_seq = 8`,
    ['SUBJECT_MISMATCH 9', 'LINK_MISMATCH 9', 'EVENT_HASH_MISMATCH 9', 'HEAD_MISMATCH 9', 'LEDGER_MISMATCH'],
  ],
  [
    'reuses a number',
    `insert into audit_events select (jsonb_populate_record(e, '{"event_date": "2026-12-01", "event_timestamp": "2026-12-01T00:00:00Z"}')).*
     from audit_events e where rr_uid = $1 and chain_seq = 3`,
    [
      'DUPLICATE_SEQUENCE 3',
      'EVENT_HASH_MISMATCH 3',
      'TRAIL_RULE_BROKEN 3',
      'TRAIL_RULE_BROKEN 3',
      'TRAIL_RULE_BROKEN 3',
    ],
  ],
  [
    'removes the whole chain',
    `delete from audit_events where rr_uid = $1`,
    ['HEAD_MISMATCH 0', 'LEDGER_MISMATCH', 'LEDGER_MISMATCH'],
  ],
  ['removes the recorded end', `delete from audit_chain_heads where rr_uid = $1`, ['HEAD_MISMATCH']],
  [
    'changes how it ended in the ledger',
    `update remediations set outcome = 'DryRun' where uid = $1`,
    ['LEDGER_MISMATCH'],
  ],
  [
    'turns the ledger back',
    `update remediations set step = 5, phase = 'Verifying' where uid = $1`,
    ['LEDGER_MISMATCH', 'LEDGER_MISMATCH'],
  ],
  ['removes the ledger row', `delete from remediations where uid = $1`, ['LEDGER_MISMATCH']],
];

describe('verifyTrail', () => {
  const pool = usePool();
  const recorded = async (): Promise<string> => {
    const of = aRegistration();
    for (const commit of directPath(of)) await commitTransaction(pool(), commit, writer);
    return of.uid;
  };
  const report = async (uid: string): Promise<readonly string[]> =>
    (await verifyTrail(pool(), uid)).findings.map(({ code, seq }) =>
      seq === undefined ? code : `${code} ${String(seq)}`,
    );

  it('finds nothing in trails as they were written, at any step', async () => {
    const of = aRegistration();
    for (const commit of directPath(of)) {
      await commitTransaction(pool(), commit, writer);
      assert.deepEqual(await report(of.uid), []);
    }
  });

  it('finds nothing wrong with what it does not know', async () => {
    const { ok, events, head } = await verifyTrail(pool(), aRegistration().uid);
    assert.deepEqual([ok, events, head], [true, 0, undefined]);
  });

  for (const [what, statement, expected] of MANIPULATIONS)
    it(`reports who ${what}`, async () => {
      const [uid, untouched] = [await recorded(), await recorded()];
      assert.ok((await tamper(pool(), statement, [uid])) > 0);
      assert.deepEqual(await report(uid), expected);
      assert.deepEqual(await report(untouched), []);
    });

  it('reports who exchanges two remediations, in both', async () => {
    const [a, b] = [await recorded(), await recorded()];
    const statement = `update audit_events set rr_uid = case rr_uid when $1 then $2::uuid else $1::uuid end,
      chain_id = 'rr:' || case rr_uid when $1 then $2::uuid else $1::uuid end, chain_seq = chain_seq + 100
      where rr_uid in ($1, $2)`;
    await tamper(pool(), statement, [a, b]);
    await tamper(pool(), 'update audit_events set chain_seq = chain_seq - 100 where rr_uid in ($1, $2)', [a, b]);
    for (const uid of [a, b]) {
      const found = await report(uid);
      assert.deepEqual(found.slice(0, 2), ['SUBJECT_MISMATCH 1', 'GENESIS_MISMATCH 1']);
    }
  });

  it('looks at one moment while steps are being recorded', async () => {
    const of = aRegistration();
    await commitTransaction(pool(), begin(of), writer);
    const state = { busy: true };
    const writing = (async () => {
      let step = 2;
      for (; step <= 41; step += 2) {
        await commitTransaction(pool(), move(of, step, 'Pending', 'Blocked', 'Blocked'), writer);
        await commitTransaction(pool(), move(of, step + 1, 'Blocked', 'Pending', 'Unblocked'), writer);
      }
      state.busy = false;
    })();
    while (state.busy) assert.deepEqual(await report(of.uid), []);
    await writing;
  });
});
