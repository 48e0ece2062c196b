/** What a test sees of the cluster, by watching: no request of its own disturbs what is counted. */
import type { KubernetesClient, KubernetesObject } from '../../../src/kubernetes/client.ts';
import type { Kind } from '../../../src/kubernetes/kinds.ts';
import { startReflector } from '../../../src/kubernetes/reflector.ts';
import { CHILD_KINDS } from '../../../src/remediation/snapshots.ts';

export type Listener = (kind: Kind, object: KubernetesObject, isFirst: boolean) => void;

export interface Sights {
  /** Calls the listener for every change from now on. */
  listen(listener: Listener): void;
  get(kind: Kind, name: string): KubernetesObject | undefined;
  all(kind: Kind): readonly KubernetesObject[];
  phaseOf(request: string): string;
  /** Resolves when the test holds of what is seen; rejects with `what` when the time is up. */
  until(what: () => string, test: () => boolean, timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
}

const KINDS: readonly Kind[] = ['RemediationRequest', ...CHILD_KINDS];

/** Watches requests and children of the namespace. */
export function watchSights(client: KubernetesClient, namespace: string): Sights {
  const listeners: Listener[] = [];
  const reflectors = new Map(
    KINDS.map((kind) => [
      kind,
      startReflector<KubernetesObject>({
        client,
        kind,
        namespace,
        keep: (object) => object,
        handle: ({ type, object }) => {
          if (type !== 'deleted') for (const listener of listeners) listener(kind, object, type === 'added');
        },
        retry: { minMs: 50, maxMs: 1000 },
      }),
    ]),
  );
  const get = (kind: Kind, name: string): KubernetesObject | undefined => reflectors.get(kind)?.get(name);
  const phaseOf = (request: string): string => {
    const phase = get('RemediationRequest', request)?.status?.['overallPhase'];
    return typeof phase === 'string' ? phase : '';
  };
  return {
    listen: (listener) => void listeners.push(listener),
    get,
    all: (kind) => [...(reflectors.get(kind)?.objects() ?? [])],
    phaseOf,
    until: (what, test, timeoutMs = 60_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          clearInterval(looking);
          reject(new Error(`${what()}: not within ${String(timeoutMs / 1000)} s`));
        }, timeoutMs);
        const looking = setInterval(() => {
          if (!test()) return;
          clearInterval(looking);
          clearTimeout(timer);
          resolve();
        }, 20);
      }),
    async stop() {
      await Promise.all([...reflectors.values()].map((reflector) => reflector.stop()));
    },
  };
}
