/** Makes sure that the children of a remediation exist. A child's name is derived, so who tries again finds what is there. */
import { ConflictError, UnavailableError } from '../src/errors.ts';
import type { KubernetesClient, KubernetesObject, NewObject } from '../src/kubernetes/client.ts';
import { isRefusal } from '../src/kubernetes/errors.ts';
import { API_VERSION } from '../src/kubernetes/kinds.ts';
import { canonicalJson, sha256Hex } from '../src/postgres/canonical.ts';
import type { ChildAnswer, ChildOrder, CopiedMember } from '../src/remediation/children.ts';
import { isObject, mergePatch } from '../src/remediation/json.ts';
import type { Json, JsonObject } from '../src/remediation/json.ts';
import { toChildSnapshot } from '../src/remediation/projections.ts';
import type { AnyChildSnapshot } from '../src/remediation/snapshots.ts';
import { conditionsOf } from './child-status.ts';
import type { RemediationActivities } from './contract.ts';
import type { Deps } from './deps.ts';

type Needed = Pick<Deps, 'kubernetes' | 'metrics'>;

export const childActivities = ({ kubernetes, metrics }: Needed): Pick<RemediationActivities, 'ensureChild'> => ({
  async ensureChild(order: ChildOrder): Promise<ChildAnswer> {
    const { kind, owner } = order;
    const spec = await withCopies(kubernetes, order);
    if (spec === undefined) return { kind: 'owner-gone' };
    const object = objectOf(order, spec);
    try {
      const created = await kubernetes.create(kind, owner.namespace, object);
      metrics.childCreated(kind, owner.namespace);
      return { kind: 'created', child: await withFirstStatus(kubernetes, order, created) };
    } catch (error) {
      if (isRefusal(error, 'invalid')) return { kind: 'invalid', message: error.message };
      if (!isRefusal(error, 'already-exists')) throw error;
    }
    return foundInPlace(kubernetes, order, object);
  },
});

/** What stands under the child's name: ours, on its way out, or somebody else's. */
async function foundInPlace(kubernetes: KubernetesClient, order: ChildOrder, wanted: NewObject): Promise<ChildAnswer> {
  const { kind, name, owner } = order;
  const present = await kubernetes.get(kind, owner.namespace, name);
  if (present === undefined)
    throw new ConflictError(`${kind} ${owner.namespace}/${name} has just gone; making it again`);
  const { metadata } = present;
  const controller = metadata.ownerReferences?.find((reference) => reference.controller === true);
  const isOurs = controller?.uid === owner.uid && hasSameDigest(order, wanted, present);
  const isLeaving =
    metadata.deletionTimestamp !== undefined || (!isOurs && (await isOrphan(kubernetes, owner.namespace, controller)));
  if (isLeaving)
    throw new ConflictError(
      `${kind} ${owner.namespace}/${name} of another request is being deleted; waiting for it to go`,
    );
  if (isOurs) return { kind: 'found', child: await withFirstStatus(kubernetes, order, present) };
  const whose = controller === undefined ? 'nobody' : `${controller.kind} ${controller.name} (${controller.uid})`;
  return {
    kind: 'foreign',
    message: `${kind} ${name} exists already and is not ours (it belongs to ${whose}): delete it, then send the alert again`,
  };
}

type Owner = { readonly kind: string; readonly name: string; readonly uid: string };

/** Whether the object's owner is a request that does not exist any more: garbage collection will take it away. */
async function isOrphan(kubernetes: KubernetesClient, namespace: string, owner: Owner | undefined): Promise<boolean> {
  if (owner?.kind !== 'RemediationRequest') return false;
  const present = await kubernetes.get('RemediationRequest', namespace, owner.name);
  return present?.metadata.uid !== owner.uid;
}

const hasSameDigest = ({ digest }: ChildOrder, wanted: NewObject, present: KubernetesObject): boolean =>
  digest === undefined ||
  present.metadata.annotations?.[digest.annotation] === wanted.metadata.annotations?.[digest.annotation];

function objectOf({ name, owner, blockOwnerDeletion, annotations, digest }: ChildOrder, spec: JsonObject): NewObject {
  const noted = {
    ...annotations,
    ...(digest === undefined ? {} : { [digest.annotation]: sha256Hex(canonicalJson(digest.of)) }),
  };
  const ownerReference = {
    apiVersion: API_VERSION,
    kind: 'RemediationRequest',
    name: owner.name,
    uid: owner.uid,
    controller: true,
    blockOwnerDeletion,
  };
  return {
    metadata: {
      name,
      namespace: owner.namespace,
      ownerReferences: [ownerReference],
      ...(Object.keys(noted).length === 0 ? {} : { annotations: noted }),
    },
    spec,
  };
}

/** The spec with its copied members; undefined when the request they come from is gone. */
async function withCopies(
  kubernetes: KubernetesClient,
  { owner, spec, copies = [] }: ChildOrder,
): Promise<JsonObject | undefined> {
  const sources = new Map<string, KubernetesObject | undefined>();
  let result = spec;
  for (const copy of copies) {
    const { kind, name, uid } = copy.from;
    if (!sources.has(uid)) {
      const source = await kubernetes.get(kind, owner.namespace, name);
      sources.set(uid, source?.metadata.uid === uid ? source : undefined);
    }
    const source = sources.get(uid);
    if (source === undefined && kind === 'RemediationRequest') return undefined;
    const value = valueAt(source, copy.path);
    if (value !== undefined) result = mergePatch(result, patchFor(copy, value));
  }
  return result;
}

const valueAt = (object: Json | undefined, path: string): Json | undefined =>
  path.split('.').reduce<Json | undefined>((at, key) => (isObject(at) ? at[key] : undefined), object);

const patchFor = ({ to }: CopiedMember, value: Json): JsonObject =>
  to.split('.').reduceRight<Json>((inner, key) => ({ [key]: inner }), value) as JsonObject;

/** Gives the object the status it must have from the beginning, unless it has it. */
async function withFirstStatus(
  kubernetes: KubernetesClient,
  order: ChildOrder,
  object: KubernetesObject,
): Promise<AnyChildSnapshot> {
  const { kind, owner, name, firstStatus } = order;
  if (firstStatus === undefined || object.status?.['createdAt'] !== undefined) return snapshotOf(order, object);
  const { conditions = {}, ...rest } = firstStatus;
  const list = Object.entries(conditions as JsonObject).map(([type, condition]) => ({
    type,
    ...(condition as JsonObject),
  }));
  const patched = await kubernetes.mergePatchStatus(kind, owner.namespace, name, {
    metadata: { resourceVersion: object.metadata.resourceVersion },
    status: { ...rest, conditions: list },
  });
  return snapshotOf(order, patched);
}

function snapshotOf({ kind, name, owner }: ChildOrder, object: KubernetesObject): AnyChildSnapshot {
  const child = toChildSnapshot(kind, object as Json);
  const requiredBy = object.spec?.['requiredBy'];
  if (child === undefined)
    throw new UnavailableError(
      'KUBERNETES_UNAVAILABLE',
      `The API server answered ${kind} ${owner.namespace}/${name} without its identity`,
    );
  return typeof requiredBy === 'string' ? { ...child, requiredBy, conditions: conditionsOf(object) } : child;
}
