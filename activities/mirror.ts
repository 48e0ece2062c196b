/** Shows in the status of a request how its notifications are delivered: one PATCH without an event, of these fields only. */
import { ConflictError } from '../src/errors.ts';
import type { KubernetesClient } from '../src/kubernetes/client.ts';
import { isRefusal } from '../src/kubernetes/errors.ts';
import type { JsonObject } from '../src/remediation/json.ts';
import type { Mirror } from '../src/remediation/notifications/delivery.ts';
import { toRequestSnapshot } from '../src/remediation/projections.ts';
import type { Condition } from '../src/remediation/status.ts';
import type { RemediationActivities } from './contract.ts';
import type { Deps } from './deps.ts';

type Needed = Pick<Deps, 'metrics'> & { readonly kubernetes: Pick<KubernetesClient, 'get' | 'mergePatchStatus'> };

const MOST_CONFLICTS = 5;

export const mirrorActivities = ({ kubernetes, metrics }: Needed): Pick<RemediationActivities, 'writeMirror'> => ({
  async writeMirror({ request, mirror, ...known }) {
    const { namespace, name, uid } = request;
    let { resourceVersion, conditions } = known;
    for (let tries = 0; tries <= MOST_CONFLICTS; tries += 1) {
      const body: JsonObject = { metadata: { uid, resourceVersion }, status: statusBody(mirror, conditions) };
      try {
        const patched = await kubernetes.mergePatchStatus('RemediationRequest', namespace, name, body);
        metrics.statusWritten('mirror');
        const observed = tries === 0 ? undefined : toRequestSnapshot(patched);
        const version = patched.metadata.resourceVersion;
        return { kind: 'written', resourceVersion: version, ...(observed === undefined ? {} : { observed }) };
      } catch (error) {
        if (isRefusal(error, 'not-found')) return { kind: 'gone' };
        if (!isRefusal(error, 'conflict')) throw error;
        metrics.statusConflicted(namespace);
      }
      const read = await kubernetes.get('RemediationRequest', namespace, name);
      const found = read === undefined ? undefined : toRequestSnapshot(read);
      if (found?.uid !== uid) return { kind: 'gone' };
      resourceVersion = found.resourceVersion;
      conditions = found.status.conditions ?? {};
    }
    throw new ConflictError(
      `The status of RemediationRequest ${namespace}/${name} keeps changing under us; trying again`,
    );
  },
});

/** Conditions are a list for the API server, and a list is replaced whole: all others go along as they are. */
function statusBody(mirror: Mirror, conditions: Readonly<Record<string, Condition>>): JsonObject {
  const { notificationStatus, condition, message } = mirror;
  const all = { ...conditions, ...(condition === undefined ? {} : { NotificationDelivered: condition }) };
  return {
    completionStatus: { notificationStatus },
    ...(message === undefined ? {} : { message }),
    ...(condition === undefined ? {} : { conditions: Object.entries(all).map(([type, each]) => ({ type, ...each })) }),
  };
}
