/** What a waiting remediation does about its notifications before it waits on. Each thing is tried for a while and never in the way. */
import type { MirrorAnswer, MirrorWrite, NotificationReading } from '../activities/contract.ts';
import { knownConditions, mirrorDue, mirrored, unread } from '../src/remediation/notifications/following.ts';
import { afterTries, postponed, withRead } from '../src/remediation/notifications/made.ts';
import type { Remediation } from '../src/remediation/state.ts';
import { MIRROR_PATIENCE_MS } from './options.ts';
import type { Ports } from './ports.ts';

export interface TendingPorts extends Pick<Ports, 'now' | 'ensureNotification'> {
  /** Undefined when nobody answered in time. */
  readonly readNotification: (question: {
    readonly namespace: string;
    readonly name: string;
  }) => Promise<NotificationReading | undefined>;
  /** Undefined when nobody answered in time. */
  readonly writeMirror: (write: MirrorWrite) => Promise<MirrorAnswer | undefined>;
}

/** The remediation after one such thing was done; the same value when there is nothing to do now. */
export async function tend(r: Remediation, ports: TendingPorts): Promise<Remediation> {
  const now = ports.now();
  const { unsent, notBefore } = r.notifications;
  if (now < notBefore || r.observed.gone) return r;
  if (unsent.length > 0) {
    const tries = unsent.map(async (order) => ({ order, answer: await ports.ensureNotification(order) }));
    return { ...r, notifications: afterTries(r.notifications, await Promise.all(tries), ports.now()) };
  }
  const [name] = unread(r);
  if (name !== undefined) {
    const reading = await ports.readNotification({ namespace: r.request.namespace, name });
    return { ...r, notifications: withRead(r.notifications, name, reading, ports.now()) };
  }
  const mirror = mirrorDue(r, now);
  if (mirror === undefined) return r;
  const { mirrorAt } = r.notifications;
  if (mirrorAt === undefined)
    return { ...r, notifications: { ...r.notifications, mirrorAt: now + MIRROR_PATIENCE_MS } };
  if (now < mirrorAt) return r;
  const { namespace, name: requestName, uid } = r.request;
  const request = { namespace, name: requestName, uid };
  const { resourceVersion } = r.observed;
  const answer = await ports.writeMirror({ request, resourceVersion, mirror, conditions: knownConditions(r) });
  if (answer === undefined) return { ...r, notifications: postponed(r.notifications, ports.now()) };
  return mirrored(r, mirror, answer);
}
