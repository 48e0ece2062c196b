/** The keeper's look at ended remediations: what the rules ask for is done, one duty after the other. */
import { dueForALook, noteLook, noteNewEnds, restoredSince } from '../../src/postgres/keeper/ended.ts';
import type { EndedRow } from '../../src/postgres/keeper/ended.ts';
import { dutiesOf, foreignPhase, nextLook } from '../../src/remediation/keeper/ended.ts';
import type { Duty, Ended } from '../../src/remediation/keeper/ended.ts';
import { notificationActivities } from '../notifications.ts';
import { adoptEnded } from './adoption.ts';
import { showAssessment } from './assessment.ts';
import { eachOf } from './batch.ts';
import type { KeeperActivities } from './contract.ts';
import { recordDeletion } from './deletion.ts';
import type { KeeperDeps } from './deps.ts';
import { stampExpiry } from './expiry.ts';
import { readFound } from './look.ts';
import type { Look, Looked } from './look.ts';
import { makeNotifications, showDelivery } from './notifications.ts';
import { showReadiness } from './readiness.ts';
import { reportPhase, restorePhase } from './restoration.ts';
import { deleteExpired } from './retention.ts';

const MOST_NEW_ENDS = 1000;
const MOST_LOOKS = 100;
const HOUR_MS = 3_600_000;
/** What did not work out is tried again after this long. */
const RETRY_MS = 60_000;

export function endedActivities(deps: KeeperDeps): Pick<KeeperActivities, 'lookAfterEnded'> {
  const { pool, namespace, settings, log } = deps;
  const { retentionPeriod } = settings;
  const making = notificationActivities(deps);

  const perform = (duty: Duty, look: Look): Promise<Looked> | Looked => {
    switch (duty.duty) {
      case 'adopt':
        return adoptEnded(deps, look);
      case 'stamp the expiry':
        return stampExpiry(deps, look, duty.expiry);
      case 'put the phase back':
        return restorePhase(deps, look, duty.found);
      case 'report the phase':
        return reportPhase(deps, look, duty.found);
      case 'delete':
        return deleteExpired(deps, look, duty.expiry);
      case 'show readiness':
        return showReadiness(deps, look);
      case 'make notifications':
        return makeNotifications(deps, making, look);
      case 'show delivery':
        return showDelivery(deps, look, duty.names);
      case 'show the assessment':
        return showAssessment(deps, look, duty.name);
      case 'record the deletion':
        return { found: undefined };
    }
  };

  const lookAfter = async (row: EndedRow): Promise<boolean> => {
    const now = Date.now();
    let found = await readFound(deps, row);
    const ended = await endedOf(row, found, now);
    const duties = dutiesOf(ended, retentionPeriod, now);
    let isUnfinished = false;
    for (const duty of duties) {
      if (found === undefined || duty.duty === 'record the deletion') break;
      const looked = await perform(duty, { row, found, now });
      found = looked.found;
      isUnfinished ||= looked.isUnfinished ?? false;
    }
    if (found === undefined || found.deletionTimestamp !== undefined) await recordDeletion(deps, row);
    else {
      const next = nextLook({ ...ended, found }, isUnfinished, retentionPeriod, Date.now());
      await noteLook(pool, row.registration.uid, row.hint, next);
    }
    return duties.length > 0;
  };

  const endedOf = async (row: EndedRow, found: Ended['found'], now: number): Promise<Ended> => {
    const { registration, phase, endedAt, isOurs, hasTrail, isHeld, unsent } = row;
    const isForeign = found !== undefined && foreignPhase(found, phase) !== undefined;
    const restored = isForeign ? await restoredSince(pool, registration.uid, now - HOUR_MS) : 0;
    const { namespace: where, name, uid } = registration;
    const request = { namespace: where, name, uid };
    return { request, phase, endedAt, isOurs, hasTrail, isHeld, found, restored, hasUnsent: unsent.length > 0 };
  };

  return {
    async lookAfterEnded() {
      const isAllNoted = await noteNewEnds(pool, namespace, MOST_NEW_ENDS);
      const { rows, isAll } = await dueForALook(pool, namespace, MOST_LOOKS);
      const came = await eachOf({
        items: rows,
        nameOf: ({ registration }) => `${registration.namespace}/${registration.name}`,
        what: 'Looking after an ended request',
        log,
        work: lookAfter,
        onFailure: ({ registration, hint }) => noteLook(pool, registration.uid, hint, Date.now() + RETRY_MS),
      });
      return { ...came, isMore: !isAll || !isAllNoted };
    },
  };
}
