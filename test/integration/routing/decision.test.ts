import assert from 'node:assert/strict';
import { originalOf } from '../../../src/postgres/routing/original.ts';
import { lostWaiters } from '../../../src/postgres/routing/waiters.ts';
import { usePool } from '../postgres/pool.ts';
import { anIntent, answered, aQuestion, aRegistered, decided, holders, moveTo, verdict } from './asking.ts';

describe('the decision transaction', () => {
  const pool = usePool();

  describe('who owns a signal', () => {
    it('elects the most senior registered request, even if it has not asked yet (D-08, D-56, OW-2)', async () => {
      const oldest = await aRegistered(pool(), 'elect', { age: 20 });
      const younger = await aRegistered(pool(), 'elect', { age: 10 });
      const answer = await answered(pool(), aQuestion(younger));
      assert.equal(answer.answer === 'blocked' && answer.block.duplicateOf, oldest.name);
      assert.deepEqual(await holders(pool(), 'fingerprint', '"elect"'), [oldest.uid]);
      assert.equal(verdict(await answered(pool(), aQuestion(oldest))), 'admitted');
    });

    it('breaks a tie in the creation second by name (D-57, I-03)', async () => {
      const createdAt = Date.now() - 5000;
      const second = await aRegistered(pool(), 'tie', { name: 'rr-b', createdAt });
      const first = await aRegistered(pool(), 'tie', { name: 'rr-a', createdAt });
      assert.equal(verdict(await answered(pool(), aQuestion(second))), 'DuplicateInProgress');
      assert.equal(verdict(await answered(pool(), aQuestion(first))), 'admitted');
    });

    it('keeps target namespaces and namespaces apart (D-58, D-59)', async () => {
      const one = await aRegistered(pool(), 'tenants', { targetNamespace: 'a' });
      const other = await aRegistered(pool(), 'tenants', { targetNamespace: 'b' });
      const elsewhere = await aRegistered(pool(), 'tenants', { namespace: 'other', targetNamespace: 'a' });
      for (const each of [one, other, elsewhere])
        assert.equal(verdict(await answered(pool(), aQuestion(each))), 'admitted');
    });

    it('leaves an elected owner in place when a senior request is registered late (I-09, OW-6)', async () => {
      const early = await aRegistered(pool(), 'late', { age: 1 });
      assert.equal(verdict(await answered(pool(), aQuestion(early))), 'admitted');
      const senior = await aRegistered(pool(), 'late', { age: 60 });
      const answer = await answered(pool(), aQuestion(senior));
      assert.equal(answer.answer === 'blocked' && answer.block.duplicateOf, early.name);
    });

    it('lets go of an ended owner, whom all inherit from that were there, and nobody who comes later (E9, OW-5, R12)', async () => {
      const owner = await aRegistered(pool(), 'end', { age: 30 });
      const waiting = await aRegistered(pool(), 'end', { age: 20 });
      await answered(pool(), aQuestion(owner));
      await answered(pool(), aQuestion(waiting));
      const late = await aRegistered(pool(), 'end', { age: 10 });
      await moveTo(pool(), owner, 1, 'Pending');
      const end = await moveTo(pool(), owner, 2, 'Failed', { failurePhase: 'SignalProcessing' });
      assert.deepEqual(end.kind === 'committed' && end.waiters.map(({ uid }) => uid), [waiting.uid]);
      const unasked = await answered(pool(), aQuestion(late));
      assert.ok(unasked.answer === 'blocked' && unasked.block.isOver === true);
      assert.equal(unasked.block.duplicateOf, owner.name);
      const next = await aRegistered(pool(), 'end');
      assert.equal(verdict(await answered(pool(), aQuestion(next))), 'admitted');
      const original = await originalOf(pool(), { request: waiting, uid: owner.uid, name: owner.name });
      assert.deepEqual(original, {
        original: 'ended',
        name: owner.name,
        uid: owner.uid,
        phase: 'Failed',
        wasDeleted: false,
      });
    });

    it('tells the original how many wait for it (I-02)', async () => {
      const owner = await aRegistered(pool(), 'count', { age: 30 });
      for (let i = 0; i < 3; i += 1) await answered(pool(), aQuestion(await aRegistered(pool(), 'count')));
      const step = await moveTo(pool(), owner, 1, 'Pending');
      assert.equal(step.kind === 'committed' && step.duplicates?.count, 3);
    });

    it('asks nobody about a signal without fingerprint (D-25)', async () => {
      const one = await aRegistered(pool(), '');
      const other = await aRegistered(pool(), '');
      assert.equal(verdict(await answered(pool(), aQuestion(one))), 'admitted');
      assert.equal(verdict(await answered(pool(), aQuestion(other))), 'admitted');
    });
  });

  describe('who counts', () => {
    const fails = async (signal: string, age: number, more = {}) => {
      const request = await aRegistered(pool(), signal, { age });
      await moveTo(pool(), request, 1, 'Failed', { failurePhase: 'SignalProcessing', ...more });
      return request;
    };

    it('blocks after three senior failures, and not for younger ones (D-01, D-52, B-13)', async () => {
      for (const age of [40, 30, 20]) await fails('fails', age);
      const next = await aRegistered(pool(), 'fails');
      const older = await aRegistered(pool(), 'fails', { age: 100 });
      assert.equal(verdict(await answered(pool(), aQuestion(next))), 'ConsecutiveFailures');
      assert.equal(verdict(await answered(pool(), aQuestion(older))), 'admitted');
    });

    it('does not count inherited ends (D-51, E5)', async () => {
      for (const age of [40, 30, 20])
        await fails('inherited', age, { failurePhase: 'Deduplicated', inheritedFrom: 'rr-0' });
      assert.equal(verdict(await answered(pool(), aQuestion(await aRegistered(pool(), 'inherited')))), 'admitted');
    });
  });

  describe('who holds a target', () => {
    it('admits one of two, under a token that grows (D-87, TC-1)', async () => {
      const intent = anIntent('shop/Deployment/one');
      const first = await aRegistered(pool(), 'target-1', { age: 1 });
      const second = await aRegistered(pool(), 'target-2', { age: 9 });
      const admitted = await answered(pool(), aQuestion(first, { intent }));
      const token = admitted.answer === 'admitted' ? (admitted.token ?? 0) : 0;
      assert.ok(token > 0);
      const busy = await answered(pool(), aQuestion(second, { intent }));
      assert.equal(verdict(busy), 'ResourceBusy');
      const released = await moveTo(pool(), first, 1, 'Verifying', {}, { releasesTarget: true });
      assert.deepEqual(released.kind === 'committed' && released.waiters.map(({ uid }) => uid), [second.uid]);
      const next = await answered(pool(), aQuestion(second, { intent }));
      assert.ok(next.answer === 'admitted' && (next.token ?? 0) > token);
    });

    it('does not tell targets apart by the case of their kind (D-72)', async () => {
      const first = await aRegistered(pool(), 'case-1');
      const second = await aRegistered(pool(), 'case-2');
      await answered(pool(), aQuestion(first, { intent: anIntent('shop/Deployment/case') }));
      const answer = await answered(pool(), aQuestion(second, { intent: anIntent('shop/deployment/case') }));
      assert.equal(verdict(answer), 'ResourceBusy');
    });

    it('gives the same answer and token to a repeated question (TC-1, E10)', async () => {
      const intent = anIntent('shop/Deployment/again');
      const question = aQuestion(await aRegistered(pool(), 'again'), { intent });
      const answer = await answered(pool(), question);
      assert.deepEqual(await answered(pool(), question, { now: Date.now() + 60_000 }), answer);
    });

    it('refuses a step whose token is not held any more (D-88, TC-2)', async () => {
      const intent = anIntent('shop/Deployment/stale');
      const request = await aRegistered(pool(), 'stale');
      const answer = await answered(pool(), aQuestion(request, { intent }));
      const token = answer.answer === 'admitted' ? (answer.token ?? 0) : 0;
      const stale = await moveTo(pool(), request, 1, 'Executing', {}, { targetToken: token - 1 });
      assert.deepEqual(stale, { kind: 'claim-lost' });
      assert.equal((await moveTo(pool(), request, 1, 'Executing', {}, { targetToken: token })).kind, 'committed');
    });

    it('wants to know of the execution before it takes over from an ended holder (TC-4)', async () => {
      const intent = anIntent('shop/Deployment/orphan');
      const holder = await aRegistered(pool(), 'orphan-1');
      await answered(pool(), aQuestion(holder, { intent }));
      await moveTo(pool(), holder, 1, 'Cancelled', { executionName: 'we-orphan' });
      const next = aQuestion(await aRegistered(pool(), 'orphan-2'), { intent });
      assert.equal((await decided(pool(), next)).kind, 'read the holder');
      assert.equal(verdict(await answered(pool(), next, { running: [holder.uid] })), 'ResourceBusy');
      const later = aQuestion(next.request, { intent });
      assert.equal(verdict(await answered(pool(), later, { over: [holder.uid] })), 'admitted');
      assert.deepEqual(await holders(pool(), 'target', 'orphan'), [next.request.uid]);
    });

    it('serves the most senior waiter first, for thirty seconds (WK-3, I-06)', async () => {
      const intent = anIntent('shop/Deployment/queue');
      const holder = await aRegistered(pool(), 'queue-0', { age: 5 });
      const senior = await aRegistered(pool(), 'queue-1', { age: 4 });
      const junior = await aRegistered(pool(), 'queue-2', { age: 3 });
      await answered(pool(), aQuestion(holder, { intent }));
      await answered(pool(), aQuestion(junior, { intent }));
      await answered(pool(), aQuestion(senior, { intent }));
      await moveTo(pool(), holder, 1, 'Verifying', {}, { releasesTarget: true });
      assert.equal(verdict(await answered(pool(), aQuestion(junior, { intent }))), 'ResourceBusy');
      const late = { now: Date.now() + 31_000 };
      assert.equal(verdict(await answered(pool(), aQuestion(senior, { intent }))), 'admitted');
      await moveTo(pool(), senior, 1, 'Verifying', {}, { releasesTarget: true });
      assert.equal(verdict(await answered(pool(), aQuestion(junior, { intent }), late)), 'admitted');
    });

    it('calls the next waiter when the first one gives up its place', async () => {
      const intent = anIntent('shop/Deployment/place');
      const holder = await aRegistered(pool(), 'place-0', { age: 5 });
      const senior = await aRegistered(pool(), 'place-1', { age: 4 });
      const junior = await aRegistered(pool(), 'place-2', { age: 3 });
      await answered(pool(), aQuestion(holder, { intent }));
      await answered(pool(), aQuestion(senior, { intent }));
      await answered(pool(), aQuestion(junior, { intent }));
      const ran = {
        targetKey: intent.targetKey,
        workflowId: 'restart',
        executionName: 'we-0',
        executionCompletedAt: Date.now(),
      };
      await moveTo(pool(), holder, 1, 'Verifying', ran, { releasesTarget: true });
      const answer = await answered(pool(), aQuestion(senior, { intent }));
      assert.equal(verdict(answer), 'RecentlyRemediated');
      assert.deepEqual(answer.answer === 'blocked' && answer.waiters?.map(({ uid }) => uid), [junior.uid]);
    });

    it('finds waiters that nobody woke, and no others (WK-4, D-66, F-25)', async () => {
      const namespace = 'sweep';
      const intent = anIntent('shop/Deployment/lost');
      const owner = await aRegistered(pool(), 'lost', { namespace, age: 9 });
      const duplicate = await aRegistered(pool(), 'lost', { namespace });
      const busy = await aRegistered(pool(), 'lost-2', { namespace });
      await answered(pool(), aQuestion(owner, { intent }));
      await answered(pool(), aQuestion(duplicate));
      await answered(pool(), aQuestion(busy, { intent }));
      assert.deepEqual(await lostWaiters(pool(), namespace), []);
      await moveTo(pool(), owner, 1, 'Failed', {}, { releasesTarget: true });
      const lost = await lostWaiters(pool(), namespace);
      assert.deepEqual(lost.map(({ uid }) => uid).sort(), [duplicate.uid, busy.uid].sort());
    });
  });

  it('answers nothing for an ended request or an older run', async () => {
    const request = await aRegistered(pool(), 'over');
    await pool().query('update remediations set generation = 2 where uid = $1', [request.uid]);
    assert.equal(verdict(await answered(pool(), aQuestion(request))), 'over');
    assert.equal(verdict(await answered(pool(), aQuestion(request, { generation: 2 }))), 'admitted');
  });
});
