/** From objects as the API server sends them to what a workflow is given of them. */
import { FIELD_MANAGER, PLAN_DIGEST_ANNOTATION, workflowId } from './names.ts';
import type { Registration } from './commit.ts';
import { foreignFields } from './foreign.ts';
import type { Json, JsonObject } from './json.ts';
import { isPhase, isTerminal } from './phases.ts';
import { jsonObject, listOf, mapOf, number, record, text } from './readers.ts';
import type { RemediationRequest, RequestSpec, ResourceTarget } from './request.ts';
import type { AnyChildSnapshot, ChildKind, RequestSnapshot } from './snapshots.ts';
import { readChildStatus, readRequestStatus } from './status-readers.ts';
import { parseTime } from './time.ts';

/** Signal labels and annotations travel with a workflow up to this size together; above it the children's makers read them from the object. */
const LARGEST_SIGNAL_MAPS = 64 * 1024;

/** What a child looks like to a workflow; undefined for an object without identity. */
export function toChildSnapshot<K extends ChildKind>(
  kind: K,
  object: Json,
  gone = false,
): AnyChildSnapshot | undefined {
  const metadata = readMetadata(object);
  if (metadata === undefined) return undefined;
  const { namespace, name, uid, resourceVersion, deletionTimestamp, ownerReferences, annotations } = metadata;
  const ownerUid = ownerReferences?.find((owner) => owner.controller === true)?.uid;
  const planDigest = annotations?.[PLAN_DIGEST_ANNOTATION];
  return readChildStatus(kind, jsonObject(object)?.['status'], {
    namespace,
    name,
    uid,
    resourceVersion,
    ...(ownerUid === undefined ? {} : { ownerUid }),
    ...(planDigest === undefined ? {} : { planDigest }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(gone ? { gone } : {}),
  });
}

/** What a RemediationRequest looks like to its workflow; undefined for an object without identity. */
export function toRequestSnapshot(object: Json, gone = false): RequestSnapshot | undefined {
  const metadata = readMetadata(object);
  if (metadata === undefined) return undefined;
  const { namespace, name, uid, resourceVersion, generation, deletionTimestamp, managedFields } = metadata;
  const status = jsonObject(object)?.['status'];
  return {
    kind: 'RemediationRequest',
    namespace,
    name,
    uid,
    resourceVersion,
    generation: generation ?? 0,
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(gone ? { gone } : {}),
    status: readRequestStatus(status),
    foreign: foreignFields(jsonObject(status), managedFields ?? [], FIELD_MANAGER),
  };
}

/** What a workflow is started with; what is missing in the spec is empty. `nameDigest` is the digest of the name, because the core has no cryptography. */
export function toRequest(object: Json, nameDigest: string): RemediationRequest | undefined {
  const metadata = readMetadata(object);
  if (metadata === undefined) return undefined;
  const spec = jsonObject(jsonObject(object)?.['spec']) ?? {};
  const { namespace, name, uid, creationTimestamp, generation } = metadata;
  return {
    namespace,
    name,
    uid,
    creationTimestamp: creationTimestamp ?? '',
    generation: generation ?? 0,
    nameDigest,
    ...(spec['providerData'] === undefined ? {} : { hasProviderData: true }),
    spec: readSpec(spec),
  };
}

/** What the ledger is told when a request is first seen. */
export function toRegistration(request: RemediationRequest, observed: RequestSnapshot): Registration {
  const { overallPhase = '', completedAt, completionStatus } = observed.status;
  const { outcome, failurePhase, failureReason, timeoutPhase } = completionStatus ?? {};
  const createdAt = parseTime(request.creationTimestamp) ?? 0;
  const ended = isPhase(overallPhase) && isTerminal(overallPhase);
  const deletedAt = parseTime(observed.deletionTimestamp);
  const terminalAt = ended ? (parseTime(completedAt) ?? createdAt) : deletedAt;
  return {
    namespace: request.namespace,
    name: request.name,
    uid: request.uid,
    fingerprint: request.spec.signalFingerprint,
    targetNamespace: request.spec.targetResource.namespace ?? '',
    createdAt,
    workflowId: workflowId(request.uid),
    phase: overallPhase,
    ...(request.spec.clusterID === undefined ? {} : { clusterID: request.spec.clusterID }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(failurePhase === undefined ? {} : { failurePhase }),
    ...(failureReason === undefined ? {} : { failureReason }),
    ...(timeoutPhase === undefined ? {} : { timeoutPhase }),
    ...(terminalAt === undefined ? {} : { terminalAt }),
    ...(deletedAt === undefined ? {} : { deletedAt }),
  };
}

function readMetadata(object: Json) {
  const metadata = metadataReader(jsonObject(object)?.['metadata']);
  const { name, uid, resourceVersion } = metadata ?? {};
  if (metadata === undefined || name === undefined || uid === undefined || resourceVersion === undefined)
    return undefined;
  return { ...metadata, namespace: metadata.namespace ?? '', name, uid, resourceVersion };
}

const metadataReader = record({
  namespace: text,
  name: text,
  uid: text,
  resourceVersion: text,
  generation: number,
  creationTimestamp: text,
  deletionTimestamp: text,
  annotations: mapOf(text),
  ownerReferences: listOf(record({ uid: text, controller: (value) => (value === true ? true : undefined) })),
  managedFields: listOf(jsonObject),
});

function readSpec(spec: JsonObject): RequestSpec {
  const word = (key: string): string => text(spec[key]) ?? '';
  const signalSource = text(spec['signalSource']);
  const clusterID = text(spec['clusterID']);
  return {
    signalFingerprint: word('signalFingerprint'),
    signalName: word('signalName'),
    severity: word('severity'),
    signalType: word('signalType'),
    targetType: word('targetType'),
    targetResource: readTarget(spec['targetResource']),
    firingTime: word('firingTime'),
    receivedTime: word('receivedTime'),
    ...(signalSource === undefined ? {} : { signalSource }),
    ...(clusterID === undefined ? {} : { clusterID }),
    ...readSignalMaps(spec),
  };
}

/** Both maps if they fit together, else the labels alone if they fit, else neither. */
function readSignalMaps(spec: JsonObject): Pick<RequestSpec, 'signalLabels' | 'signalAnnotations'> {
  const signalLabels = mapOf(text)(spec['signalLabels']);
  const signalAnnotations = mapOf(text)(spec['signalAnnotations']);
  const labelsSize = sizeOf(signalLabels);
  return {
    ...(signalLabels !== undefined && labelsSize <= LARGEST_SIGNAL_MAPS ? { signalLabels } : {}),
    ...(signalAnnotations !== undefined && labelsSize + sizeOf(signalAnnotations) <= LARGEST_SIGNAL_MAPS
      ? { signalAnnotations }
      : {}),
  };
}

/** An upper bound of the bytes: no character of a JavaScript string takes more than three in UTF-8. */
function sizeOf(map: Readonly<Record<string, string>> | undefined): number {
  const characters = JSON.stringify(map ?? {});
  return characters.length * 3 <= LARGEST_SIGNAL_MAPS ? characters.length : utf8Length(characters);
}

function utf8Length(characters: string): number {
  let bytes = 0;
  for (const character of characters) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

function readTarget(value: Json | undefined): ResourceTarget {
  const target = record({ apiVersion: text, kind: text, name: text, namespace: text })(value);
  return { ...target, kind: target?.kind ?? '', name: target?.name ?? '' };
}
