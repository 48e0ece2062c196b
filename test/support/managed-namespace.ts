import { CoreV1Api } from '@kubernetes/client-node';
import type { KubeConfig } from '@kubernetes/client-node';

const MANAGED = 'kubernaut.ai/managed';

/** Makes sure of a namespace whose objects may be remediated; without the label requests about them are blocked. */
export async function managedNamespace(kubeConfig: KubeConfig, name: string, isManaged = true): Promise<void> {
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const labels = isManaged ? { [MANAGED]: 'true' } : {};
  await core.createNamespace({ body: { metadata: { name, labels } } }).catch((error: unknown) => {
    if ((error as { readonly code?: number }).code !== 409) throw error;
  });
}
