/** What the watcher remembers of the objects it sees. */
import type { KubernetesObject } from '../../src/kubernetes/client.ts';
import { isConclusive } from '../../src/remediation/news.ts';
import { isPhase, isTerminal } from '../../src/remediation/phases.ts';
import { toChildSnapshot } from '../../src/remediation/projections.ts';
import type { RemediationRequest } from '../../src/remediation/request.ts';
import type { AnyChildSnapshot, ChildKind, RequestSnapshot, Snapshot } from '../../src/remediation/snapshots.ts';
import { toStart } from '../../src/temporal/start-input.ts';

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
  const seen = toStart(object);
  if (seen === undefined) throw new TypeError(`RemediationRequest ${object.metadata.name} has no identity`);
  return { request: seen.request, snapshot: seen.observed, seenAt: Date.now() };
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
