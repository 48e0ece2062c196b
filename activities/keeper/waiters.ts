/** Waiters that nobody woke: the signal was lost, or whoever should have sent it. */
import { takeDuty } from '../../src/postgres/keeper/duties.ts';
import { noteHint } from '../../src/postgres/keeper/hints.ts';
import { lostWaiters } from '../../src/postgres/routing/waiters.ts';
import type { Waiter } from '../../src/remediation/commit.ts';
import type { KeeperActivities } from './contract.ts';
import type { KeeperDeps } from './deps.ts';

export const waiterActivities = (deps: KeeperDeps): Pick<KeeperActivities, 'wakeWaiters'> => ({
  async wakeWaiters() {
    const { pool, namespace, sweepMs, metrics, log } = deps;
    // A pass that a hint has triggered must not wake again who was woken a second ago.
    if (!(await takeDuty(pool, namespace, 'waiters', sweepMs * 0.8))) return { done: 0, failed: 0, isMore: false };
    const waiters = await lostWaiters(pool, namespace);
    for (const { uid } of waiters) {
      metrics.sweepHit('keeper', 'waiter');
      log.info('Waking a request that waits for nothing any more', { rr_uid: uid });
    }
    await wakeAll(deps, waiters);
    return { done: waiters.length, failed: 0, isMore: false };
  },
});

/** Tells them to look again. One without a workflow is noted, so that it gets one. */
export async function wakeAll({ pool, wakeUp }: KeeperDeps, waiters: readonly Waiter[]): Promise<void> {
  await Promise.all(
    waiters.map(async ({ uid }) => {
      if ((await wakeUp(uid)) === 'no-workflow') await noteHint(pool, uid);
    }),
  );
}
