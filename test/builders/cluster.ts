/** An API server in memory, as far as activities use one: optimistic locking, field managers, no-op writes, owners. */
import type { KubernetesClient, KubernetesObject, NewObject } from '../../src/kubernetes/client.ts';
import { ApiError } from '../../src/kubernetes/errors.ts';
import type { Kind } from '../../src/kubernetes/kinds.ts';
import { isObject, mergePatch, sameJson } from '../../src/remediation/json.ts';
import type { Json, JsonObject } from '../../src/remediation/json.ts';
import { FIELD_MANAGER } from '../../src/remediation/names.ts';

/** Who hears of a change: the object as it stands, or as it was when it went. */
export type Listener = (kind: Kind, object: KubernetesObject, gone: boolean) => void;

/** One write of a status, in the order they came. */
export interface StatusWriteRecord {
  readonly kind: Kind;
  readonly name: string;
  readonly manager: string;
  readonly status: JsonObject;
}

export interface Cluster {
  /** What the product uses. */
  readonly client: Pick<KubernetesClient, 'get' | 'create' | 'mergePatchStatus'>;
  /** Merges into a status as somebody else; the object may be any. */
  patchStatus(manager: string, kind: Kind, name: string, status: JsonObject): void;
  /** Puts an object there that nobody of the product has made. */
  put(kind: Kind, object: NewObject): KubernetesObject;
  remove(kind: Kind, name: string): void;
  find(kind: Kind, name: string): KubernetesObject | undefined;
  all(kind: Kind): readonly KubernetesObject[];
  /** Every status write that changed something. */
  readonly writes: readonly StatusWriteRecord[];
}

interface Stored {
  object: KubernetesObject;
  readonly owners: Map<string, Set<string>>;
}

/** An empty cluster of one namespace. */
export function aCluster(namespace: string, listener: Listener): Cluster {
  const objects = new Map<string, Stored>();
  const writes: StatusWriteRecord[] = [];
  let version = 100;
  const key = (kind: Kind, name: string): string => `${kind}/${name}`;
  const next = (): string => String((version += 1));

  const view = ({ object, owners }: Stored): KubernetesObject => ({
    ...object,
    metadata: { ...object.metadata, managedFields: [...owners].map(([manager, paths]) => entryOf(manager, paths)) },
  });

  const store = (kind: Kind, object: NewObject): KubernetesObject => {
    const { name } = object.metadata;
    if (objects.has(key(kind, name))) throw refusal('already-exists', 409, `${kind} ${name} already exists`);
    const resourceVersion = next();
    const metadata = {
      namespace,
      generation: 1,
      uid: `${kind}-${resourceVersion}`,
      ...object.metadata,
      resourceVersion,
    };
    const stored: Stored = { object: { ...object, metadata }, owners: new Map() };
    objects.set(key(kind, name), stored);
    listener(kind, view(stored), false);
    return view(stored);
  };

  const patch = (manager: string, kind: Kind, name: string, body: JsonObject): KubernetesObject => {
    const stored = objects.get(key(kind, name));
    if (stored === undefined) throw refusal('not-found', 404, `${kind} ${name} not found`);
    const wanted = isObject(body['metadata']) ? body['metadata']['resourceVersion'] : undefined;
    if (wanted !== undefined && wanted !== stored.object.metadata.resourceVersion)
      throw refusal('conflict', 409, `${kind} ${name} has been modified`);
    const before = stored.object.status ?? {};
    const change = body['status'] as JsonObject;
    const after = mergePatch(before, change);
    if (sameJson(before, after)) return view(stored);
    own(stored.owners, manager, before, after);
    const metadata = { ...stored.object.metadata, resourceVersion: next() };
    stored.object = { ...stored.object, metadata, status: after };
    writes.push({ kind, name, manager, status: after });
    listener(kind, view(stored), false);
    return view(stored);
  };

  return {
    client: {
      get: (kind, _namespace, name) => {
        const stored = objects.get(key(kind, name));
        return Promise.resolve(stored === undefined ? undefined : view(stored));
      },
      create: (kind, _namespace, object) => promised(() => store(kind, object)),
      mergePatchStatus: (kind, _namespace, name, body) => promised(() => patch(FIELD_MANAGER, kind, name, body)),
    },
    patchStatus: (manager, kind, name, status) => void patch(manager, kind, name, { status }),
    put: store,
    remove: (kind, name) => {
      const stored = objects.get(key(kind, name));
      if (stored === undefined) return;
      objects.delete(key(kind, name));
      const metadata = { ...stored.object.metadata, resourceVersion: next() };
      listener(kind, { ...stored.object, metadata }, true);
    },
    find: (kind, name) => {
      const stored = objects.get(key(kind, name));
      return stored === undefined ? undefined : view(stored);
    },
    all: (kind) => [...objects].filter(([id]) => id.startsWith(`${kind}/`)).map(([, { object }]) => object),
    writes,
  };
}

const refusal = (kind: ApiError['kind'], status: number, message: string): ApiError =>
  new ApiError(kind, status, '', message);

const promised = <T>(work: () => T): Promise<T> => new Promise((resolve) => resolve(work()));

const SEPARATOR = '\n';

/** The paths of the values in a status; lists are values. */
function leaves(value: Json | undefined, path: readonly string[] = []): readonly (readonly [string, Json])[] {
  if (value === undefined) return [];
  if (!isObject(value)) return [[path.join(SEPARATOR), value]];
  return Object.entries(value).flatMap(([name, member]) => leaves(member, [...path, name]));
}

/** Whoever changes a value owns it; a value that goes has no owner. */
function own(owners: Map<string, Set<string>>, manager: string, before: JsonObject, after: JsonObject): void {
  const known = new Map(leaves(before));
  const present = leaves(after);
  const kept = new Set(present.map(([path]) => path));
  const changed = present.filter(([path, value]) => !sameJson(known.get(path), value)).map(([path]) => path);
  for (const paths of owners.values()) {
    for (const path of changed) paths.delete(path);
    for (const path of [...paths]) if (!kept.has(path)) paths.delete(path);
  }
  const mine = owners.get(manager) ?? new Set<string>();
  for (const path of changed) mine.add(path);
  owners.set(manager, mine);
}

/** What the API server's managedFields say of these paths. */
function entryOf(manager: string, paths: ReadonlySet<string>): JsonObject {
  const tree: JsonObject = [...paths].reduce<JsonObject>((at, path) => {
    const nested = path.split(SEPARATOR).reduceRight<JsonObject>((inner, name) => ({ [`f:${name}`]: inner }), {});
    return mergePatch(at, nested);
  }, {});
  return { manager, operation: 'Update', subresource: 'status', fieldsV1: { 'f:status': tree } };
}
