/** Which notifications a live remediation follows, and what it has to do about them while it waits. */
import type { RequestSnapshot } from '../snapshots.ts';
import type { Remediation } from '../state.ts';
import type { Condition } from '../status.ts';
import { takeSnapshot } from '../take.ts';
import type { Instant } from '../time.ts';
import { deliveryOfAll, mirrorOf } from './delivery.ts';
import type { Mirror } from './delivery.ts';
import { followedNames, isOurs } from './references.ts';

/** The names of the followed notifications: those in the status, and ours that are not listed there yet. */
function followed({ status, notifications, request }: Remediation): readonly string[] {
  const listed = followedNames(status.completionStatus?.notificationRequestRefs ?? [], request.namespace);
  const own = Object.keys(notifications.seen).filter((name) => isOurs(name, request));
  return [...new Set([...listed, ...own])];
}

/** Followed notifications that have never been looked at: others put them into the references. */
export const unread = (r: Remediation): readonly string[] =>
  followed(r).filter((name) => r.notifications.seen[name] === undefined);

/** The mirror write that is due; undefined when the status shows the delivery as it is. */
export function mirrorDue(r: Remediation, now: Instant): Mirror | undefined {
  const { observed, notifications } = r;
  const shown = {
    notificationStatus: observed.notificationStatus,
    condition: observed.foreignConditions['NotificationDelivered'],
    generation: observed.generation,
  };
  return mirrorOf(deliveryOfAll(followed(r).map((name) => notifications.seen[name])), shown, now);
}

/** When a waiting remediation should look again at its notifications; undefined when there is nothing to do about them. */
export function lookAgainAt(r: Remediation, now: Instant): Instant | undefined {
  const { unsent, notBefore, unavailable, mirrorAt } = r.notifications;
  if (unavailable || r.observed.gone) return undefined;
  const isMirrorDue = mirrorDue(r, now) !== undefined;
  if (notBefore > now) return unsent.length > 0 || unread(r).length > 0 || isMirrorDue ? notBefore : undefined;
  return isMirrorDue ? mirrorAt : undefined;
}

/** The remediation that shows this delivery: written for itself, or along with a step. */
export function shown(r: Remediation, { notificationStatus, condition }: Mirror): Remediation {
  const { mirrorAt: _, ...notifications } = r.notifications;
  const foreignConditions = {
    ...r.observed.foreignConditions,
    ...(condition === undefined ? {} : { NotificationDelivered: condition }),
  };
  return { ...r, notifications, observed: { ...r.observed, notificationStatus, foreignConditions } };
}

/** All conditions as they stand in the status as far as is known. */
export const knownConditions = ({ status, observed }: Remediation): Readonly<Record<string, Condition>> => ({
  ...status.conditions,
  ...observed.foreignConditions,
});

/** The answer to a mirror write, as far as the core reads it. */
type Answer =
  | { readonly kind: 'written'; readonly resourceVersion: string; readonly observed?: RequestSnapshot }
  | { readonly kind: 'gone' };

/** The remediation once its mirror was written. */
export function mirrored(r: Remediation, mirror: Mirror, answer: Answer): Remediation {
  if (answer.kind === 'gone') return { ...r, observed: { ...r.observed, gone: true } };
  const after = shown(r, mirror);
  const written = { ...after, observed: { ...after.observed, resourceVersion: answer.resourceVersion } };
  return answer.observed === undefined ? written : takeSnapshot(written, answer.observed);
}
