/** A run for a request whose object is gone: all that is left of it is what the ledger knows. */
import type { Registration } from '../commit.ts';
import type { RemediationRequest } from '../request.ts';
import type { RequestSnapshot } from '../snapshots.ts';
import { toRfc3339 } from '../time.ts';

/** Enough for a run to find the object gone and to close the trail; nothing is ever made from it. */
export function inputOfGone(registration: Registration): {
  readonly request: RemediationRequest;
  readonly observed: RequestSnapshot;
} {
  const { namespace, name, uid, fingerprint, targetNamespace, clusterID, createdAt } = registration;
  const created = toRfc3339(createdAt);
  return {
    request: {
      namespace,
      name,
      uid,
      creationTimestamp: created,
      generation: 0,
      nameDigest: '',
      spec: {
        signalFingerprint: fingerprint,
        signalName: '',
        severity: '',
        signalType: '',
        targetType: '',
        targetResource: { kind: '', name: '', namespace: targetNamespace },
        firingTime: created,
        receivedTime: created,
        ...(clusterID === undefined ? {} : { clusterID }),
      },
    },
    observed: {
      kind: 'RemediationRequest',
      namespace,
      name,
      uid,
      resourceVersion: '0',
      generation: 0,
      gone: true,
      status: {},
      foreign: [],
    },
  };
}
