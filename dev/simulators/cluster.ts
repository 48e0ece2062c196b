/** What the simulators see of the cluster, and their status writes under a field manager of their own. */
import { createKubernetesClient } from '../../src/kubernetes/client.ts';
import type { KubernetesObject } from '../../src/kubernetes/client.ts';
import { isRefusal } from '../../src/kubernetes/errors.ts';
import { loadKubeconfig } from '../../src/kubernetes/kubeconfig.ts';
import type { KubeconfigChoice } from '../../src/kubernetes/kubeconfig.ts';
import { pathOf } from '../../src/kubernetes/kinds.ts';
import { startReflector } from '../../src/kubernetes/reflector.ts';
import type { Reflector } from '../../src/kubernetes/reflector.ts';
import { createTransport } from '../../src/kubernetes/transport.ts';
import type { JsonObject } from '../../src/remediation/json.ts';
import type { SimulatedKind } from './behaviours.ts';
import type { Child } from './watched.ts';

/** The field manager of the simulators' writes: counts of the product's own writes leave it out. */
const FIELD_MANAGER = 'kubernaut-simulators';

export interface Cluster {
  /** Reports every object, then every change; resolves after the first list. */
  follow(kind: SimulatedKind, onChange: (child: Child, isGone: boolean) => void): Promise<void>;
  /** Writes the status unless the object has changed since it was seen. */
  writeStatus(child: Child, status: JsonObject): Promise<'written' | 'overtaken'>;
  stop(): Promise<void>;
}

export interface ClusterOptions extends KubeconfigChoice {
  readonly namespace: string;
  /** Told once when a kind cannot be watched, and again only after it could. */
  readonly onProblem: (problem: string) => void;
}

/** The cluster as the simulators of one namespace use it. */
export function connectCluster(options: ClusterOptions): Cluster {
  const { namespace, onProblem } = options;
  const client = createKubernetesClient(options);
  const transport = createTransport(loadKubeconfig(options), {
    timeoutMs: 10_000,
    userAgent: FIELD_MANAGER,
  });
  const reflectors: Reflector<unknown>[] = [];
  return {
    follow: (kind, onChange) =>
      new Promise((resolve) => {
        const reflector = startReflector({
          client,
          kind,
          namespace,
          keep: toChild(kind),
          handle: ({ type, object }) => {
            onChange(object, type === 'deleted');
          },
          onListed: resolve,
          onState: (state) => {
            if (state.kind !== 'connected') onProblem(state.reason);
          },
          retry: { minMs: 200, maxMs: 2000 },
        });
        reflectors.push(reflector);
      }),
    async writeStatus({ kind, metadata }, status) {
      const { name, resourceVersion } = metadata;
      try {
        await transport.send({
          method: 'PATCH',
          path: `${pathOf(kind, namespace, name, 'status')}?fieldManager=${FIELD_MANAGER}`,
          contentType: 'application/merge-patch+json',
          body: JSON.stringify({ metadata: { resourceVersion }, status }),
          what: `Answering for ${kind} ${namespace}/${name}`,
        });
        return 'written';
      } catch (error) {
        if (isRefusal(error, 'conflict', 'not-found')) return 'overtaken';
        throw error;
      }
    },
    async stop() {
      await Promise.all(reflectors.map((reflector) => reflector.stop()));
      client.close();
      transport.close();
    },
  };
}

/** The status of a new object is missing. */
const toChild =
  (kind: SimulatedKind) =>
  ({ metadata, spec = {}, status = {} }: KubernetesObject): Child => ({ kind, metadata, spec, status });
