/** An ended remediation whose object is gone, or going: the trail says so, once. */
import type { EndedRow } from '../../src/postgres/keeper/ended.ts';
import { noteGone } from '../../src/postgres/keeper/ended.ts';
import { foundDeleted } from '../../src/remediation/keeper/events.ts';
import { record } from './look.ts';
import type { KeeperDeps } from './deps.ts';

/** One name for both ways to go: whichever is told first is the one that is told. */
export const DELETED = 'side/orchestrator.lifecycle.deleted';

/** Records that the object was deleted, unless its clean-up has been recorded. */
export async function recordDeletion(deps: KeeperDeps, row: EndedRow): Promise<void> {
  const { namespace, name, uid } = row.registration;
  await record(deps, row, DELETED, foundDeleted({ namespace, name, uid }, row.phase, row.endedAt));
  await noteGone(deps.pool, uid);
}
