/** Objects of the real CRDs for tests of the adapters. */
import type { KubernetesClient, KubernetesObject, NewObject } from '../../../src/kubernetes/client.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';

/** A valid RemediationRequest of this name. */
export const aRequestNamed = (name: string, spec: JsonObject = {}): NewObject => ({
  metadata: { name },
  spec: {
    signalFingerprint: 'a1b2c3d4'.repeat(8),
    signalName: 'HighMemory',
    severity: 'critical',
    signalType: 'alert',
    targetType: 'kubernetes',
    targetResource: { kind: 'Deployment', name: 'api', namespace: 'payments' },
    firingTime: '2026-11-24T10:00:00Z',
    receivedTime: '2026-11-24T10:00:01Z',
    ...spec,
  },
});

/** A valid SignalProcessing, owned by the request if one is given. */
export const aSignalProcessingNamed = (name: string, owner?: KubernetesObject): NewObject => ({
  metadata: {
    name,
    ...(owner === undefined
      ? {}
      : {
          ownerReferences: [
            {
              apiVersion: 'kubernaut.ai/v1alpha1',
              kind: 'RemediationRequest',
              name: owner.metadata.name,
              uid: owner.metadata.uid,
              controller: true,
            },
          ],
        }),
  },
  spec: {
    remediationRequestRef: {
      apiVersion: 'kubernaut.ai/v1alpha1',
      kind: 'RemediationRequest',
      name: owner?.metadata.name ?? 'nobody',
      namespace: owner?.metadata.namespace ?? 'nowhere',
    },
    signal: {
      fingerprint: 'a1b2c3d4'.repeat(8),
      name: 'HighMemory',
      severity: 'critical',
      type: 'alert',
      targetType: 'kubernetes',
      targetResource: { kind: 'Deployment', name: 'api', namespace: 'payments' },
      receivedTime: '2026-11-24T10:00:01Z',
    },
  },
});

/** Writes the status as a controller would. */
export const setStatus = (
  client: KubernetesClient,
  kind: 'RemediationRequest' | 'SignalProcessing',
  namespace: string,
  name: string,
  status: JsonObject,
): Promise<KubernetesObject> => client.mergePatchStatus(kind, namespace, name, { status });
