/** Notifications of an ended remediation: those that could not be made before are made, and their delivery is shown. */
import { isRefusal } from '../../src/kubernetes/errors.ts';
import { API_VERSION } from '../../src/kubernetes/kinds.ts';
import { noteUnsent } from '../../src/postgres/keeper/ended.ts';
import { isDelivered } from '../../src/remediation/keeper/missed.ts';
import { deliveryOfAll, mirrorOf } from '../../src/remediation/notifications/delivery.ts';
import { isOurs, withReferences } from '../../src/remediation/notifications/references.ts';
import { toChildSnapshot } from '../../src/remediation/projections.ts';
import type { ChildSnapshot } from '../../src/remediation/snapshots.ts';
import type { SeenNotification } from '../../src/remediation/state.ts';
import type { ObjectReference } from '../../src/remediation/status.ts';
import { sha256Hex } from '../../src/postgres/canonical.ts';
import type { notificationActivities } from '../notifications.ts';
import type { KeeperDeps } from './deps.ts';
import { conditionsWith, writeStatus } from './look.ts';
import type { Look, Looked } from './look.ts';

type Making = Pick<ReturnType<typeof notificationActivities>, 'ensureNotification'>;

/** Makes what is still to be made and names it in the status. A question or a wait that is over is not announced any more. */
export async function makeNotifications(deps: KeeperDeps, { ensureNotification }: Making, look: Look): Promise<Looked> {
  const { row } = look;
  const { name, uid } = row.registration;
  const wanted = row.unsent.filter(({ kind }) => kind !== 'approval' && kind !== 'block');
  const tried = await Promise.all(wanted.map(async (order) => ({ order, answer: await ensureNotification(order) })));
  const made = tried.flatMap(({ answer }) => ('child' in answer ? [refTo(answer.child)] : []));
  const unsent = tried
    .filter(({ answer }) => !('child' in answer) && answer.kind !== 'invalid')
    .map(({ order }) => order);
  const request = { name, nameDigest: digestOf(name) };
  const written = await writeStatus(deps, look, 'mirror', ({ status }) => {
    const known = status.completionStatus?.notificationRequestRefs ?? [];
    const isThere = made.every((ref) => known.some((one) => one.name === ref.name));
    const refs = withReferences(known, made, request) as readonly (ObjectReference &
      Readonly<Record<string, string>>)[];
    return isThere ? undefined : { completionStatus: { notificationRequestRefs: refs } };
  });
  if (unsent.length < row.unsent.length) await noteUnsent(deps.pool, uid, unsent);
  return { ...written, isUnfinished: unsent.length > 0 };
}

const refTo = ({ kind, namespace, name, uid }: ChildSnapshot): ObjectReference => ({
  apiVersion: API_VERSION,
  kind,
  name,
  namespace,
  uid,
});

/** Shows what the followed notifications have come to, if that is not shown yet. */
export async function showDelivery(deps: KeeperDeps, look: Look, names: readonly string[]): Promise<Looked> {
  const { namespace } = look.row.registration;
  const seen = await Promise.all(names.map((name) => readNotification(deps, namespace, name)));
  const followed = withCancelled(seen, look);
  const delivery = deliveryOfAll(followed);
  const written = await writeStatus(deps, look, 'mirror', (found) => {
    const { completionStatus, conditions } = found.status;
    const shown = {
      notificationStatus: completionStatus?.notificationStatus,
      condition: conditions?.['NotificationDelivered'],
      generation: found.generation,
    };
    const mirror = mirrorOf(delivery, shown, look.now);
    if (mirror === undefined) return undefined;
    const { condition, message, notificationStatus } = mirror;
    return {
      completionStatus: { notificationStatus },
      ...(message === undefined ? {} : { message }),
      ...(condition === undefined ? {} : { conditions: conditionsWith(found, 'NotificationDelivered', condition) }),
    };
  });
  return {
    ...written,
    isUnfinished: followed.some((one) => one !== 'absent' && one.gone !== true && !isDelivered(one)),
  };
}

async function readNotification({ kubernetes }: KeeperDeps, namespace: string, name: string): Promise<Named> {
  try {
    const object = await kubernetes.get('NotificationRequest', namespace, name);
    const child = object === undefined ? undefined : toChildSnapshot('NotificationRequest', object);
    return { name, seen: child === undefined ? 'absent' : (child as ChildSnapshot<'NotificationRequest'>) };
  } catch (error) {
    if (isRefusal(error, 'no-resource', 'forbidden')) return { name, seen: undefined };
    throw error;
  }
}

interface Named {
  readonly name: string;
  /** Undefined when it cannot be known. */
  readonly seen: SeenNotification | undefined;
}

/**
 * One that is gone was taken away before it was delivered if the status still shows that something is on its way, and
 * nothing that is there explains it. What is pointed at and was perhaps never there says nothing.
 */
function withCancelled(read: readonly Named[], { row, found }: Look): readonly SeenNotification[] {
  const { namespace, name: requestName } = row.registration;
  const { notificationStatus: shown = '', notificationRequestRefs: refs = [] } = found.status.completionStatus ?? {};
  const request = { name: requestName, nameDigest: digestOf(requestName) };
  const isOpen = ['', 'Pending', 'InProgress'].includes(shown);
  const isExplained = read.some(({ seen }) => seen !== undefined && seen !== 'absent' && !isDelivered(seen));
  const wasThere = (name: string): boolean =>
    isOurs(name, request) || refs.some((ref) => ref.name === name && Boolean(ref.uid));
  return read.flatMap(({ name, seen }) => {
    if (seen === undefined) return [];
    return seen === 'absent' && isOpen && !isExplained && wasThere(name) ? [cancelled(namespace, name)] : [seen];
  });
}

const digestOf = (name: string): string => sha256Hex(name).slice(0, 10);

const cancelled = (namespace: string, name: string): ChildSnapshot<'NotificationRequest'> => ({
  kind: 'NotificationRequest',
  namespace,
  name,
  uid: '',
  resourceVersion: '0',
  gone: true,
  status: {},
});
