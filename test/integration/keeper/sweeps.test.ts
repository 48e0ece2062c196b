import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { KeeperDeps, Runs } from '../../../activities/keeper/deps.ts';
import { UnavailableError } from '../../../src/errors.ts';
import { commitTransaction } from '../../../src/postgres/commit-transaction.ts';
import { lastPassAge, notePass, returnDuty, takeDuty } from '../../../src/postgres/keeper/duties.ts';
import { noteHint } from '../../../src/postgres/keeper/hints.ts';
import { register, remediationOf } from '../../../src/postgres/ledger.ts';
import { verifyTrail } from '../../../src/postgres/verify.ts';
import type { Registration } from '../../../src/remediation/commit.ts';
import { aRegistration, begin, directPath, move, writer } from '../../unit/postgres/commits.ts';
import { readObjects } from '../../fixtures/crds.ts';
import { aRequestInCluster, toldOf, useKeeping } from './keeping.ts';

describe('the keeper, sweeping', function () {
  this.timeout(60_000);
  const keeping = useKeeping();
  const pool = () => keeping().pool;
  const here = (changes: Partial<Registration> = {}) => aRegistration({ namespace: keeping().namespace, ...changes });
  const generationOf = async (uid: string) => (await remediationOf(pool(), { uid }))?.generation;
  const runsThat = (changes: Partial<Runs>): Partial<KeeperDeps> => {
    const { asked } = keeping();
    const runs: Runs = {
      openAmong: () => Promise.resolve(new Set<string>()),
      isRunning: () => Promise.resolve(false),
      ensure: () => Promise.resolve('closed'),
      replace: (input) => Promise.resolve(void asked.replaced.push(input)),
      ...changes,
    };
    return { runs };
  };
  const moved = async (age: string): Promise<void> => {
    await pool().query(
      `update remediations set registered_at = registered_at - $1::interval, updated_at = updated_at - $1::interval where terminal_at is null`,
      [age],
    );
  };

  beforeEach(async () => {
    const { asked, namespace } = keeping();
    for (const list of [asked.woken, asked.started, asked.replaced]) list.splice(0);
    await pool().query(`update remediations set terminal_at = now() where terminal_at is null`);
    for (const duty of ['waiters', 'comparison', 'tidying']) await returnDuty(pool(), namespace, duty);
  });

  describe('for workflows that should run', () => {
    it('F-34: starts the workflow of a request that was registered and never begun, once it is old enough', async () => {
      const of = await aRequestInCluster(keeping(), 'rr-unbegun');
      await register(pool(), [of]);
      const patient = keeping().another({ beginMs: 10_000, compareMs: 300_000 });
      await takeDuty(pool(), keeping().namespace, 'comparison', 0);
      await patient('startWorkflows');
      assert.equal(keeping().asked.started.length, 0);
      await moved('11 s');
      assert.equal((await patient('startWorkflows')).done, 1);
      const [input] = keeping().asked.started;
      assert.deepEqual([input?.request.uid, input?.generation], [of.uid, 1]);
      assert.equal(input?.request.spec.signalName, 'HighMemory');
      assert.ok(input.request.specDigest);
      assert.match(await keeping().metrics.registry.metrics(), /sweep_hits_total\{by="keeper",kind="start"\} 1/);
    });

    it('leaves alone what the server lists as running, and what it says runs when asked', async () => {
      const of = await aRequestInCluster(keeping(), 'rr-running');
      await register(pool(), [of]);
      await moved('1 h');
      const listed = { openAmong: (ids: readonly string[]) => Promise.resolve(new Set(ids)) };
      await keeping().another(runsThat(listed))('startWorkflows');
      await keeping().another(runsThat({ isRunning: () => Promise.resolve(true) }))('startWorkflows');
      assert.deepEqual([keeping().asked.replaced, await generationOf(of.uid)], [[], 1]);
    });

    it('CX-4: puts a new run in the place of one that is gone, with a generation of its own', async () => {
      const of = await aRequestInCluster(keeping(), 'rr-lost');
      await commitTransaction(pool(), begin(of), writer);
      await moved('1 h');
      assert.equal((await keeping().another(runsThat({}))('startWorkflows')).done, 1);
      const [input] = keeping().asked.replaced;
      assert.deepEqual([input?.request.uid, input?.generation, await generationOf(of.uid)], [of.uid, 2, 2]);
    });

    it('CX-4: replaces a run that ended before its first step as well', async () => {
      const of = await aRequestInCluster(keeping(), 'rr-lost-early');
      await register(pool(), [of]);
      await keeping().another(runsThat({}))('startWorkflows');
      assert.equal(keeping().asked.replaced[0]?.generation, 2);
    });

    it('CX-4: compares all live rows only so often, and at once what somebody has pointed at', async () => {
      const of = await aRequestInCluster(keeping(), 'rr-quiet');
      await commitTransaction(pool(), begin(of), writer);
      await moved('1 h');
      const seldom = keeping().another({ ...runsThat({}), compareMs: 300_000 });
      await takeDuty(pool(), keeping().namespace, 'comparison', 0);
      await seldom('startWorkflows');
      assert.equal(keeping().asked.replaced.length, 0);
      await noteHint(pool(), of.uid);
      await seldom('startWorkflows');
      assert.equal(keeping().asked.replaced.length, 1);
      await seldom('startWorkflows');
      assert.equal(keeping().asked.replaced.length, 1, 'a hint is followed once');
    });

    it('CX-4: of two keepers at once one puts a new run there', async () => {
      const of = await aRequestInCluster(keeping(), 'rr-two');
      await commitTransaction(pool(), begin(of), writer);
      await noteHint(pool(), of.uid);
      const keepers = Array.from({ length: 3 }, () => keeping().another(runsThat({}))('startWorkflows'));
      const reports = await Promise.all(keepers);
      assert.equal(
        reports.reduce((sum, { done }) => sum + done, 0),
        1,
      );
      assert.equal(await generationOf(of.uid), 2);
    });

    it('L46: gives one whose object is gone a run that can find that out', async () => {
      const of = here();
      await commitTransaction(pool(), begin(of), writer);
      await noteHint(pool(), of.uid);
      await keeping().another(runsThat({}))('startWorkflows');
      const [input] = keeping().asked.replaced;
      assert.deepEqual(
        [input?.request.uid, input?.observed.gone, input?.request.spec.signalFingerprint],
        [of.uid, true, of.fingerprint],
      );
    });

    it('ends the row of a request that went before anybody began it, with a note', async () => {
      const of = here();
      await register(pool(), [of]);
      await keeping().keep('startWorkflows');
      const row = await remediationOf(pool(), { uid: of.uid });
      assert.ok(row?.terminalAt && row.deletedAt);
      assert.deepEqual(await toldOf(keeping(), of), ['lifecycle.deleted deleted']);
      assert.deepEqual((await verifyTrail(pool(), of.uid)).findings, []);
    });

    it('compares again on the next pass when Temporal could not be reached', async () => {
      const of = await aRequestInCluster(keeping(), 'rr-outage');
      await commitTransaction(pool(), begin(of), writer);
      await moved('1 h');
      const down = () => Promise.reject(new UnavailableError('TEMPORAL_UNAVAILABLE', 'down'));
      const seldom = (changes: Partial<Runs>) => keeping().another({ ...runsThat(changes), compareMs: 300_000 });
      await assert.rejects(seldom({ isRunning: down })('startWorkflows'), /down/);
      await seldom({})('startWorkflows');
      assert.equal(keeping().asked.replaced.length, 1);
    });
  });

  describe('for those who wait', () => {
    const waiting = async (on: string): Promise<Registration> => {
      const of = here();
      await commitTransaction(pool(), begin(of), writer);
      await commitTransaction(
        pool(),
        { ...move(of, 2, 'Pending', 'Blocked', 'Blocked'), ledger: { phase: 'Blocked', waitingOn: on } },
        writer,
      );
      return of;
    };

    it('F-25, WK-4: wakes who waits for an original that has ended, and not who waits for one that lives', async () => {
      const [original, live] = [here(), here()];
      await commitTransaction(pool(), begin(original), writer);
      await commitTransaction(pool(), begin(live), writer);
      const waiter = await waiting(original.uid);
      await waiting(live.uid);
      await keeping().keep('wakeWaiters');
      assert.deepEqual(keeping().asked.woken, []);
      for (const commit of directPath(original).slice(1)) await commitTransaction(pool(), commit, writer);
      await keeping().keep('wakeWaiters');
      assert.deepEqual(keeping().asked.woken, [waiter.uid]);
    });

    it('WK-4: wakes nobody twice within a sweep, however often it is rung for', async () => {
      const waiter = await waiting('east|ns|shop/deployment/free');
      const keep = keeping().another({ sweepMs: 30_000 });
      await keep('wakeWaiters');
      await keep('wakeWaiters');
      assert.deepEqual(keeping().asked.woken, [waiter.uid]);
    });

    it('notes one that has no workflow, so that it gets one', async () => {
      const waiter = await waiting('east|ns|shop/deployment/free');
      await keeping().another({ wakeUp: () => Promise.resolve('no-workflow') })('wakeWaiters');
      await keeping().another(runsThat({}))('startWorkflows');
      assert.ok(keeping().asked.replaced.some(({ request }) => request.uid === waiter.uid));
    });

    it('TC-3: frees the target of an ended request when its execution is over, and not before', async () => {
      const of = await aRequestInCluster(keeping(), 'rr-holder');
      const key = 'east|ns|shop/deployment/held';
      await pool().query(`insert into claims (kind, key, holder_uid) values ('target', $1, $2)`, [key, of.uid]);
      await commitTransaction(pool(), begin(of), writer);
      await commitTransaction(pool(), move(of, 2, 'Pending', 'Cancelled', 'Cancelled'), writer);
      const waiter = await waiting(key);
      const { client, others, namespace } = keeping();
      const owner = {
        apiVersion: 'kubernaut.ai/v1alpha1',
        kind: 'RemediationRequest',
        name: of.name,
        uid: of.uid,
        controller: true,
      };
      const sample = readObjects('test/fixtures/examples/children.yaml').find(
        ({ kind }) => kind === 'WorkflowExecution',
      );
      await client.create('WorkflowExecution', namespace, {
        metadata: { name: 'we-rr-holder', ownerReferences: [owner] },
        spec: (sample as unknown as { readonly spec: Readonly<Record<string, string>> }).spec,
      });
      await others.patchStatus('WorkflowExecution', 'we-rr-holder', { phase: 'Running' });
      assert.equal((await keeping().keep('freeTargets')).done, 0);
      await others.patchStatus('WorkflowExecution', 'we-rr-holder', { phase: 'Failed' });
      assert.equal((await keeping().keep('freeTargets')).done, 1);
      assert.deepEqual(keeping().asked.woken, [waiter.uid]);
      assert.equal((await keeping().keep('freeTargets')).done, 0);
    });
  });

  describe('for what is done seldom', () => {
    it('tidies up once a day, whoever it is', async () => {
      const { namespace } = keeping();
      await pool().query(
        `insert into foreign_executions (uid, namespace, name, target_key, phase, completed_at, resource_version) values
          (gen_random_uuid(), $1, 'old', 'k', 'Completed', now() - interval '2 days', '1'),
          (gen_random_uuid(), $1, 'new', 'k', 'Completed', now(), '1'),
          (gen_random_uuid(), $1, 'runs', 'k', 'Running', null, '1')`,
        [namespace],
      );
      await Promise.all([keeping().keep('tidyUp'), keeping().another()('tidyUp')]);
      assert.equal((await keeping().keep('tidyUp')).done, 0);
      const { rows } = await pool().query<{ name: string }>('select name from foreign_executions order by name');
      assert.deepEqual(
        rows.map(({ name }) => name),
        ['new', 'runs'],
      );
    });

    it('tells how long ago the last whole pass was', async () => {
      const { namespace } = keeping();
      assert.equal(await lastPassAge(pool(), namespace), undefined);
      await notePass(pool(), namespace);
      const age = await lastPassAge(pool(), namespace);
      assert.ok(age !== undefined && age >= 0 && age < 10);
    });
  });
});
