/** Targets that an ended remediation still holds, because its execution was running when it ended. */
import { childName } from '../../src/remediation/names.ts';
import { PREFIX } from '../../src/remediation/orders.ts';
import { toChildSnapshot } from '../../src/remediation/projections.ts';
import { isEnded } from '../../src/remediation/snapshots.ts';
import { sha256Hex } from '../../src/postgres/canonical.ts';
import { endedHolders } from '../../src/postgres/keeper/live.ts';
import type { EndedHolder } from '../../src/postgres/keeper/live.ts';
import { releaseOfEnded } from '../../src/postgres/routing/executions.ts';
import { eachOf } from './batch.ts';
import type { KeeperActivities } from './contract.ts';
import type { KeeperDeps } from './deps.ts';
import { wakeAll } from './waiters.ts';

const MOST = 100;

export function targetActivities(deps: KeeperDeps): Pick<KeeperActivities, 'freeTargets'> {
  const { pool, kubernetes, namespace, log } = deps;

  /** Read directly: nothing else proves that nothing runs on the target any more. */
  const isOver = async ({ namespace: where, name, uid, executionName }: EndedHolder): Promise<boolean> => {
    const derived = childName(PREFIX.WorkflowExecution, { name, nameDigest: sha256Hex(name).slice(0, 10) });
    const object = await kubernetes.get('WorkflowExecution', where, executionName ?? derived);
    const child = object === undefined ? undefined : toChildSnapshot('WorkflowExecution', object);
    return child?.ownerUid !== uid || isEnded(child);
  };

  return {
    async freeTargets() {
      const holders = await endedHolders(pool, namespace, MOST);
      const came = await eachOf({
        items: holders,
        nameOf: ({ namespace: where, name }) => `${where}/${name}`,
        what: 'Freeing the target of an ended request',
        log,
        work: async (holder) => {
          if (!(await isOver(holder))) return false;
          await wakeAll(deps, await releaseOfEnded(pool, holder.uid));
          return true;
        },
      });
      return { ...came, isMore: false };
    },
  };
}
