/** Where the status in the cluster is not the one that the trail tells, apart from what the trail does not tell. */
import { isObject, sameJson } from '../remediation/json.ts';
import type { Json, JsonObject } from '../remediation/json.ts';
import { isPhase, isTerminal } from '../remediation/phases.ts';
import { asJson, OWN_CONDITIONS } from '../remediation/status.ts';
import type { Status } from '../remediation/status.ts';
import { isArray } from './canonical.ts';
import { withoutEmpty } from './fold.ts';

export interface Difference {
  /** Dotted path in the status, conditions by their type. */
  readonly path: string;
  readonly trail: Json | undefined;
  readonly cluster: Json | undefined;
}

/** Members that others write, or that only mirror other objects: no event tells them. */
const UNTOLD = new Set([
  'deduplication',
  'completionStatus.notificationStatus',
  'operatorAudit.lastModifiedBy',
  'operatorAudit.lastModifiedAt',
  'conditions.NotificationDelivered',
  'conditions.AuditRecorded',
]);

/** Others may add references to this list, but none of ours may be missing. */
const SHARED_LIST = 'completionStatus.notificationRequestRefs';

/** Compares the fold of a trail with the status read from the cluster, conditions keyed by type in both. */
export function differences(fold: JsonObject, status: Status): readonly Difference[] {
  const ended =
    typeof fold['overallPhase'] === 'string' && isPhase(fold['overallPhase']) && isTerminal(fold['overallPhase']);
  // Whoever deletes a notification is told in the message what came of it.
  const isCancelled = status.completionStatus?.notificationStatus === 'Cancelled';
  return compare('', withoutEmpty(fold), withoutEmpty(asJson(status))).filter(
    (difference) => !isUntold(difference, ended) && !(isCancelled && difference.path === 'message'),
  );
}

function compare(path: string, trail: Json | undefined, cluster: Json | undefined): readonly Difference[] {
  if (isCondition(path) || !isObject(trail ?? {}) || !isObject(cluster ?? {}))
    return sameJson(trail, cluster) ? [] : [{ path, trail, cluster }];
  const [told, found] = [isObject(trail) ? trail : {}, isObject(cluster) ? cluster : {}];
  const keys = new Set([...Object.keys(told), ...Object.keys(found)]);
  return [...keys].sort().flatMap((key) => compare(path === '' ? key : `${path}.${key}`, told[key], found[key]));
}

/** A condition is compared as a whole. */
const isCondition = (path: string): boolean => /^conditions\.[^.]+$/.test(path);

function isUntold({ path, trail, cluster }: Difference, ended: boolean): boolean {
  if (UNTOLD.has(path) || path.startsWith('deduplication.')) return true;
  if (path === SHARED_LIST)
    return isArray(cluster) && (isArray(trail) ? trail : []).every((ref) => isAmong(ref, cluster));
  if (!isCondition(path)) return false;
  const type = path.slice('conditions.'.length);
  if (!OWN_CONDITIONS.some((own) => own === type)) return true;
  if (type === 'EffectivenessAssessed') return ended;
  return type !== 'Ready' && type.endsWith('Ready') && isFalse(cluster) && !isFalse(trail);
}

const isAmong = (ref: Json, refs: readonly Json[]): boolean => refs.some((other) => sameJson(ref, other));

/** A child that cannot be created for a while shows as its Ready condition being False, without an event. */
const isFalse = (condition: Json | undefined): boolean => isObject(condition) && condition['status'] === 'False';
