import { blockOf, reachesOwner } from '../../../src/remediation/routing/checks.ts';
import type { RoutingFacts } from '../../../src/remediation/routing/facts.ts';
import type { RoutingAnswer } from '../../../src/remediation/routing/question.ts';
import { factsAfterAnalysis, someFacts } from './facts.ts';
import type { SimulatedLedger } from './simulation.ts';

interface Row {
  readonly id: number;
  readonly signal: number;
  readonly registeredAt: number;
  end: string | undefined;
  waitingOn: string | undefined;
  last: { readonly ask: number; readonly answer: RoutingAnswer } | undefined;
}

/** A ledger that keeps its rows and claims in memory and decides by the product's own checks. */
export function memoryLedger(): SimulatedLedger {
  const rows = new Map<number, Row>();
  const owners = new Map<number, number>();
  const holders = new Map<string, { readonly id: number; readonly token: number }>();
  const released = new Map<number, { readonly id: number; readonly at: number }>();
  let tokens = 0;
  let clock = 0;

  const live = () => [...rows.values()].filter(({ end }) => end === undefined).sort((a, b) => a.id - b.id);
  const keyOf = (target: number) => `target|${String(target)}`;
  const rowOf = (id: number): Row => rows.get(id) ?? fail(`request ${String(id)} was never registered`);
  const waitersOf = (key: string) => live().filter(({ waitingOn }) => waitingOn === key);
  const ownerOf = (signal: number): number | undefined =>
    owners.get(signal) ??
    live().find((row) => row.signal === signal && (row.waitingOn === undefined || row.waitingOn.includes('|')))?.id;

  const decide = (row: Row, target: number | undefined): RoutingAnswer => {
    const owner = ownerOf(row.signal);
    const key = target === undefined ? undefined : keyOf(target);
    const holder = key === undefined ? undefined : holders.get(key);
    const next = key === undefined ? undefined : waitersOf(key).find(({ id }) => id !== row.id);
    const last = released.get(row.signal);
    const isLate = !owners.has(row.signal) && target === undefined && last !== undefined && last.at > row.registeredAt;
    const facts: Partial<RoutingFacts> = {
      ...(isLate ? { lastOwner: other(last.id) } : {}),
      self: other(row.id),
      ...(owner === undefined ? {} : { owner: other(owner) }),
      ...(holder === undefined || holder.id === row.id
        ? {}
        : { holder: { ...other(holder.id), executionName: 'we', since: 0 } }),
      ...(holder === undefined && next !== undefined && next.id < row.id ? { ahead: other(next.id) } : {}),
    };
    const intent = { targetKey: key ?? '', target: key ?? '', workflowId: 'w', cluster: '', resource: NOTHING };
    const asked = target === undefined ? someFacts(facts) : factsAfterAnalysis({ ...facts, intent });
    const block = blockOf(asked);
    if (owner !== undefined && reachesOwner(asked.asking, block) && block?.isOver !== true)
      owners.set(row.signal, owner);
    row.waitingOn = block?.waitingOn;
    if (block !== undefined)
      return { answer: 'blocked', block, decision: { check: block.reason, inputs: {} }, waiters: [] };
    if (key === undefined) return { answer: 'admitted' };
    if (holder?.id === row.id) return { answer: 'admitted', token: holder.token };
    tokens += 1;
    holders.set(key, { id: row.id, token: tokens });
    return { answer: 'admitted', token: tokens };
  };

  const free = (id: number): readonly number[] => {
    const held = [...holders].filter(([, holder]) => holder.id === id).map(([key]) => key);
    for (const key of held) holders.delete(key);
    return held.flatMap(waitersOf).map((row) => row.id);
  };

  return {
    register(id, signal) {
      clock += 1;
      rows.set(id, { id, signal, registeredAt: clock, end: undefined, waitingOn: undefined, last: undefined });
      return Promise.resolve();
    },
    ask(id, ask, target) {
      const row = rowOf(id);
      if (row.last?.ask === ask) return Promise.resolve(row.last.answer);
      const answer = decide(row, target);
      row.last = { ask, answer };
      return Promise.resolve(answer);
    },
    free: (id) => Promise.resolve(free(id)),
    end(id, phase) {
      const row = rowOf(id);
      row.end = phase;
      row.waitingOn = undefined;
      if (owners.get(row.signal) === id) {
        clock += 1;
        owners.delete(row.signal);
        released.set(row.signal, { id, at: clock });
      }
      return Promise.resolve([...free(id), ...waitersOf(uid(id)).map((waiter) => waiter.id)]);
    },
    numberOf: Number,
    endOf: (id) => Promise.resolve(rows.get(id)?.end),
    lost: () =>
      Promise.resolve(
        live()
          .filter(({ waitingOn }) => waitingOn !== undefined && isOver(waitingOn))
          .map(({ id }) => id),
      ),
  };

  function isOver(waitingOn: string): boolean {
    if (waitingOn.includes('|')) return !holders.has(waitingOn);
    return rows.get(Number(waitingOn))?.end !== undefined;
  }
}

const NOTHING = { kind: 'Deployment', name: 'web' };
const uid = (id: number): string => String(id);
const other = (id: number) => ({ uid: uid(id), name: `rr-${String(id)}` });
const fail = (message: string): never => {
  throw new Error(message);
};
