import assert from 'node:assert/strict';
import { ConflictError, InvariantError, UnavailableError } from '../../../src/errors.ts';
import { commitTransaction } from '../../../src/postgres/commit-transaction.ts';
import { raiseGeneration, register, remediationOf } from '../../../src/postgres/ledger.ts';
import { fingerprintKey } from '../../../src/postgres/locks.ts';
import { createPool } from '../../../src/postgres/pool.ts';
import { trailOf } from '../../../src/postgres/trail.ts';
import { verifyTrail } from '../../../src/postgres/verify.ts';
import type { Commit } from '../../../src/remediation/commit.ts';
import { aCommit, anEvent, aRegistration, AT, begin, directPath, move, writer } from '../../unit/postgres/commits.ts';
import { tamper, usePool } from './pool.ts';

describe('commitTransaction', () => {
  const pool = usePool();
  const commit = (made: Commit) => commitTransaction(pool(), made, writer);
  const types = async (uid: string) => (await trailOf(pool(), { uid })).map((event) => event.event_type);

  /** Commits the first `count` steps of a remediation and returns it with the steps. */
  async function after(count: number, overrides = {}) {
    const of = aRegistration(overrides);
    const path = directPath(of);
    for (const made of path.slice(0, count)) assert.equal((await commit(made)).kind, 'committed');
    return { of, path, uid: of.uid };
  }
  const step = (path: readonly Commit[], number: number): Commit => path[number - 1] ?? assert.fail('no such step');

  it('S1, S3, S4: the steps of a remediation give its trail, its chain and its ledger row', async () => {
    const { uid } = await after(6);
    const { findings, fold, events } = await verifyTrail(pool(), uid);
    assert.deepEqual(findings, []);
    assert.equal(events, 8);
    const row = await remediationOf(pool(), { uid });
    assert.deepEqual([row?.phase, row?.outcome, row?.step], ['Completed', 'Remediated', 6]);
    assert.deepEqual(row?.statusFold, fold);
    assert.equal(row.terminalAt?.getTime(), AT + 6000);
  });

  it('answers the status that the trail tells up to the step', async () => {
    const { path } = await after(1);
    const answer = await commit(step(path, 2));
    assert.ok(answer.kind === 'committed' && !answer.repeated);
    assert.equal(answer.fold['overallPhase'], 'Processing');
    assert.equal(answer.fold['startTime'], '2026-11-23T10:00:00Z');
  });

  it('records every column as it was told, and the chain is made of what is stored', async () => {
    const of = aRegistration({ clusterID: 'east' });
    const parent = { step: 1, type: 'orchestrator.lifecycle.started', ordinal: 0, at: AT } as const;
    const event = {
      ...anEvent(of, 1, 'orchestrator.lifecycle.created', { n: 1e21, small: 5e-324, toJSON: 'x', 'a\0': '\ud800' }),
      actor: { type: 'user', id: 'ada' } as const,
      durationMs: 12.4,
      errorCode: 'ERR_X',
      errorMessage: 'no\0thing',
      sensitive: true,
      parent,
    };
    await commit(aCommit(of, 1, 'Pending', [event]));
    const [stored] = await trailOf(pool(), { uid: of.uid });
    assert.equal(stored?.cluster_id, 'east');
    assert.deepEqual([stored.actor_type, stored.actor_id, stored.duration_ms], ['user', 'ada', 12]);
    assert.deepEqual([stored.error_code, stored.error_message, stored.is_sensitive], ['ERR_X', 'no\ufffdthing', true]);
    assert.equal(stored.event_timestamp, '2026-11-23T10:00:01.123000Z');
    assert.equal(stored.parent_event_date, '2026-11-23');
    assert.deepEqual(stored.event_metadata, { worker_build: 'build-1', workflow_id: 'rr-1', run_id: 'run-1' });
    const codes = (await verifyTrail(pool(), of.uid)).findings.map(({ code }) => code);
    assert.deepEqual(
      codes.filter((code) => code !== 'TRAIL_RULE_BROKEN'),
      [],
    );
  });

  it('G-29: the same step ten times at once is recorded once, and all get the same answer', async () => {
    const { path, uid } = await after(1);
    const answers = await Promise.all(Array.from({ length: 10 }, () => commit(step(path, 2))));
    const made = answers.map((answer) => (answer.kind === 'committed' ? answer.repeated : answer.kind));
    assert.deepEqual(made.sort(), [false, ...Array.from({ length: 9 }, () => true)]);
    assert.equal(new Set(answers.map((answer) => JSON.stringify('fold' in answer && answer.fold))).size, 1);
    assert.equal((await types(uid)).length, 3);
    assert.ok((await verifyTrail(pool(), uid)).ok);
  });

  it('F-02: two first steps at once give one beginning, whether or not a watcher registered the request', async () => {
    const of = aRegistration();
    const [a, b] = await Promise.all([commit(begin(of)), commit(begin(of)), register(pool(), [of])]);
    assert.deepEqual([a.kind, b.kind], ['committed', 'committed']);
    assert.deepEqual(await types(of.uid), ['orchestrator.lifecycle.started', 'orchestrator.lifecycle.created']);
  });

  it('G-15: of two different contents of one step the first counts, and the other is told what is recorded', async () => {
    const { of, path, uid } = await after(1);
    const other: Commit = move(of, 2, 'Pending', 'Blocked', 'Blocked');
    const answers = await Promise.all([commit(step(path, 2)), commit(other)]);
    const [told] = answers.flatMap((answer) =>
      answer.kind === 'committed' && answer.recorded ? [answer.recorded] : [],
    );
    const row = await remediationOf(pool(), { uid });
    assert.ok(told !== undefined && row !== undefined);
    assert.equal(told.phase, row.phase);
    assert.deepEqual(told.status, row.statusFold);
    assert.deepEqual(told.memory, { state: { phase: row.phase } });
    assert.equal(told.delta['overallPhase'], row.phase);
    assert.equal((await types(uid)).length, 3);
  });

  it('5.4: a workflow that was reset behind later steps is told the last one', async () => {
    const { path } = await after(4);
    const answer = await commit(step(path, 2));
    assert.ok(answer.kind === 'committed' && answer.repeated);
    assert.deepEqual([answer.recorded?.step, answer.recorded?.phase], [4, 'Executing']);
  });

  it('CX-4: a run that was replaced writes nothing', async () => {
    const { path, uid } = await after(1);
    assert.equal(await raiseGeneration(pool(), uid, 1), 2);
    assert.deepEqual(await commit(step(path, 2)), { kind: 'superseded', generation: 2 });
    assert.equal((await commit({ ...step(path, 2), generation: 2 })).kind, 'committed');
    assert.ok((await verifyTrail(pool(), uid)).ok);
  });

  it('TI-4: the first end wins; what comes later writes nothing', async () => {
    const { of, uid } = await after(2);
    assert.equal((await commit(move(of, 3, 'Processing', 'Cancelled', 'Cancelled'))).kind, 'committed');
    const late = move(of, 4, 'Processing', 'Analyzing', 'SignalProcessingCompleted');
    assert.deepEqual(await commit(late), { kind: 'already-ended', phase: 'Cancelled' });
    assert.equal((await types(uid)).at(-1), 'orchestrator.lifecycle.completed');
    assert.ok((await verifyTrail(pool(), uid)).ok);
  });

  it('A-05: a request that had ended before it was seen gets no step', async () => {
    const of = aRegistration({ phase: 'Completed', terminalAt: AT });
    assert.deepEqual(await commit(begin(of)), { kind: 'already-ended', phase: 'Completed' });
    assert.deepEqual(await types(of.uid), []);
  });

  it('G-50: records the deletion of an ended request, and nothing else of it', async () => {
    const { of, uid } = await after(6);
    const data = { phase_at_deletion: 'Completed', deleted_uid: uid };
    const deletion = aCommit(of, 7, 'Cancelled', [anEvent(of, 7, 'orchestrator.lifecycle.deleted', data)]);
    assert.equal((await commit({ ...deletion, generation: 9 })).kind, 'committed');
    const row = await remediationOf(pool(), { uid });
    assert.deepEqual([row?.phase, row?.deletedAt?.getTime(), row?.generation], ['Completed', AT + 7000, 1]);
    assert.ok((await verifyTrail(pool(), uid)).ok);
  });

  it('refuses a step that leaves one out, and one without events', async () => {
    const { of, path } = await after(1);
    await assert.rejects(commit(step(path, 3)), InvariantError);
    await assert.rejects(commit(aCommit(of, 2, 'Processing', [])), InvariantError);
  });

  it('refuses to write over events that the ledger does not know', async () => {
    const { path, uid } = await after(2);
    await tamper(pool(), 'update remediations set step = 1 where uid = $1', [uid]);
    await tamper(pool(), 'update audit_chain_heads set last_seq = 20 where rr_uid = $1', [uid]);
    await assert.rejects(commit(step(path, 2)), /events that its ledger does not know/);
    assert.equal((await types(uid)).length, 3);
  });

  it('keeps what a change of the ledger does not name and empties what it sets to null', async () => {
    const { of, uid } = await after(1);
    const [from, to] = ['Pending', 'Processing'] as const;
    const ledger = { targetKey: 'key', blockedUntil: AT, consecutiveFailures: 3, suspendedMs: 5, phase: to };
    const moved = move(of, 2, from, to, 'SignalProcessingCreated');
    const write = { delta: {}, resourceVersion: '41', foreignConditions: {}, phaseBefore: from };
    await commit({ ...moved, ledger, write });
    const next = move(of, 3, to, 'Analyzing', 'SignalProcessingCompleted');
    await commit({ ...next, ledger: { phase: 'Analyzing', blockedUntil: null } });
    const columns = 'target_key, blocked_until, consecutive_failures, suspended_ms::int, rr_resource_version';
    const { rows } = await pool().query<object>(`select ${columns} from remediations where uid = $1`, [uid]);
    assert.deepEqual(
      { ...rows[0] },
      {
        target_key: 'key',
        blocked_until: null,
        consecutive_failures: 3,
        suspended_ms: 5,
        rr_resource_version: '41',
      },
    );
  });

  it('WK-1: an end frees its fingerprint and names those who wait for it, each time it is asked', async () => {
    const { of, path, uid } = await after(5);
    const waiting = aRegistration({ fingerprint: of.fingerprint });
    await register(pool(), [waiting]);
    await pool().query('update remediations set waiting_on = $1 where uid = $2', [uid, waiting.uid]);
    const key = fingerprintKey(of);
    await pool().query(`insert into claims (kind, key, holder_uid) values ('fingerprint', $1, $2)`, [key, uid]);
    const expected = [{ uid: waiting.uid, workflowId: waiting.workflowId }];
    for (const repeated of [false, true]) {
      const answer = await commit(step(path, 6));
      assert.ok(answer.kind === 'committed' && answer.repeated === repeated);
      assert.deepEqual(answer.waiters, expected);
    }
    const { rows } = await pool().query<{ released: boolean }>(
      'select released_at is not null as released from claims where holder_uid = $1',
      [uid],
    );
    assert.deepEqual(rows, [{ released: true }]);
  });

  it('G-47: gives up after five seconds when somebody else keeps the row locked, and says try again', async () => {
    const { path, uid } = await after(1);
    const holder = await pool().connect();
    try {
      await holder.query('begin');
      await holder.query('select from remediations where uid = $1 for update', [uid]);
      await assert.rejects(commit(step(path, 2)), ConflictError);
    } finally {
      await holder.query('rollback');
      holder.release();
    }
    assert.equal((await commit(step(path, 2))).kind, 'committed');
  });

  it('F-04: says that PostgreSQL cannot be reached, and how to help', async () => {
    const nowhere = createPool('postgres://nobody@127.0.0.1:1/nowhere');
    try {
      await assert.rejects(commitTransaction(nowhere, begin(aRegistration()), writer), (error) => {
        assert.ok(error instanceof UnavailableError && error.cause instanceof Error);
        assert.match(error.message, /check that it runs/);
        return true;
      });
    } finally {
      await nowhere.end();
    }
  });
});
