/** The end of retention: told first, then done. */
import { noteGone } from '../../src/postgres/keeper/ended.ts';
import { cleanedUp } from '../../src/remediation/keeper/events.ts';
import type { Instant } from '../../src/remediation/time.ts';
import { DELETED } from './deletion.ts';
import type { KeeperDeps } from './deps.ts';
import { record } from './look.ts';
import type { Look, Looked } from './look.ts';

/** Records the clean-up and deletes the object of this uid; that it is gone already is as good. */
export async function deleteExpired(deps: KeeperDeps, { row, found }: Look, expiry: Instant): Promise<Looked> {
  const { namespace, name, uid } = row.registration;
  await record(deps, row, DELETED, cleanedUp({ namespace, name, uid }, found, row.phase, expiry));
  deps.log.info('Deleting an ended request', { rr: `${namespace}/${name}`, rr_uid: uid, phase: row.phase });
  await deps.kubernetes.delete('RemediationRequest', namespace, name, uid);
  await noteGone(deps.pool, uid);
  return { found: undefined };
}
