/** What a step says of the notifications that were made for it, and what is remembered of those that were not. */
import type { NotificationAnswer, NotificationOrder } from '../children.ts';
import type { KubernetesEvent } from '../commit.ts';
import { parseDuration } from '../durations.ts';
import { childName } from '../names.ts';
import type { ChildSnapshot } from '../snapshots.ts';
import type { Notifications, Remediation } from '../state.ts';
import type { Instant } from '../time.ts';
import type { EventBody, TouchedChild, Transition } from '../transition.ts';
import { refTo } from '../transitions/shared.ts';
import { reviewEvent } from './manual-review.ts';
import { isOurs, withReferences } from './references.ts';

/** An order, and what became of it. */
export interface Tried {
  readonly order: NotificationOrder;
  readonly answer: NotificationAnswer;
}

const PAUSE = parseDuration('30s') ?? 0;
const PAUSE_WITHOUT_SERVICE = parseDuration('5m') ?? 0;

/** What could not be made before and is due again. A question or a wait that is over is not announced any more. */
export const dueAgain = ({ notifications }: Remediation, now: Instant): readonly NotificationOrder[] =>
  now >= notifications.notBefore ? notifications.unsent.filter(isStillTrue) : [];

const isStillTrue = ({ kind }: NotificationOrder): boolean => kind !== 'approval' && kind !== 'block';

/** What is known of the notifications after these tries. */
export function afterTries(known: Notifications, tried: readonly Tried[], now: Instant): Notifications {
  const made = tried.flatMap(({ answer }) => ('child' in answer ? [[answer.child.name, answer.child] as const] : []));
  const failed = tried.filter(({ answer }) => !('child' in answer) && answer.kind !== 'invalid');
  const names = new Set(tried.map(({ order }) => order.name));
  const unsent = [...known.unsent.filter(({ name }) => !names.has(name)), ...failed.map(({ order }) => order)];
  const unavailable = failed.some(({ answer }) => answer.kind === 'unavailable');
  const pause = unavailable ? PAUSE_WITHOUT_SERVICE : PAUSE;
  return {
    seen: { ...known.seen, ...Object.fromEntries(made) },
    unsent,
    notBefore: failed.length > 0 ? now + pause : known.notBefore,
    unavailable: failed.length > 0 ? unavailable : unsent.length > 0 && known.unavailable,
  };
}

/**
 * The transition with its notifications: references, children, events. `ordered` are those that this very step asks
 * for; what was tried beside them had been ordered before.
 */
export function withNotifications<R extends Transition>(
  r: Remediation,
  t: R,
  ordered: readonly NotificationOrder[],
  tried: readonly Tried[],
  now: Instant,
): { readonly remediation: Remediation; readonly transition: R } {
  const after = afterTries(r.notifications, tried, now);
  const kept = after.unsent.filter((order) => isStillTrue(order) || ordered.includes(order));
  const remediation = { ...r, notifications: { ...after, unsent: kept } };
  const refs = r.status.completionStatus?.notificationRequestRefs ?? [];
  const listed = new Set(refs.map(({ name }) => name));
  const unlisted = Object.values(after.seen).filter(
    (child): child is ChildSnapshot<'NotificationRequest'> =>
      child !== 'absent' && isOurs(child.name, r.request) && !listed.has(child.name),
  );
  const found = new Set(tried.flatMap(({ order, answer }) => (answer.kind === 'found' ? [order.name] : [])));
  const review = ordered.some(({ kind }) => kind === 'manual review') ? reviewEvent(r, t) : undefined;
  const warnings = tried.filter(({ order }) => ordered.includes(order)).flatMap(warning);
  if (unlisted.length === 0 && review === undefined && warnings.length === 0) return { remediation, transition: t };
  return {
    remediation,
    transition: {
      ...t,
      ...(unlisted.length === 0 ? {} : { delta: withRefs(r, t, unlisted) }),
      children: [...t.children, ...unlisted.map((child) => touched(child, found))],
      before: [...t.before, ...(review === undefined ? [] : [review satisfies EventBody])],
      kubernetesEvents: [...t.kubernetesEvents, ...unlisted.map(created), ...warnings],
    },
  };
}

function withRefs(r: Remediation, t: Transition, unlisted: readonly ChildSnapshot[]): Transition['delta'] {
  const refs = r.status.completionStatus?.notificationRequestRefs ?? [];
  const isAsked = unlisted.some(({ name }) => name === childName('nr-approval', r.request));
  return {
    ...t.delta,
    completionStatus: {
      ...t.delta.completionStatus,
      notificationRequestRefs: withReferences(refs, unlisted.map(refTo), r.request),
      ...(isAsked ? { approvalNotificationSent: true } : {}),
    },
  };
}

const touched = ({ kind, name, uid }: ChildSnapshot, found: ReadonlySet<string>): TouchedChild => ({
  kind,
  name,
  uid,
  action: found.has(name) ? 'adopted' : 'created',
});

const created = ({ name }: ChildSnapshot): KubernetesEvent => ({
  type: 'Normal',
  reason: 'NotificationCreated',
  message: `Created NotificationRequest ${name}`,
});

function warning({ order, answer }: Tried): readonly KubernetesEvent[] {
  if ('child' in answer) return [];
  const reason = answer.kind === 'unavailable' ? 'NotificationsUnavailable' : 'NotificationFailed';
  return [{ type: 'Warning', reason, message: `NotificationRequest ${order.name} was not made: ${answer.message}` }];
}

/** What is known once this notification was read; undefined when nobody answered. */
export function withRead(
  known: Notifications,
  name: string,
  reading:
    | { readonly kind: 'found'; readonly child: ChildSnapshot<'NotificationRequest'> }
    | { readonly kind: 'absent' }
    | undefined,
  now: Instant,
): Notifications {
  if (reading === undefined) return postponed(known, now);
  return { ...known, seen: { ...known.seen, [name]: reading.kind === 'found' ? reading.child : 'absent' } };
}

/** The same, to be tried again after a while. */
export const postponed = (known: Notifications, now: Instant): Notifications => ({ ...known, notBefore: now + PAUSE });
