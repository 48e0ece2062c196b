/** The one PATCH of a step: conditional on what is known, repeated on top of what others wrote. */
import { ConflictError } from '../src/errors.ts';
import type { KubernetesObject } from '../src/kubernetes/client.ts';
import { isRefusal } from '../src/kubernetes/errors.ts';
import type { StatusWrite } from '../src/remediation/commit.ts';
import { isObject, mergePatch, sameJson } from '../src/remediation/json.ts';
import type { JsonObject } from '../src/remediation/json.ts';
import { isPhase, isTerminal } from '../src/remediation/phases.ts';
import { united } from '../src/remediation/notifications/references.ts';
import { toRequestSnapshot } from '../src/remediation/projections.ts';
import type { RequestIdentity } from '../src/remediation/request.ts';
import type { RequestSnapshot } from '../src/remediation/snapshots.ts';
import { asJson } from '../src/remediation/status.ts';
import type { Condition, Status, StatusDelta } from '../src/remediation/status.ts';
import { foreignConditions } from '../src/remediation/take.ts';
import type { Deps } from './deps.ts';

export interface StatusChange {
  readonly request: RequestIdentity;
  /** Without a resourceVersion the request is read first. */
  readonly write: Omit<StatusWrite, 'resourceVersion'> & Partial<Pick<StatusWrite, 'resourceVersion'>>;
  /** Whether the step ends the remediation: then nobody's phase outranks its own. */
  readonly isEnd: boolean;
  /** The status as the trail tells it after the step; the source of our conditions. */
  readonly after: Status;
}

export type StatusAnswer =
  | { readonly kind: 'written'; readonly resourceVersion: string; readonly observed?: RequestSnapshot }
  | { readonly kind: 'gone' };

const MOST_CONFLICTS = 5;

/** Writes the change unless it is there already; tells what else stands in the status when others wrote meanwhile. */
export async function writeStatus({ kubernetes, metrics }: Deps, change: StatusChange): Promise<StatusAnswer> {
  const { namespace, name, uid } = change.request;
  let { resourceVersion, foreignConditions: foreign, delta } = change.write;
  let read: KubernetesObject | undefined;
  for (let tries = 0; tries <= MOST_CONFLICTS; tries += 1) {
    if (resourceVersion !== undefined) {
      const status = statusBody(delta, change.after, foreign);
      const body: JsonObject = { metadata: { uid, resourceVersion }, status: withDelivery(status, change.write) };
      try {
        const patched = await kubernetes.mergePatchStatus('RemediationRequest', namespace, name, body);
        metrics.statusWritten('step');
        const observed = read === undefined ? undefined : toRequestSnapshot(patched);
        return written(patched, observed);
      } catch (error) {
        if (isRefusal(error, 'not-found')) return { kind: 'gone' };
        if (!isRefusal(error, 'conflict')) throw error;
        metrics.statusConflicted(namespace);
      }
    }
    read = await kubernetes.get('RemediationRequest', namespace, name);
    const snapshot = read === undefined ? undefined : toRequestSnapshot(read);
    if (read === undefined || snapshot === undefined || snapshot.uid !== uid) return { kind: 'gone' };
    delta = withTheirRefs(respecting(change, snapshot), snapshot.status);
    if (isThere(delta, snapshot.status)) return written(read, snapshot);
    resourceVersion = snapshot.resourceVersion;
    foreign = leftAlone(delta, snapshot.status);
  }
  throw new ConflictError(
    `The status of RemediationRequest ${namespace}/${name} keeps changing under us; trying again`,
  );
}

const written = ({ metadata }: KubernetesObject, observed: RequestSnapshot | undefined): StatusAnswer => ({
  kind: 'written',
  resourceVersion: metadata.resourceVersion,
  ...(observed === undefined ? {} : { observed }),
});

/** The change with the references that others have put beside ours: a list is replaced whole. */
function withTheirRefs(delta: StatusDelta, found: Status): StatusDelta {
  const ours = delta.completionStatus?.notificationRequestRefs;
  const theirs = found.completionStatus?.notificationRequestRefs;
  if (!ours || theirs === undefined) return delta;
  const known = new Set(theirs.map(({ name }) => name));
  const all = ours.every(({ name }) => known.has(name)) ? theirs : united(theirs, ours);
  return { ...delta, completionStatus: { ...delta.completionStatus, notificationRequestRefs: all } };
}

/** The change with the delivery of notifications that is to be shown along with it. */
const withDelivery = (
  status: JsonObject,
  { notificationStatus }: Pick<StatusWrite, 'notificationStatus'>,
): JsonObject =>
  notificationStatus === undefined ? status : mergePatch(status, { completionStatus: { notificationStatus } });

/** Whether the status shows the change already: the answer to an earlier try was lost. */
const isThere = (delta: StatusDelta, status: Status): boolean =>
  sameJson(asJson(status), mergePatch(asJson(status), asJson(delta)));

/**
 * The change without what somebody else has settled meanwhile: an end or a block that they wrote is not overwritten by a
 * step that goes on, nor is an input that they edited. All the rest of the step is still recorded.
 */
function respecting({ write, isEnd }: StatusChange, found: RequestSnapshot): StatusDelta {
  const phase = found.status.overallPhase;
  const isHonoured = isPhase(phase) && (isTerminal(phase) || phase === 'Blocked') && phase !== write.phaseBefore;
  const delta = withoutInputs(write.delta, found);
  if (isEnd || !isHonoured) return delta;
  const { overallPhase: _, conditions, ...rest } = delta;
  const { Ready: _ready, ...others } = conditions ?? {};
  return { ...rest, conditions: others };
}

/** The change without the inputs that somebody else wrote; they are heard of and followed. */
const withoutInputs = (delta: StatusDelta, { foreign, status }: RequestSnapshot): StatusDelta =>
  foreign
    .filter((field) => field !== 'overallPhase' && field !== 'completionStatus.notificationRequestRefs')
    .reduce<JsonObject>((at, field) => without(at, field.split('.'), asJson(status)), asJson(delta));

/** The change without the values below this path for which there is one already. */
function without(change: JsonObject, [first = '', ...rest]: readonly string[], found: JsonObject): JsonObject {
  const [wanted, present] = [change[first], found[first]];
  if (wanted === undefined || present === undefined) return change;
  const { [first]: _, ...others } = change;
  if (!isObject(wanted) || !isObject(present)) return others;
  const left =
    rest.length > 0
      ? without(wanted, rest, present)
      : Object.fromEntries(Object.entries(wanted).filter(([key]) => present[key] === undefined));
  return { ...others, [first]: left };
}

/** The conditions that the change leaves as they are: those of others, and ours when the phase is not ours. */
function leftAlone({ conditions }: StatusDelta, found: Status): Readonly<Record<string, Condition>> {
  const ready = found.conditions?.['Ready'];
  const others = foreignConditions(found);
  return ready === undefined || 'Ready' in (conditions ?? {}) ? others : { ...others, Ready: ready };
}

/** The delta as the API server takes it: conditions are a list there, and a list is replaced whole. */
export function statusBody(
  delta: StatusDelta,
  after: Status,
  foreign: Readonly<Record<string, Condition>>,
): JsonObject {
  const { conditions: changed, ...rest } = asJson(delta);
  if (changed === undefined) return rest;
  const own = Object.entries(after.conditions ?? {}).filter(
    ([type]) => type !== 'Ready' || 'Ready' in (delta.conditions ?? {}),
  );
  const all = { ...foreign, ...Object.fromEntries(own) };
  return {
    ...rest,
    conditions: Object.entries(all).map(([type, condition]) => ({ type, ...condition })),
  };
}
