import assert from 'node:assert/strict';
import fc from 'fast-check';
import type pg from 'pg';
import { lostWaiters } from '../../../src/postgres/routing/waiters.ts';
import type { Registration } from '../../../src/remediation/commit.ts';
import { someArrivals, someMoves } from '../../unit/routing/arbitrary.ts';
import { simulate } from '../../unit/routing/simulation.ts';
import type { SimulatedLedger } from '../../unit/routing/simulation.ts';
import { usePool } from '../postgres/pool.ts';
import { anIntent, answered, aQuestion, aRegistered, moveTo } from './asking.ts';

let runs = 0;

/** The ledger in PostgreSQL, as the simulation needs it. Every run has a namespace of its own. */
function realLedger(pool: pg.Pool): SimulatedLedger {
  runs += 1;
  const namespace = `interleaving-${String(runs)}`;
  const began = Date.now() - 100_000;
  const known = new Map<number, { readonly request: Registration; step: number }>();
  const of = (id: number) => known.get(id) ?? assert.fail(`request ${String(id)} was never registered`);
  const numbers = (waiters: readonly { readonly uid: string }[]) => waiters.map(({ uid }) => numberOf(uid));
  const numberOf = (uid: string): number => [...known].find(([, { request }]) => request.uid === uid)?.[0] ?? -1;
  const move = async (id: number, phase: 'Verifying' | 'Completed' | 'Failed') => {
    const row = of(id);
    row.step += 1;
    const answer = await moveTo(pool, row.request, row.step, phase, {}, { releasesTarget: true });
    return answer.kind === 'committed' ? numbers(answer.waiters) : assert.fail(answer.kind);
  };
  return {
    async register(id, signal) {
      const request = await aRegistered(pool, `signal-${String(signal)}`, {
        namespace,
        name: `rr-${String(id).padStart(4, '0')}`,
        createdAt: began + id,
        workflowId: String(id),
      });
      known.set(id, { request, step: 0 });
    },
    ask(id, ask, target) {
      const intent = target === undefined ? undefined : anIntent(`${namespace}/Deployment/t${String(target)}`);
      const limits = { ...aQuestion(of(id).request).limits, consecutiveFailureThreshold: 1000 };
      return answered(
        pool,
        aQuestion(of(id).request, {
          ask,
          limits: { ...limits, recentlyRemediatedCooldown: 1 },
          asking: target === undefined ? 'before analysis' : 'after analysis',
          ...(intent === undefined ? {} : { intent }),
        }),
      );
    },
    free: (id) => move(id, 'Verifying'),
    end: (id, phase) => move(id, phase),
    numberOf,
    async endOf(id) {
      const sql = `select phase from remediations where uid = $1 and terminal_at is not null`;
      const { rows } = await pool.query<{ phase: string }>(sql, [of(id).request.uid]);
      return rows[0]?.phase;
    },
    lost: async () => numbers(await lostWaiters(pool, namespace)),
  };
}

describe('any interleaving in the real ledger', () => {
  const pool = usePool();

  it('keeps one owner a signal, one execution a target, and comes to an end (R1 to R6, R11)', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(someArrivals(8), someMoves(60), async (arrivals, moves) => {
        await simulate(realLedger(pool()), arrivals, moves);
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });

  it('executes once for requests that are registered in time (R12)', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 25 }), someMoves(60), async (count, moves) => {
        const arrivals = Array.from({ length: count }, () => ({ signal: 0, target: 0, fails: false }));
        const registrations = arrivals.map((_, who) => ({ who, mishap: 'none' as const }));
        const { executions } = await simulate(realLedger(pool()), arrivals, [...registrations, ...moves]);
        assert.equal(executions, 1);
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });

  it('never deadlocks when many ask at once for two signals and two targets (I-12)', async function () {
    this.timeout(60_000);
    const ledger = realLedger(pool());
    const ids = Array.from({ length: 60 }, (_, i) => i);
    await Promise.all(ids.map((id) => ledger.register(id, id % 2)));
    await Promise.all(ids.map((id) => ledger.ask(id, 1, undefined)));
    await Promise.all(ids.map((id) => ledger.ask(id, 2, Math.floor(id / 2) % 2)));
    await Promise.all(ids.map((id) => ledger.end(id, 'Failed')));
    const sql = `select deadlocks::int from pg_stat_database where datname = current_database()`;
    assert.equal((await pool().query<{ deadlocks: number }>(sql)).rows[0]?.deadlocks, 0);
  });
});
