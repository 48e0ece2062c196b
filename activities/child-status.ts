/** Reads children, and closes them on the condition that nothing newer is there. */
import { isRefusal } from '../src/kubernetes/errors.ts';
import type { KubernetesObject } from '../src/kubernetes/client.ts';
import { isObject } from '../src/remediation/json.ts';
import type { Json, JsonObject } from '../src/remediation/json.ts';
import { toChildSnapshot, toRequestSnapshot } from '../src/remediation/projections.ts';
import type { OwnedKind } from '../src/remediation/children.ts';
import type { ChildSnapshot } from '../src/remediation/snapshots.ts';
import type { ChildKey, ChildStatusAnswer, ChildStatusWrite, Reading, RemediationActivities } from './contract.ts';
import type { Deps } from './deps.ts';

type Mine = Pick<RemediationActivities, 'readChild' | 'readRequest' | 'writeChildStatus'>;

export function childStatusActivities({ kubernetes }: Pick<Deps, 'kubernetes'>): Mine {
  const present = async ({ kind, namespace, name, ownerUid }: ChildKey) => {
    const object = await kubernetes.get(kind, namespace, name);
    const child = object === undefined ? undefined : toChildSnapshot(kind, object as Json);
    const isOurs = ownerUid === '' || child?.ownerUid === ownerUid;
    return object !== undefined && child !== undefined && isOurs
      ? { object, child: child as ChildSnapshot<OwnedKind> }
      : undefined;
  };

  return {
    async readChild(key): Promise<Reading<OwnedKind>> {
      const found = await present(key);
      return found === undefined
        ? { kind: 'absent' }
        : { kind: 'found', child: { ...found.child, ...asked(found.object) } };
    },

    async readRequest({ namespace, name, uid }) {
      const object = await kubernetes.get('RemediationRequest', namespace, name);
      return object?.metadata.uid === uid ? toRequestSnapshot(object) : undefined;
    },

    async writeChildStatus({
      child: key,
      uid,
      resourceVersion,
      status,
      knownConditions,
    }: ChildStatusWrite): Promise<ChildStatusAnswer> {
      const { kind, namespace, name } = key;
      const newer = async (): Promise<ChildStatusAnswer> => {
        const found = await present(key);
        return found === undefined || found.child.uid !== uid
          ? { kind: 'absent' }
          : { kind: 'newer', child: found.child };
      };
      let body = status;
      if (isObject(status['conditions']) && knownConditions !== undefined)
        body = { ...status, conditions: mergedConditions(knownConditions, status['conditions']) };
      else if (isObject(status['conditions'])) {
        const found = await present(key);
        if (found === undefined || found.child.uid !== uid) return { kind: 'absent' };
        if (found.child.resourceVersion !== resourceVersion) return { kind: 'newer', child: found.child };
        body = { ...status, conditions: mergedConditions(conditionsOf(found.object), status['conditions']) };
      }
      try {
        const metadata = { uid, resourceVersion };
        const patched = await kubernetes.mergePatchStatus(kind, namespace, name, { metadata, status: body });
        return { kind: 'written', resourceVersion: patched.metadata.resourceVersion };
      } catch (error) {
        if (isRefusal(error, 'not-found')) return { kind: 'absent' };
        if (isRefusal(error, 'conflict')) return newer();
        if (isRefusal(error, 'forbidden', 'invalid')) return { kind: 'forbidden', message: error.message };
        throw error;
      }
    },
  };
}

/** The conditions of an object as a list; empty when it has none. */
export const conditionsOf = ({ status }: KubernetesObject): readonly JsonObject[] => {
  const list = status?.['conditions'];
  return Array.isArray(list) ? (list as readonly JsonObject[]) : [];
};

/** What an approval request asks, until when, and its conditions; nothing for other kinds. */
function asked(object: KubernetesObject): Pick<ChildSnapshot, 'requiredBy' | 'asks' | 'conditions'> {
  const { spec } = object;
  const requiredBy = spec?.['requiredBy'];
  const workflow = spec?.['recommendedWorkflow'];
  const analysis = spec?.['aiAnalysisRef'];
  if (typeof requiredBy !== 'string' || !isObject(workflow) || !isObject(analysis)) return {};
  const { workflowId, executionBundle } = workflow;
  const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
  const asks = {
    analysis: text(analysis['name']),
    workflowId: text(workflowId),
    executionBundle: text(executionBundle),
  };
  return { requiredBy, asks, conditions: conditionsOf(object) };
}

/** The object's conditions with ours in their place; a time moves only when the status word does. */
function mergedConditions(list: readonly JsonObject[], changes: JsonObject): readonly JsonObject[] {
  const known = new Map<Json | undefined, JsonObject>(list.map((condition) => [condition['type'], condition]));
  for (const [type, change] of Object.entries(changes)) {
    const before = known.get(type);
    const next = change as JsonObject;
    const since = before?.['status'] === next['status'] ? before?.['lastTransitionTime'] : next['lastTransitionTime'];
    known.set(type, { ...before, type, ...next, lastTransitionTime: since });
  }
  return [...known.values()];
}
