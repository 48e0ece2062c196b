import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { useProduct } from './support/product.ts';
import type { Program } from './support/program.ts';
import {
  assertClaimsInOrder,
  recordOf,
  release,
  seconds,
  unleash,
  untilBlocked,
  untilOver,
} from './support/signal-storm.ts';
import type { StormRecord, Storm } from './support/signal-storm.ts';

describe('a storm', () => {
  const product = useProduct({
    configuration: { routing: { recentlyRemediatedCooldown: '1ms', consecutiveFailureCooldown: '5s' } },
  });
  let others: readonly Program[] = [];
  const table: (readonly [string, StormRecord])[] = [];

  before(async function () {
    this.timeout(60_000);
    others = seconds(product());
    await Promise.all(others.map((program) => program.start()));
    await Promise.all(others.map((program) => program.untilReady()));
  });
  after(async () => {
    await Promise.all(others.map((program) => program.stop()));
    for (const [storm, record] of table) console.log(`      ${storm}: ${JSON.stringify(record)}`);
  });

  /** Ends one watcher and one worker as a crash does, and starts them again once the work is done. */
  const killingOneOfEach = async (moment: () => Promise<void>, work: () => Promise<void>): Promise<void> => {
    const { watcher, orchestrator } = product();
    const kill = moment().then(() => Promise.all([watcher.kill(), orchestrator.kill()]));
    await Promise.all([work(), kill]);
    await Promise.all([watcher.start(), orchestrator.start()]);
    await Promise.all([watcher.untilReady(), orchestrator.untilReady()]);
  };

  const told = async (title: string, storm: Storm): Promise<StormRecord> => {
    const record = await recordOf(product(), storm);
    table.push([title, record]);
    return record;
  };

  const held = { simulate: 'ai-silent' };

  it('of five for one signal, the first held in Analyzing, executes once and all inherit (I-01, E1)', async () => {
    const storm: Storm = { name: 'held', count: 5, labels: held };
    await unleash(product(), storm, 0, 1);
    const { sights } = product();
    await sights.until(
      () => 'the first is analysed',
      () => sights.phaseOf('held-0000') === 'Analyzing',
    );
    await unleash(product(), storm, 1, 5);
    await untilBlocked(product(), storm, 4);
    await release(product(), storm);
    await untilOver(product(), storm, 30_000);
    const record = await told('5 held', storm);
    assert.deepEqual([record.executions, record.ends], [1, { 'Completed/Remediated': 5 }]);
  });

  const moments = {
    20: { title: 'while they are blocked', blocked: 5 },
    200: { title: 'while they are released', blocked: 199 },
  } as const;
  for (const count of [20, 200] as const)
    it(`of ${String(count)} at once for one signal executes once, with one of each program killed ${moments[count].title} (I-02, I-11, R12)`, async function () {
      this.timeout(240_000);
      const storm: Storm = { name: `burst${String(count)}`, count, labels: held };
      const moment = () => untilBlocked(product(), storm, moments[count].blocked);
      await killingOneOfEach(moment, async () => {
        await unleash(product(), storm, 0, count);
        await untilBlocked(product(), storm, count - 1);
        await release(product(), storm);
        await untilOver(product(), storm, 200_000);
      });
      const record = await told(`${String(count)} at once`, storm);
      assert.deepEqual([record.executions, record.ends], [1, { 'Completed/Remediated': count }]);
      assert.deepEqual([record.deadlocks, record.duplicateCount], [0, count - 1]);
    });

  it('of fifty signals on one target runs one at a time, with one of each program killed (I-06, F-53, R1)', async function () {
    this.timeout(400_000);
    const storm: Storm = { name: 'target', count: 50, differ: 'fingerprint' };
    const moment = () => untilBlocked(product(), storm, 10);
    await killingOneOfEach(moment, async () => {
      await unleash(product(), storm, 0, storm.count);
      await untilOver(product(), storm, 360_000);
    });
    const record = await told('50 on one target', storm);
    assert.deepEqual(record.ends, { 'Completed/Remediated': 50 });
    assert.deepEqual([record.executions, record.mostAtOnce, record.deadlocks], [50, 1, 0]);
  });

  it('of failures is cut off after three, and begins anew after the cooldown (B-13, D-53, C-07)', async function () {
    this.timeout(90_000);
    const storm: Storm = { name: 'failing', count: 5, labels: { simulate: 'sp-fails' } };
    const { sights } = product();
    for (let i = 0; i < 5; i += 1) {
      await unleash(product(), storm, i, i + 1);
      const name = `failing-000${String(i)}`;
      await sights.until(
        () => `${name} ends`,
        () => sights.phaseOf(name) === 'Failed',
        30_000,
      );
    }
    const record = await told('3 failing, then a cooldown', storm);
    assert.deepEqual(record.ends, { 'Failed/SignalProcessing': 4, 'Failed/Blocked': 1 });
    assert.equal(sights.get('SignalProcessing', 'sp-failing-0003'), undefined);
  });

  it('leaves no claim behind, and tokens that grow (R2, R3)', () => assertClaimsInOrder(product()));
});
