/** The hash of a target's state before anything is done to it. */
import { fullMessage, UnavailableError } from '../src/errors.ts';
import { isRefusal } from '../src/kubernetes/errors.ts';
import {
  canonicalState,
  configMapsOf,
  configMapText,
  isExactObject,
  parseExactly,
} from '../src/kubernetes/target-state.ts';
import type { ExactObject } from '../src/kubernetes/target-state.ts';
import type { KubernetesClient } from '../src/kubernetes/client.ts';
import { sha256Hex } from '../src/postgres/canonical.ts';
import type { TargetHash } from '../src/remediation/target-hash.ts';
import type { RemediationActivities } from './contract.ts';
import type { Deps } from './deps.ts';
import { createResolver } from './target-kinds.ts';

const hashed = (text: string): string => `sha256:${sha256Hex(text)}`;

export function targetActivities({ kubernetes }: Pick<Deps, 'kubernetes'>): Pick<RemediationActivities, 'captureHash'> {
  const pathOf = createResolver(kubernetes);
  return {
    async captureHash({ target, clusterID }): Promise<TargetHash> {
      if (clusterID) return { kind: 'degraded', reason: `cluster ${clusterID} cannot be read from here` };
      try {
        const path = await pathOf(target);
        const object = path === undefined ? undefined : await read(kubernetes, path);
        return object === undefined ? { kind: 'none' } : await hashOf(kubernetes, target, object);
      } catch (error) {
        // Nothing can be made without the API server either, so it is waited for.
        if (error instanceof UnavailableError) throw error;
        return { kind: 'degraded', reason: fullMessage(error) };
      }
    },
  };
}

async function read(kubernetes: KubernetesClient, path: string): Promise<ExactObject | undefined> {
  const text = await kubernetes.getText(path);
  const object = text === undefined ? undefined : parseExactly(text);
  return isExactObject(object) ? object : undefined;
}

async function hashOf(
  kubernetes: KubernetesClient,
  { kind, namespace = '' }: { readonly kind: string; readonly namespace?: string },
  object: ExactObject,
): Promise<TargetHash> {
  const own = hashed(canonicalState(object));
  const names = configMapsOf(kind, object);
  if (names.length === 0) return { kind: 'hash', hash: own };
  const parts = await Promise.all(
    names.map(async (name) => {
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/${encodeURIComponent(name)}`;
      const configMap = await read(kubernetes, path).catch((error: unknown) => {
        if (isRefusal(error, 'forbidden', 'not-found')) return undefined;
        throw error;
      });
      return `${name}:${hashed(configMapText(name, configMap))}`;
    }),
  );
  return { kind: 'hash', hash: hashed([own, ...parts].join('\n')) };
}
