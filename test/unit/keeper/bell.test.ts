import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createBell, keeperScheduleId } from '../../../src/temporal/schedule.ts';
import { eventually } from '../../support/eventually.ts';

describe('the bell of the keeper', () => {
  it('serves many rings by one call at once and one afterwards', async () => {
    const calls: number[] = [];
    const failures: unknown[] = [];
    const trigger = () => Promise.resolve(calls.push(performance.now()));
    const bell = createBell(trigger, (error) => failures.push(error), 200);
    for (let i = 0; i < 50; i += 1) bell.ring();
    await eventually(() => assert.equal(calls.length, 1), { intervalMs: 5 });
    for (let i = 0; i < 50; i += 1) bell.ring();
    await eventually(() => assert.equal(calls.length, 2), { intervalMs: 5 });
    const [first = 0, second = 0] = calls;
    assert.ok(second - first >= 190, `${String(second - first)} ms between two calls`);
    assert.deepEqual(failures, []);
    bell.stop();
  });

  it('lets wait what may wait, unless somebody cannot', async () => {
    const calls: number[] = [];
    const bell = createBell(
      () => Promise.resolve(calls.push(performance.now())),
      (error) => assert.fail(String(error)),
      10,
    );
    const began = performance.now();
    bell.ring(150);
    bell.ring(300);
    await eventually(() => assert.equal(calls.length, 1), { intervalMs: 5 });
    assert.ok((calls[0] ?? 0) - began >= 140);
    bell.ring(60_000);
    bell.ring();
    await eventually(() => assert.equal(calls.length, 2), { timeoutMs: 2000, intervalMs: 5 });
    bell.stop();
  });

  it('goes on ringing when nobody answered, and is still when it is stopped', async () => {
    let [calls, failures] = [0, 0];
    const trigger = () => {
      calls += 1;
      return Promise.reject(new Error('nobody there'));
    };
    const bell = createBell(trigger, () => (failures += 1), 1);
    bell.ring();
    await eventually(() => assert.equal(failures, 1), { intervalMs: 5 });
    bell.ring();
    await eventually(() => assert.equal(failures, 2), { intervalMs: 5 });
    bell.ring();
    bell.stop();
    assert.equal(calls, 2);
  });
});

describe('the Schedule of the keeper', () => {
  it('is named rr-keeper, and after its task queue when that is not the default', () => {
    assert.equal(keeperScheduleId('remediation-orchestrator'), 'rr-keeper');
    assert.equal(keeperScheduleId('team-a'), 'rr-keeper-team-a');
  });
});
