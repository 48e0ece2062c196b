/**
 * Many remediations against one ledger, in any order: arrivals, questions, ends, workers that die between an answer and
 * its use, signals that get lost. What must hold is checked after every move.
 */
import assert from 'node:assert/strict';
import type { RoutingAnswer } from '../../../src/remediation/routing/question.ts';

/** The ledger as the simulation needs it: the real one, or one in memory. Requests are numbered by their seniority. */
export interface SimulatedLedger {
  register(id: number, signal: number): Promise<void>;
  /** The same `ask` is the same question. */
  ask(id: number, ask: number, target: number | undefined): Promise<RoutingAnswer>;
  /** The execution is over, the remediation goes on. Answers who is woken. */
  free(id: number): Promise<readonly number[]>;
  /** The remediation ends. Answers who is woken. */
  end(id: number, phase: 'Completed' | 'Failed'): Promise<readonly number[]>;
  /** The number of the request with this uid. */
  numberOf(uid: string): number;
  /** How a request ended; undefined while it lives. */
  endOf(id: number): Promise<string | undefined>;
  /** Waiters that nobody has woken. */
  lost(): Promise<readonly number[]>;
}

type Place = 'unseen' | 'pending' | 'analyzing' | 'executing' | 'verifying' | 'duplicate' | 'busy' | 'ended';

interface Simulated {
  readonly id: number;
  readonly signal: number;
  readonly target: number;
  readonly fails: boolean;
  place: Place;
  asks: number;
  original: number | undefined;
  token: number | undefined;
  isWoken: boolean;
}

/** One move: who, what may befall it. */
export interface Move {
  readonly who: number;
  readonly mishap: 'none' | 'dies after the answer' | 'signals are lost';
}

export interface Outcome {
  readonly executions: number;
  readonly ends: readonly string[];
}

/** A request of the simulation. */
export interface Arrival {
  readonly signal: number;
  readonly target: number;
  readonly fails: boolean;
}

/** Plays the moves, then sweeps until nothing moves any more; fails when something does not hold. */
export async function simulate(
  ledger: SimulatedLedger,
  arrivals: readonly Arrival[],
  moves: readonly Move[],
): Promise<Outcome> {
  const all: readonly Simulated[] = arrivals.map((arrival, id) => ({
    ...arrival,
    id,
    place: 'unseen',
    asks: 0,
    original: undefined,
    token: undefined,
    isWoken: false,
  }));
  const highest = new Map<number, number>();
  let executions = 0;

  const wake = (ids: readonly number[], areLost: boolean): void => {
    for (const id of ids) {
      const woken = all[id];
      if (woken !== undefined && !areLost) woken.isWoken = true;
    }
  };

  const asked = async (r: Simulated, target: number | undefined, mishap: Move['mishap']): Promise<RoutingAnswer> => {
    r.asks += 1;
    const answer = await ledger.ask(r.id, r.asks, target);
    if (mishap === 'dies after the answer') {
      const again = await ledger.ask(r.id, r.asks, target);
      assert.deepEqual(again, answer, 'the same question gets the same answer');
    }
    if (answer.answer !== 'over') wake(numbersOf(answer.waiters ?? []), mishap === 'signals are lost');
    return answer;
  };

  const admit = (r: Simulated, answer: RoutingAnswer, target: number | undefined): void => {
    if (answer.answer === 'blocked') {
      const { reason, waitingOn } = answer.block;
      r.place = reason === 'DuplicateInProgress' ? 'duplicate' : 'busy';
      r.original = reason === 'DuplicateInProgress' ? ledger.numberOf(waitingOn ?? '') : undefined;
      r.isWoken ||= answer.block.isOver === true;
      assert.ok(reason === 'DuplicateInProgress' || reason === 'ResourceBusy', reason);
      const original = r.original === undefined ? undefined : all[r.original];
      if (original !== undefined) {
        assert.notEqual(original.id, r.id, 'nobody waits for itself');
        assert.notEqual(original.place, 'duplicate', 'a duplicate never waits for a duplicate (R5)');
        assert.equal(original.signal, r.signal);
      }
      return;
    }
    assert.equal(answer.answer, 'admitted');
    if (target === undefined) {
      r.place = 'analyzing';
      return;
    }
    const { token } = answer;
    assert.ok(token !== undefined && token > (highest.get(target) ?? 0), 'tokens of a target grow (R3)');
    highest.set(target, token);
    r.token = token;
    r.place = 'executing';
    executions += 1;
  };

  const move = async (r: Simulated, mishap: Move['mishap']): Promise<boolean> => {
    const areLost = mishap === 'signals are lost';
    switch (r.place) {
      case 'unseen':
        await ledger.register(r.id, r.signal);
        r.place = 'pending';
        return true;
      case 'pending':
        admit(r, await asked(r, undefined, mishap), undefined);
        return true;
      case 'analyzing':
        admit(r, await asked(r, r.target, mishap), r.target);
        return true;
      case 'executing':
        if (r.fails) {
          r.place = 'ended';
          wake(await ledger.end(r.id, 'Failed'), areLost);
        } else {
          r.place = 'verifying';
          wake(await ledger.free(r.id), areLost);
        }
        return true;
      case 'verifying':
        r.place = 'ended';
        wake(await ledger.end(r.id, 'Completed'), areLost);
        return true;
      case 'busy':
        if (!r.isWoken) return false;
        r.isWoken = false;
        admit(r, await asked(r, r.target, mishap), r.target);
        return true;
      case 'duplicate': {
        if (!r.isWoken) return false;
        r.isWoken = false;
        const end = await ledger.endOf(r.original ?? -1);
        if (end === undefined) return false;
        r.place = 'ended';
        await ledger.end(r.id, end === 'Completed' ? 'Completed' : 'Failed');
        return true;
      }
      case 'ended':
        return false;
    }
  };

  const check = (): void => {
    const executing = all.filter(({ place }) => place === 'executing');
    assert.equal(new Set(executing.map(({ target }) => target)).size, executing.length, 'one execution a target (R1)');
    const active = all.filter(({ place }) => ['analyzing', 'executing', 'verifying', 'busy'].includes(place));
    assert.equal(new Set(active.map(({ signal }) => signal)).size, active.length, 'one owner a signal (R4)');
  };

  for (const { who, mishap } of moves) {
    const r = all[who % all.length];
    if (r !== undefined) await move(r, mishap);
    check();
  }
  // Whatever was lost is found by the sweep; then everything comes to its end (R6, R11).
  for (let rounds = 0; all.some(({ place }) => place !== 'ended'); rounds += 1) {
    assert.ok(rounds < 20 * all.length, `nothing moves any more: ${all.map(({ place }) => place).join(', ')}`);
    for (const r of all) if (await move(r, 'none')) check();
    wake(await ledger.lost(), false);
  }
  return { executions, ends: await Promise.all(all.map(async ({ id }) => (await ledger.endOf(id)) ?? 'live')) };
}

const numbersOf = (waiters: readonly { readonly workflowId: string }[]): readonly number[] =>
  waiters.map(({ workflowId }) => Number(workflowId));
