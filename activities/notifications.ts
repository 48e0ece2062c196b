/** Makes notifications and looks at them. A step is never stopped by one, so what does not work out is an answer. */
import { isRefusal } from '../src/kubernetes/errors.ts';
import type { Logger } from '../src/logger.ts';
import type { ChildOrder, NotificationOrder } from '../src/remediation/children.ts';
import type { JsonObject } from '../src/remediation/json.ts';
import { specOf } from '../src/remediation/notifications/source.ts';
import { toChildSnapshot } from '../src/remediation/projections.ts';
import type { AnyChildSnapshot, ChildSnapshot } from '../src/remediation/snapshots.ts';
import { childActivities } from './children.ts';
import type { RemediationActivities } from './contract.ts';
import type { Deps } from './deps.ts';

type Mine = Pick<RemediationActivities, 'ensureNotification' | 'readNotification'>;
type Needed = Pick<Deps, 'kubernetes' | 'metrics'> & { readonly log: Pick<Logger, 'info' | 'warn'> };

/** A cluster without the kind is asked again after this long. */
const ASK_AGAIN_MS = 5 * 60_000;

const NO_SERVICE = 'the cluster has no NotificationRequests; install the CRD of the notification service to get them';

/** The activities of one process, which remembers for a while that the cluster has no notifications. */
export function notificationActivities({ kubernetes, metrics, log }: Needed): Mine {
  const { ensureChild } = childActivities({ kubernetes, metrics });
  let absentUntil: number | undefined;

  const serviceIs = (present: boolean): void => {
    if (present && absentUntil !== undefined) log.info('The cluster has notifications now', {});
    if (!present && absentUntil === undefined)
      log.warn('The cluster has no NotificationRequests; remediations go on without notifications', {});
    absentUntil = present ? undefined : Date.now() + ASK_AGAIN_MS;
    metrics.notificationsAvailable(present);
  };

  const sourceOf = async ({ source, owner }: NotificationOrder): Promise<JsonObject | undefined> => {
    if (source === undefined) return undefined;
    const object = await kubernetes.get(source.kind, owner.namespace, source.name);
    return object?.metadata.uid === source.uid ? object : undefined;
  };

  return {
    async ensureNotification(order) {
      const type = typeof order.spec['type'] === 'string' ? order.spec['type'] : '';
      if (absentUntil !== undefined && Date.now() < absentUntil) return { kind: 'unavailable', message: NO_SERVICE };
      try {
        const answer = await ensureChild(childOrder(order, specOf(order, await sourceOf(order))));
        serviceIs(true);
        if (answer.kind === 'owner-gone') return { kind: 'invalid', message: 'its RemediationRequest is gone' };
        metrics.notificationMade(type, answer.kind);
        return 'child' in answer ? { kind: answer.kind, child: notification(answer.child) } : answer;
      } catch (error) {
        if (isRefusal(error, 'no-resource')) {
          serviceIs(false);
          metrics.notificationMade(type, 'unavailable');
          return { kind: 'unavailable', message: NO_SERVICE };
        }
        if (isRefusal(error, 'forbidden')) {
          metrics.notificationMade(type, 'forbidden');
          return { kind: 'forbidden', message: error.message };
        }
        throw error;
      }
    },

    async readNotification({ namespace, name }) {
      try {
        const object = await kubernetes.get('NotificationRequest', namespace, name);
        const child = object === undefined ? undefined : toChildSnapshot('NotificationRequest', object);
        return child === undefined ? { kind: 'absent' } : { kind: 'found', child: notification(child) };
      } catch (error) {
        if (isRefusal(error, 'no-resource', 'forbidden')) return { kind: 'absent' };
        throw error;
      }
    },
  };
}

const childOrder = ({ name, owner }: NotificationOrder, spec: JsonObject): ChildOrder => ({
  kind: 'NotificationRequest',
  name,
  owner,
  blockOwnerDeletion: true,
  spec,
});

const notification = (child: AnyChildSnapshot): ChildSnapshot<'NotificationRequest'> => {
  if (child.kind !== 'NotificationRequest') throw new TypeError(`${child.kind} ${child.name} is no notification`);
  return child;
};
