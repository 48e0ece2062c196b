/** Where the API server keeps objects of a kind that is known by its name only. */
import type { KubernetesClient } from '../src/kubernetes/client.ts';
import { isObject } from '../src/remediation/json.ts';
import type { Json } from '../src/remediation/json.ts';
import type { ResourceTarget } from '../src/remediation/request.ts';

interface Resource {
  readonly prefix: string;
  readonly plural: string;
  readonly isNamespaced: boolean;
}

const namespaced = (prefix: string, plural: string): Resource => ({ prefix, plural, isNamespaced: true });

/** Kinds that remediations are usually about; their group and version are fixed, whatever the target says. */
const USUAL: Readonly<Record<string, Resource>> = {
  Deployment: namespaced('/apis/apps/v1', 'deployments'),
  StatefulSet: namespaced('/apis/apps/v1', 'statefulsets'),
  DaemonSet: namespaced('/apis/apps/v1', 'daemonsets'),
  ReplicaSet: namespaced('/apis/apps/v1', 'replicasets'),
  Pod: namespaced('/api/v1', 'pods'),
  Service: namespaced('/api/v1', 'services'),
  ConfigMap: namespaced('/api/v1', 'configmaps'),
  Secret: namespaced('/api/v1', 'secrets'),
  Endpoints: namespaced('/api/v1', 'endpoints'),
  PersistentVolumeClaim: namespaced('/api/v1', 'persistentvolumeclaims'),
  Namespace: { prefix: '/api/v1', plural: 'namespaces', isNamespaced: false },
  Node: { prefix: '/api/v1', plural: 'nodes', isNamespaced: false },
  Job: namespaced('/apis/batch/v1', 'jobs'),
  CronJob: namespaced('/apis/batch/v1', 'cronjobs'),
  Ingress: namespaced('/apis/networking.k8s.io/v1', 'ingresses'),
  NetworkPolicy: namespaced('/apis/networking.k8s.io/v1', 'networkpolicies'),
  HorizontalPodAutoscaler: namespaced('/apis/autoscaling/v2', 'horizontalpodautoscalers'),
  PodDisruptionBudget: namespaced('/apis/policy/v1', 'poddisruptionbudgets'),
  Certificate: namespaced('/apis/cert-manager.io/v1', 'certificates'),
};

const KNOWN_FOR_MS = 600_000;

/** Finds the path of a target; undefined when the API server serves no such kind. What it serves is asked at most every ten minutes. */
export function createResolver(kubernetes: Pick<KubernetesClient, 'getPath'>) {
  let served: { readonly until: number; readonly kinds: Promise<ReadonlyMap<string, Resource>> } | undefined;

  const resourceOf = async (kind: string): Promise<Resource | undefined> => {
    if (Object.hasOwn(USUAL, kind)) return USUAL[kind];
    if (served === undefined || served.until < Date.now())
      served = { until: Date.now() + KNOWN_FOR_MS, kinds: servedKinds(kubernetes) };
    return (
      await served.kinds.catch((error: unknown) => {
        served = undefined;
        throw error;
      })
    ).get(kind);
  };

  return async ({ kind, name, namespace = '' }: ResourceTarget): Promise<string | undefined> => {
    const resource = await resourceOf(kind);
    if (resource === undefined) return undefined;
    const { prefix, plural, isNamespaced } = resource;
    const place = isNamespaced ? `/namespaces/${encodeURIComponent(namespace)}` : '';
    return `${prefix}${place}/${plural}/${encodeURIComponent(name)}`;
  };
}

/** Every kind with the place of its objects; where two groups have a kind of one name, the first in the server's order. */
async function servedKinds({ getPath }: Pick<KubernetesClient, 'getPath'>): Promise<ReadonlyMap<string, Resource>> {
  const groups = listOf(await getPath('/apis'), 'groups');
  const prefixes = groups.flatMap((group) => {
    const version =
      isObject(group) && isObject(group['preferredVersion']) ? group['preferredVersion']['groupVersion'] : undefined;
    return typeof version === 'string' ? [`/apis/${version}`] : [];
  });
  const lists = await Promise.all(
    prefixes.map(async (prefix) => ({ prefix, list: listOf(await getPath(prefix), 'resources') })),
  );
  const kinds = new Map<string, Resource>();
  for (const { prefix, list } of lists)
    for (const resource of list) {
      if (!isObject(resource)) continue;
      const { kind, name, namespaced: isNamespaced } = resource;
      if (typeof kind !== 'string' || typeof name !== 'string' || name.includes('/') || kinds.has(kind)) continue;
      kinds.set(kind, { prefix, plural: name, isNamespaced: isNamespaced === true });
    }
  return kinds;
}

const listOf = (body: Json | undefined, member: string): readonly Json[] => {
  const list = isObject(body) ? body[member] : undefined;
  return Array.isArray(list) ? (list as readonly Json[]) : [];
};
