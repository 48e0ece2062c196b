/** The keeper's activities, bound to what they need. */
import { notePass } from '../../src/postgres/keeper/duties.ts';
import { translating } from '../failures.ts';
import type { KeeperActivities } from './contract.ts';
import type { KeeperDeps } from './deps.ts';
import { endedActivities } from './ended.ts';
import { startActivities } from './starts.ts';
import { targetActivities } from './targets.ts';
import { tidyingActivities } from './tidying.ts';
import { waiterActivities } from './waiters.ts';

/** What a worker registers beside the activities of remediations. */
export const createKeeperActivities = (deps: KeeperDeps): KeeperActivities =>
  translating({
    ...endedActivities(deps),
    ...targetActivities(deps),
    ...waiterActivities(deps),
    ...startActivities(deps),
    ...tidyingActivities(deps),
    notePass: () => notePass(deps.pool, deps.namespace),
  });
