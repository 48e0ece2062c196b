/** From an object to what its workflow is started with. */
import type { RemediationInput } from '../../workflows/input.ts';
import type { KubernetesObject } from '../kubernetes/client.ts';
import { canonicalJson, cleanJson, sha256Hex } from '../postgres/canonical.ts';
import type { JsonObject } from '../remediation/json.ts';
import { toRequest, toRequestSnapshot } from '../remediation/projections.ts';
import type { RemediationRequest } from '../remediation/request.ts';

/** The request and how it was seen; undefined for an object without identity. */
export function toStart(object: KubernetesObject): Pick<RemediationInput, 'request' | 'observed'> | undefined {
  const request = toRequest(object, sha256Hex(object.metadata.name).slice(0, 10));
  const observed = toRequestSnapshot(object);
  if (request === undefined || observed === undefined) return undefined;
  // Only the first step tells them, and they cost time when the spec is large.
  const digests = observed.status.overallPhase ? {} : digestsOf(object.spec ?? {});
  return { request: { ...request, ...digests }, observed };
}

/** What proves later which spec was acted upon. */
function digestsOf(spec: JsonObject): Pick<RemediationRequest, 'specDigest' | 'payloadDigest'> {
  const { originalPayload } = spec;
  return {
    specDigest: sha256Hex(canonicalJson(cleanJson(spec))),
    ...(typeof originalPayload === 'string' ? { payloadDigest: sha256Hex(originalPayload) } : {}),
  };
}
