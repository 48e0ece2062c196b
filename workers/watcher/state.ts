/** What the watcher remembers of the objects it sees. */
import type { KubernetesObject } from '../../src/kubernetes/client.ts';
import { canonicalJson, cleanJson, sha256Hex } from '../../src/postgres/canonical.ts';
import type { JsonObject } from '../../src/remediation/json.ts';
import { isConclusive } from '../../src/remediation/news.ts';
import { isPhase, isTerminal } from '../../src/remediation/phases.ts';
import { toChildSnapshot, toRequest, toRequestSnapshot } from '../../src/remediation/projections.ts';
import type { RemediationRequest } from '../../src/remediation/request.ts';
import type { AnyChildSnapshot, ChildKind, RequestSnapshot, Snapshot } from '../../src/remediation/snapshots.ts';

/** A RemediationRequest as seen, with what its workflow would be started with. */
export interface SeenRequest {
  readonly request: RemediationRequest;
  readonly snapshot: RequestSnapshot;
  readonly seenAt: number;
}

/** A child as seen. `concludedAt` is when its end, or its answer, was first seen here. */
export interface SeenChild {
  readonly snapshot: AnyChildSnapshot;
  concludedAt: number | undefined;
}

/** The part of a RemediationRequest that is kept. */
export function seenRequest(object: KubernetesObject): SeenRequest {
  const request = toRequest(object, sha256Hex(object.metadata.name).slice(0, 10));
  const snapshot = toRequestSnapshot(object);
  if (request === undefined || snapshot === undefined)
    throw new TypeError(`RemediationRequest ${object.metadata.name} has no identity`);
  // Only the first step tells them, and they cost time when the spec is large.
  const digests = snapshot.status.overallPhase ? {} : digestsOf(object.spec ?? {});
  return { request: { ...request, ...digests }, snapshot, seenAt: Date.now() };
}

/** What proves later which spec was acted upon. */
function digestsOf(spec: JsonObject): Pick<RemediationRequest, 'specDigest' | 'payloadDigest'> {
  const { originalPayload } = spec;
  return {
    specDigest: sha256Hex(canonicalJson(cleanJson(spec))),
    ...(typeof originalPayload === 'string' ? { payloadDigest: sha256Hex(originalPayload) } : {}),
  };
}

/** The part of a child that is kept. */
export function seenChild(kind: ChildKind, object: KubernetesObject): SeenChild {
  const snapshot = toChildSnapshot(kind, object);
  if (snapshot === undefined) throw new TypeError(`${kind} ${object.metadata.name} has no identity`);
  return { snapshot, concludedAt: isConclusive(snapshot) ? Date.now() : undefined };
}

const hasTerminalPhase = ({ status: { overallPhase } }: RequestSnapshot): boolean =>
  isPhase(overallPhase) && isTerminal(overallPhase);

/** Whether a workflow may be started for it: it is not going away and shows no end. */
export const mayStart = (snapshot: RequestSnapshot): boolean =>
  snapshot.deletionTimestamp === undefined && !hasTerminalPhase(snapshot);

/** Whether its workflow has nothing to learn any more. An end that somebody else wrote is news until the product has completed it. */
export const isOver = (snapshot: RequestSnapshot): boolean =>
  hasTerminalPhase(snapshot) &&
  (!snapshot.foreign.includes('overallPhase') || snapshot.status.completedAt !== undefined);

/** Names an object among all that one workflow hears of. */
export const objectKey = ({ kind, uid }: Snapshot): string => `${kind}/${uid}`;
