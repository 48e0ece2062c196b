/** What is done once a day. */
import { returnDuty, takeDuty } from '../../src/postgres/keeper/duties.ts';
import { forgetExecutions } from '../../src/postgres/keeper/live.ts';
import { ensurePartitions } from '../../src/postgres/partitions.ts';
import type { KeeperActivities } from './contract.ts';
import type { KeeperDeps } from './deps.ts';

const DAY_MS = 86_400_000;

export const tidyingActivities = (deps: KeeperDeps): Pick<KeeperActivities, 'tidyUp'> => ({
  async tidyUp() {
    const { pool, namespace, settings, log } = deps;
    if (!(await takeDuty(pool, namespace, 'tidying', DAY_MS))) return { done: 0, failed: 0, isMore: false };
    try {
      const partitions = await ensurePartitions(pool);
      if (partitions.length > 0) log.info('Created partitions of the trail', { partitions: partitions.join(', ') });
      const forgotten = await forgetExecutions(pool, namespace, settings.retentionPeriod);
      return { done: partitions.length + forgotten, failed: 0, isMore: false };
    } catch (error) {
      await returnDuty(pool, namespace, 'tidying').catch(() => undefined);
      throw error;
    }
  },
});
