import type { Registration } from './commit.ts';
import { workflowId } from './names.ts';
import type { Remediation } from './state.ts';
import { parseTime } from './time.ts';

/** How the ledger gets to know the request, should no watcher have told it yet. */
export const registration = (r: Remediation): Registration => ({
  namespace: r.request.namespace,
  name: r.request.name,
  uid: r.request.uid,
  ...(r.request.spec.clusterID === undefined ? {} : { clusterID: r.request.spec.clusterID }),
  fingerprint: r.request.spec.signalFingerprint,
  targetNamespace: r.request.spec.targetResource.namespace ?? '',
  createdAt: parseTime(r.request.creationTimestamp) ?? 0,
  workflowId: workflowId(r.request.uid),
  phase: r.step === 0 ? '' : r.state.phase,
});
