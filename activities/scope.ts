/** Whether a target is in the product's hands: the label on the object itself, else on its namespace. What cannot be found out is not. */
import { fullMessage } from '../src/errors.ts';
import type { KubernetesClient, ObjectMeta } from '../src/kubernetes/client.ts';
import { isRefusal } from '../src/kubernetes/errors.ts';
import type { ResourceTarget } from '../src/remediation/request.ts';
import { targetString } from '../src/remediation/request.ts';
import type { ScopeVerdict } from '../src/remediation/routing/facts.ts';

const LABEL = 'kubernaut.ai/managed';
const REUSED_MS = 5_000;
const MOST_REMEMBERED = 5_000;

/** Kinds whose own label counts, and where the API server has them. */
const OWN_LABEL: Readonly<
  Record<string, { readonly group: string; readonly plural: string; readonly cluster?: true }>
> = {
  Pod: { group: 'api/v1', plural: 'pods' },
  Node: { group: 'api/v1', plural: 'nodes', cluster: true },
  Service: { group: 'api/v1', plural: 'services' },
  ConfigMap: { group: 'api/v1', plural: 'configmaps' },
  Secret: { group: 'api/v1', plural: 'secrets' },
  Namespace: { group: 'api/v1', plural: 'namespaces', cluster: true },
  PersistentVolume: { group: 'api/v1', plural: 'persistentvolumes', cluster: true },
  ReplicaSet: { group: 'apis/apps/v1', plural: 'replicasets' },
  Deployment: { group: 'apis/apps/v1', plural: 'deployments' },
  StatefulSet: { group: 'apis/apps/v1', plural: 'statefulsets' },
  DaemonSet: { group: 'apis/apps/v1', plural: 'daemonsets' },
  Job: { group: 'apis/batch/v1', plural: 'jobs' },
  CronJob: { group: 'apis/batch/v1', plural: 'cronjobs' },
};

/** Asks whether a target is managed. */
export type Scope = (target: ResourceTarget, clusterID: string | undefined) => Promise<ScopeVerdict>;

type Label = 'true' | 'false' | undefined;
type Answer = { readonly label: Label } | { readonly fault: string };

/** A scope that re-uses what it has read for five seconds, and reads one object once however many ask. */
export function createScope(kubernetes: Pick<KubernetesClient, 'getMetadata'>, now: () => number = Date.now): Scope {
  const remembered = new Map<string, { readonly at: number; readonly answer: Promise<Answer> }>();

  const labelAt = (path: string): Promise<Answer> => {
    const known = remembered.get(path);
    if (known !== undefined && now() - known.at < REUSED_MS) return known.answer;
    const answer = labelOf(kubernetes, path);
    remembered.delete(path);
    remembered.set(path, { at: now(), answer });
    const [oldest] = remembered.keys();
    if (remembered.size > MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    return answer;
  };

  return async (target, clusterID) => {
    if (clusterID !== undefined && clusterID !== '')
      return {
        managed: false,
        why: `it is in cluster ${clusterID}, and no fleet service is configured to ask about it`,
      };
    const own = pathOf(target);
    const answers = own === undefined ? [] : [await labelAt(own)];
    const { namespace } = target;
    const isNamespaced = OWN_LABEL[target.kind]?.cluster !== true && namespace !== undefined && namespace !== '';
    if (isNamespaced && !answers.some((answer) => 'fault' in answer || answer.label !== undefined))
      answers.push(await labelAt(`/api/v1/namespaces/${encodeURIComponent(namespace)}`));
    return verdict(answers, target);
  };
}

function pathOf({ kind, name, namespace }: ResourceTarget): string | undefined {
  const known = OWN_LABEL[kind];
  if (known === undefined || name === '') return undefined;
  const object = `${known.plural}/${encodeURIComponent(name)}`;
  if (known.cluster === true) return `/${known.group}/${object}`;
  return namespace ? `/${known.group}/namespaces/${encodeURIComponent(namespace)}/${object}` : undefined;
}

async function labelOf({ getMetadata }: Pick<KubernetesClient, 'getMetadata'>, path: string): Promise<Answer> {
  try {
    return { label: asLabel(await getMetadata(path)) };
  } catch (error) {
    // Who may not read the object may still read its namespace; who may not read that either knows nothing.
    if (isRefusal(error, 'forbidden') && !/^\/api\/v1\/namespaces\/[^/]+$/.test(path)) return { label: undefined };
    return { fault: fullMessage(error) };
  }
}

function asLabel(metadata: ObjectMeta | undefined): Label {
  const value = metadata?.labels?.[LABEL];
  return value === 'true' || value === 'false' ? value : undefined;
}

function verdict(answers: readonly Answer[], target: ResourceTarget): ScopeVerdict {
  const fault = answers.find((answer) => 'fault' in answer);
  if (fault !== undefined) return { managed: false, why: `looking up its label failed: ${fault.fault}` };
  const label = answers
    .map((answer) => ('label' in answer ? answer.label : undefined))
    .find((each) => each !== undefined);
  if (label === 'true') return { managed: true };
  const which = label === 'false' ? `labelled ${LABEL}=false` : 'without the label';
  return { managed: false, why: `${targetString(target)} is ${which}` };
}
