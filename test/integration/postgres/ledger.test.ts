import assert from 'node:assert/strict';
import pg from 'pg';
import { commitTransaction } from '../../../src/postgres/commit-transaction.ts';
import { openRemediations, raiseGeneration, register, remediationOf } from '../../../src/postgres/ledger.ts';
import { namesakes } from '../../../src/postgres/trail.ts';
import { verifyTrail } from '../../../src/postgres/verify.ts';
import { aRegistration, AT, begin, directPath, writer } from '../../unit/postgres/commits.ts';
import { usePool } from './pool.ts';

describe('the ledger', () => {
  const pool = usePool();
  const column = async (uid: string, name: string): Promise<unknown> =>
    (await pool().query<{ value: unknown }>(`select ${name} as value from remediations where uid = $1`, [uid])).rows[0]
      ?.value;

  it('RG-1: registers each request once, however many watchers list it at the same time', async () => {
    const requests = Array.from({ length: 200 }, () => aRegistration());
    const shuffled = (seed: number) => requests.toSorted((a, b) => (a.uid + String(seed) < b.uid ? -1 : 1));
    const counts = await Promise.all(Array.from({ length: 10 }, (_, seed) => register(pool(), shuffled(seed))));
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      requests.length,
    );
    const { rows } = await pool().query<{ count: number }>(
      'select count(*)::int as count from audit_chain_heads where rr_uid = any($1)',
      [requests.map(({ uid }) => uid)],
    );
    assert.equal(rows[0]?.count, requests.length);
  });

  it('RG-2: registering again changes nothing of a row', async () => {
    const of = aRegistration();
    await commitTransaction(pool(), begin(of), writer);
    assert.equal(await register(pool(), [{ ...of, phase: 'Failed', fingerprint: 'other' }]), 0);
    assert.equal((await remediationOf(pool(), { uid: of.uid }))?.phase, 'Pending');
    assert.ok((await verifyTrail(pool(), of.uid)).ok);
  });

  it('RG-1: enters ended requests as ended, with how they ended', async () => {
    const of = aRegistration({ phase: 'Failed', failurePhase: 'Approval', failureReason: 'rejected', terminalAt: AT });
    const going = aRegistration({ phase: 'Executing', deletedAt: AT });
    await register(pool(), [of, going]);
    const row = await remediationOf(pool(), { uid: of.uid });
    assert.deepEqual(
      [row?.failurePhase, row?.failureReason, row?.terminalAt?.getTime(), row?.deletedAt],
      ['Approval', 'rejected', AT, undefined],
    );
    assert.ok(await column(going.uid, 'terminal_at'));
    const open = await openRemediations(pool(), of.namespace);
    assert.ok(!open.some(({ uid }) => uid === of.uid || uid === going.uid));
  });

  it('lists what is open in a namespace, and nothing of others', async () => {
    const [mine, ended, other] = [
      aRegistration({ namespace: 'team-a' }),
      aRegistration({ namespace: 'team-a' }),
      aRegistration({ namespace: 'team-b' }),
    ];
    await register(pool(), [mine, other]);
    for (const commit of directPath(ended)) await commitTransaction(pool(), commit, writer);
    await commitTransaction(pool(), begin(mine), writer);
    const open = await openRemediations(pool(), 'team-a');
    assert.deepEqual(
      open.map(({ uid, name, phase, step, workflowId, generation }) => ({
        uid,
        name,
        phase,
        step,
        workflowId,
        generation,
      })),
      [{ uid: mine.uid, name: mine.name, phase: 'Pending', step: 1, workflowId: mine.workflowId, generation: 1 }],
    );
    assert.ok(open[0]?.updatedAt instanceof Date);
  });

  it('G-31: keeps objects of one name apart; the name means the youngest', async () => {
    const first = aRegistration({ name: 'rr-again', createdAt: AT - 60_000, phase: 'Completed' });
    const second = aRegistration({ name: 'rr-again', createdAt: AT });
    await register(pool(), [second, first]);
    const key = { namespace: first.namespace, name: 'rr-again' };
    assert.equal((await remediationOf(pool(), key))?.uid, second.uid);
    const all = await namesakes(pool(), key.namespace, key.name);
    assert.deepEqual(
      all.map(({ uid, phase }) => [uid, phase]),
      [
        [second.uid, ''],
        [first.uid, 'Completed'],
      ],
    );
  });

  it('knows nothing of what was never registered, nor of what is no uid', async () => {
    assert.equal(await remediationOf(pool(), { uid: aRegistration().uid }), undefined);
    assert.equal(await remediationOf(pool(), { uid: 'rr-a' }), undefined);
    assert.equal(await remediationOf(pool(), { namespace: 'nowhere', name: 'rr-a' }), undefined);
  });

  it('CX-4: raises the generation for one of those who try at once, and never of an ended remediation', async () => {
    const of = aRegistration();
    const ended = aRegistration({ phase: 'Completed' });
    await register(pool(), [of, ended]);
    const raised = await Promise.all(Array.from({ length: 5 }, () => raiseGeneration(pool(), of.uid, 1)));
    assert.deepEqual(
      raised.filter((generation) => generation !== undefined),
      [2],
    );
    assert.equal(await raiseGeneration(pool(), ended.uid, 1), undefined);
  });

  it('TI-3: freezes the row of an ended remediation but for the books', async () => {
    const of = aRegistration();
    for (const commit of directPath(of)) await commitTransaction(pool(), commit, writer);
    const set = (assignment: string) => pool().query(`update remediations set ${assignment} where uid = $1`, [of.uid]);
    const frozen = [
      `phase = 'Pending'`,
      'terminal_at = null',
      `outcome = 'DryRun'`,
      `failure_phase = 'Approval'`,
      'generation = generation + 1',
      `waiting_on = 'x'`,
      `target_key = 'x'`,
      `name = 'x'`,
    ];
    for (const assignment of frozen)
      await assert.rejects(
        set(assignment),
        (error) => error instanceof pg.DatabaseError && error.code === '23514',
        assignment,
      );
    const books = [
      'hint_at = now()',
      'deleted_at = now()',
      `rr_resource_version = '7'`,
      'step = step + 1',
      'updated_at = now()',
    ];
    for (const assignment of books) assert.equal((await set(assignment)).rowCount, 1, assignment);
  });

  it('cannot hold an ended phase without the time of its end', async () => {
    const of = aRegistration();
    await register(pool(), [of]);
    await assert.rejects(
      pool().query(`update remediations set phase = 'Failed' where uid = $1`, [of.uid]),
      /terminal_at/,
    );
  });
});
