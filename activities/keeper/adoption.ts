/** A remediation that was found ended: another orchestrator's. The trail begins with a note of it, and ends there. */
import { foundEnded } from '../../src/remediation/keeper/events.ts';
import type { KeeperDeps } from './deps.ts';
import { record } from './look.ts';
import type { Look, Looked } from './look.ts';

/** Records what was found. Nothing is written to the object. */
export async function adoptEnded(deps: KeeperDeps, { row, found }: Look): Promise<Looked> {
  const { namespace, name, uid } = row.registration;
  const event = foundEnded({ namespace, name, uid }, found, row.phase);
  await record(deps, row, 'side/orchestrator.lifecycle.adopted', event);
  deps.log.info('Taking over an ended request', { rr: `${namespace}/${name}`, rr_uid: uid, phase: row.phase });
  return { found };
}
