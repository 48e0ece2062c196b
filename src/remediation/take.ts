/** How news moves what is known: a snapshot, a cancellation, a decision. Old news changes nothing. */
import type { Json, JsonObject } from './json.ts';
import { isObject, mergePatch, sameJson } from './json.ts';
import { afterNews } from './notifications/delivery.ts';
import { followedNames, united } from './notifications/references.ts';
import { isPhase } from './phases.ts';
import { INPUT_FIELDS, isEnded, isNewer } from './snapshots.ts';
import type { AnyChildSnapshot, ChildSnapshot, InputField, RequestSnapshot, Snapshot } from './snapshots.ts';
import type { Cancellation, KeptDecision, Lift, ObservedRequest, Remediation } from './state.ts';
import { asJson, OWN_CONDITIONS } from './status.ts';
import type { Condition, Status } from './status.ts';

/** Steps write these; what mirrors other objects is carried along like the conditions of others. */
const OWN = new Set<string>(OWN_CONDITIONS.filter((type) => type !== 'NotificationDelivered'));

/** The conditions that steps do not write, as they stand in the status. */
export const foreignConditions = (status: Status): Readonly<Record<string, Condition>> =>
  Object.fromEntries(Object.entries(status.conditions ?? {}).filter(([type]) => !OWN.has(type)));

/** What the workflow keeps of a request snapshot. */
export const observed = (snapshot: RequestSnapshot): ObservedRequest => ({
  resourceVersion: snapshot.resourceVersion,
  generation: snapshot.generation,
  gone: snapshot.gone === true || snapshot.deletionTimestamp !== undefined,
  foreignConditions: foreignConditions(snapshot.status),
  ...(snapshot.status.completionStatus?.notificationStatus
    ? { notificationStatus: snapshot.status.completionStatus.notificationStatus }
    : {}),
  ...(snapshot.foreign.includes('overallPhase') ? { foreignPhase: snapshot.status.overallPhase ?? '' } : {}),
  ...(snapshot.status.operatorAudit?.lastModifiedBy === undefined
    ? {}
    : { lastModifiedBy: snapshot.status.operatorAudit.lastModifiedBy }),
});

/** The value at a dotted path. */
function valueAt(status: JsonObject, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((at, key) => (isObject(at) ? at[key] : undefined), status);
}

const patchFor = (path: string, value: Json | undefined): JsonObject => {
  const [first = '', ...rest] = path.split('.');
  return { [first]: rest.length === 0 ? (value ?? null) : patchFor(rest.join('.'), value) };
};

/** Whether something of the one is missing in the other. */
const isReduced = (before: Json | undefined, after: Json | undefined): boolean =>
  isObject(before) && (!isObject(after) || Object.keys(before).some((key) => after[key] === undefined));

/** Their status with our references beside theirs: whoever adds to the list takes nothing from it. */
function withOurRefs(r: Remediation, theirs: Status): Status {
  const refs = united(refsIn(r.status), refsIn(theirs));
  return refs.length === 0
    ? theirs
    : { ...theirs, completionStatus: { ...theirs.completionStatus, notificationRequestRefs: refs } };
}

const refsIn = (status: Status) => status.completionStatus?.notificationRequestRefs ?? [];

const honoured = INPUT_FIELDS.filter((field) => field !== 'overallPhase');

/** The remediation with the input fields that somebody else changed; each changed field is noted as an edit. */
function takeEdits(r: Remediation, snapshot: RequestSnapshot): Remediation {
  const ours = asJson(r.status);
  const theirs = asJson(withOurRefs(r, snapshot.status));
  const changed = honoured.filter((field) => {
    const [before, after] = [valueAt(ours, field), valueAt(theirs, field)];
    // What was taken away has no owner any more. Only limits may be taken away: the defaults stand in for them.
    const isForeign = snapshot.foreign.includes(field) || (field === 'timeoutConfig' && isReduced(before, after));
    return isForeign && !sameJson(before, after);
  });
  if (changed.length === 0) return r;
  const status = changed.reduce((at, field) => {
    const replaced = field === 'timeoutConfig' ? mergePatch(at, { timeoutConfig: null }) : at;
    return mergePatch(replaced, patchFor(field, valueAt(theirs, field)));
  }, ours);
  const fields = new Set<InputField>([...r.edits.map(({ field }) => field), ...changed]);
  const edits = [...fields].map(
    (field) => r.edits.find((edit) => edit.field === field) ?? { field, previous: valueAt(ours, field) },
  );
  return { ...r, status: status, edits };
}

const BLOCK_FIELDS = [
  'blockReason',
  'blockMessage',
  'blockedUntil',
  'duplicateOf',
  'blockingWorkflowExecution',
] as const;

/** The block that somebody else wrote together with the phase. */
function takeBlock(r: Remediation, snapshot: RequestSnapshot): Remediation {
  if (snapshot.status.overallPhase !== 'Blocked') return r;
  const found = snapshot.status.routingStatus ?? {};
  const block = Object.fromEntries(BLOCK_FIELDS.map((field) => [field, found[field] ?? null]));
  return { ...r, status: mergePatch(asJson(r.status), { routingStatus: block }) };
}

function takeRequest(r: Remediation, snapshot: RequestSnapshot): Remediation {
  if (snapshot.uid !== r.request.uid) return r;
  const isOlder = BigInt(snapshot.resourceVersion) < BigInt(r.observed.resourceVersion);
  if (isOlder && snapshot.gone !== true) return r;
  const next: Remediation = { ...takeEdits(r, snapshot), observed: observed(snapshot) };
  if (snapshot.gone === true) return next;
  if (next.observed.foreignPhase === 'Blocked' && r.state.phase !== 'Blocked') return takeBlock(next, snapshot);
  if (next.observed.foreignPhase !== 'Cancelled' || r.cancellation !== undefined) return next;
  const by = next.observed.lastModifiedBy ?? 'unknown (status patch)';
  return { ...next, cancellation: { by, via: 'status', reason: 'status.overallPhase was set to Cancelled' } };
}

function takeNotification(r: Remediation, child: ChildSnapshot<'NotificationRequest'>): Remediation {
  const known = r.notifications.seen[child.name];
  const isPointedAt = followedNames(refsIn(r.status), r.request.namespace).includes(child.name);
  if (!isPointedAt && child.ownerUid !== r.request.uid) return r;
  if (known !== undefined && known !== 'absent' && known.uid === child.uid && !isNewer(known, child)) return r;
  const seen = { ...r.notifications.seen, [child.name]: afterNews(known, child) };
  return { ...r, notifications: { ...r.notifications, seen } };
}

function takeChild(r: Remediation, child: AnyChildSnapshot): Remediation {
  if (child.kind === 'NotificationRequest') return takeNotification(r, child);
  if (child.ownerUid !== undefined && child.ownerUid !== r.request.uid) return r;
  const known = r.children[child.kind];
  if (!isNewer(known, child)) return r;
  // The first end that was seen stays, but that the object is gone is still worth knowing.
  const kept = known !== undefined && isEnded(known) ? { ...child, status: known.status } : child;
  return { ...r, children: { ...r.children, [child.kind]: kept } };
}

/** The remediation after a snapshot was seen. */
export const takeSnapshot = (r: Remediation, snapshot: Snapshot): Remediation =>
  snapshot.kind === 'RemediationRequest' ? takeRequest(r, snapshot) : takeChild(r, snapshot);

/** The remediation after somebody asked to cancel it; the first who asks is remembered. */
export const takeCancellation = (r: Remediation, cancellation: Cancellation): Remediation =>
  r.cancellation === undefined ? { ...r, cancellation } : r;

/** The remediation after a valid decision; the first one stays, whatever comes later. */
export const takeDecision = (r: Remediation, decision: KeptDecision): Remediation =>
  r.decision === undefined ? { ...r, decision } : r;

/** Something new: seen by the watcher, or said by a person. */
export type News =
  | { readonly news: 'seen'; readonly snapshot: Snapshot }
  | { readonly news: 'cancelled'; readonly cancellation: Cancellation }
  | { readonly news: 'decided'; readonly decision: KeptDecision }
  | { readonly news: 'lifted'; readonly lift: Lift }
  /** What it waits for may be over. */
  | { readonly news: 'woken' };

/** The remediation after the news. */
export function take(r: Remediation, item: News): Remediation {
  switch (item.news) {
    case 'seen':
      return takeSnapshot(r, item.snapshot);
    case 'cancelled':
      return takeCancellation(r, item.cancellation);
    case 'decided':
      return takeDecision(r, item.decision);
    case 'lifted':
      return r.lift === undefined ? { ...r, lift: item.lift } : r;
    case 'woken':
      return { ...r, isWoken: true };
  }
}

/** The phase that somebody else put into the status of a live remediation, when it is one that is honoured. */
export function phaseFromElsewhere(r: Remediation): string | undefined {
  const { foreignPhase } = r.observed;
  return foreignPhase !== undefined && isPhase(foreignPhase) && foreignPhase !== r.state.phase
    ? foreignPhase
    : undefined;
}
