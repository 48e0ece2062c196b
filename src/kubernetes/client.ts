/** The calls the product makes to the API server, typed. Own HTTP rather than client-node's API classes, which cost seven times the CPU a call. */
import type { IncomingMessage } from 'node:http';
import { CONTROLLER_NAME, FIELD_MANAGER } from '../remediation/names.ts';
import type { Json, JsonObject } from '../remediation/json.ts';
import { toRfc3339 } from '../remediation/time.ts';
import { isRefusal } from './errors.ts';
import type { RefusalKind } from './errors.ts';
import { loadKubeconfig } from './kubeconfig.ts';
import type { KubeconfigChoice } from './kubeconfig.ts';
import { API_VERSION, pathOf } from './kinds.ts';
import type { Kind } from './kinds.ts';
import { createTransport } from './transport.ts';
import type { HttpCall, RequestRecord } from './transport.ts';

type OwnerReference = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
};

export type ObjectMeta = {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly JsonObject[];
};

/** An object as the API server sends it. Only the metadata may be trusted to have its types. */
export type KubernetesObject = {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly spec?: JsonObject;
  readonly status?: JsonObject;
};

/** An object to be created. */
export type NewObject = Omit<KubernetesObject, 'metadata' | 'apiVersion' | 'kind'> & {
  readonly metadata: Partial<ObjectMeta> & { readonly name: string };
};

/** Narrows a list; the selectors are Kubernetes'. */
interface ListOptions {
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  readonly limit?: number;
}

/** One page of a list. The resourceVersion is that of the whole list. */
interface Page {
  readonly items: readonly KubernetesObject[];
  readonly resourceVersion: string;
}

/** A Kubernetes Event; `name` is derived by the caller, so that a repeated call makes no second one. */
interface NewEvent {
  readonly name: string;
  readonly namespace: string;
  readonly involved: { readonly kind: Kind; readonly name: string; readonly uid: string };
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly at: number;
}

/** Every method throws ApiError for a refusal and ApiUnavailableError when there is no useful answer; what is noted beside them comes back as a value. */
export interface KubernetesClient {
  readonly server: string;
  /** The namespace of the kubeconfig's context. */
  readonly contextNamespace: string | undefined;
  /** The object; undefined when there is none. */
  get(kind: Kind, namespace: string, name: string): Promise<KubernetesObject | undefined>;
  /** The answer to a GET of any path; undefined when there is no such object or no such kind of object. */
  getPath(path: string): Promise<Json | undefined>;
  /** The same as text, for whoever must not lose digits. */
  getText(path: string): Promise<string | undefined>;
  /** The metadata of the object at any path, and nothing else of it; undefined when there is none. */
  getMetadata(path: string): Promise<ObjectMeta | undefined>;
  /** All objects of a kind, read in pages. */
  list(kind: Kind, namespace: string, options?: ListOptions): Promise<Page>;
  /** The same page by page, so that nobody has to hold them all. */
  readonly pages: (kind: Kind, namespace: string, options?: ListOptions) => AsyncGenerator<Page, void, undefined>;
  /** Creates it and returns it as stored. */
  create(kind: Kind, namespace: string, object: NewObject): Promise<KubernetesObject>;
  /** Merges into the object; `metadata.resourceVersion` in the body is a precondition. */
  mergePatch(kind: Kind, namespace: string, name: string, body: JsonObject): Promise<KubernetesObject>;
  /** The same on the status subresource. There the server ignores a foreign `metadata.uid`; only the resourceVersion guards a re-created object. */
  mergePatchStatus(kind: Kind, namespace: string, name: string, body: JsonObject): Promise<KubernetesObject>;
  /** Deletes the object of this uid; `absent` when it is gone or another one has its name. */
  delete(kind: Kind, namespace: string, name: string, uid: string): Promise<'deleted' | 'absent'>;
  createEvent(event: NewEvent): Promise<'created' | 'exists'>;
  /** The body of a watch as it comes. */
  readonly watch: (path: string, signal: AbortSignal) => Promise<IncomingMessage>;
  /** Closes idle connections and breaks the others. */
  close(): void;
}

export interface ClientOptions extends KubeconfigChoice {
  /** Longest wait for an answer; 5 s by default. */
  readonly timeoutMs?: number;
  readonly onRequest?: (record: RequestRecord) => void;
  /** How the program calls itself to the API server; the product's own name by default. */
  readonly userAgent?: string;
}

const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const PAGE_SIZE = 500;
const LONGEST_EVENT_MESSAGE = 1024;
const MANAGER = `fieldManager=${FIELD_MANAGER}`;

/** A client for the chosen cluster. Reads the kubeconfig at once, connects when first used. */
export function createKubernetesClient(options: ClientOptions = {}): KubernetesClient {
  const config = loadKubeconfig(options);
  const transport = createTransport(config, {
    timeoutMs: options.timeoutMs ?? 5000,
    onRequest: options.onRequest,
    userAgent: options.userAgent,
  });

  const object = async (call: HttpCall): Promise<KubernetesObject> =>
    JSON.parse(await transport.send(call)) as KubernetesObject;

  const patch = (kind: Kind, namespace: string, name: string, body: JsonObject, subresource?: 'status') =>
    object({
      method: 'PATCH',
      path: `${pathOf(kind, namespace, name, subresource)}?${MANAGER}`,
      contentType: 'application/merge-patch+json',
      body: JSON.stringify(body),
      what: `Patching ${kind} ${namespace}/${name}`,
    });

  async function* pages(kind: Kind, namespace: string, list: ListOptions = {}): AsyncGenerator<Page, void, undefined> {
    let next: string | undefined;
    do {
      const query = new URLSearchParams({ limit: String(list.limit ?? PAGE_SIZE) });
      if (list.fieldSelector !== undefined) query.set('fieldSelector', list.fieldSelector);
      if (list.labelSelector !== undefined) query.set('labelSelector', list.labelSelector);
      if (next !== undefined) query.set('continue', next);
      const path = `${pathOf(kind, namespace)}?${query.toString()}`;
      const body = await transport.send({ method: 'GET', path, what: `Listing ${kind}s in ${namespace}` });
      const { metadata, items } = JSON.parse(body) as {
        metadata: { resourceVersion: string; continue?: string };
        items: KubernetesObject[];
      };
      yield { items, resourceVersion: metadata.resourceVersion };
      next = metadata.continue === '' ? undefined : metadata.continue;
    } while (next !== undefined);
  }

  return {
    server: transport.server,
    contextNamespace: config.getContextObject(config.getCurrentContext())?.namespace,
    get: (kind, namespace, name) =>
      absentIsUndefined(
        object({ method: 'GET', path: pathOf(kind, namespace, name), what: `Reading ${kind} ${namespace}/${name}` }),
      ),
    getText: (path) => absentIsUndefined(transport.send({ method: 'GET', path }), 'no-resource'),
    getPath: (path) =>
      absentIsUndefined(
        transport.send({ method: 'GET', path }).then((body) => JSON.parse(body) as Json),
        'no-resource',
      ),
    getMetadata: (path) =>
      absentIsUndefined(
        object({ method: 'GET', path, accept: METADATA_ONLY }).then(({ metadata }) => metadata),
        'no-resource',
      ),
    async list(kind, namespace, list) {
      const items: KubernetesObject[] = [];
      let resourceVersion = '';
      for await (const page of pages(kind, namespace, list)) {
        items.push(...page.items);
        resourceVersion = page.resourceVersion;
      }
      return { items, resourceVersion };
    },
    pages,
    create: (kind, namespace, created) =>
      object({
        method: 'POST',
        path: `${pathOf(kind, namespace)}?${MANAGER}`,
        body: JSON.stringify({ apiVersion: API_VERSION, kind, ...created }),
        what: `Creating ${kind} ${namespace}/${created.metadata.name}`,
      }),
    mergePatch: (kind, namespace, name, body) => patch(kind, namespace, name, body),
    mergePatchStatus: (kind, namespace, name, body) => patch(kind, namespace, name, body, 'status'),
    async delete(kind, namespace, name, uid) {
      try {
        await transport.send({
          method: 'DELETE',
          path: pathOf(kind, namespace, name),
          body: JSON.stringify({ kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid } }),
          what: `Deleting ${kind} ${namespace}/${name}`,
        });
        return 'deleted';
      } catch (error) {
        if (isRefusal(error, 'not-found', 'conflict')) return 'absent';
        throw error;
      }
    },
    async createEvent(event) {
      const path = `/api/v1/namespaces/${encodeURIComponent(event.namespace)}/events?${MANAGER}`;
      const what = `Creating Event ${event.namespace}/${event.name}`;
      try {
        await transport.send({ method: 'POST', path, body: JSON.stringify(toEvent(event)), what });
        return 'created';
      } catch (error) {
        if (isRefusal(error, 'already-exists')) return 'exists';
        throw error;
      }
    },
    watch: (path, signal) => transport.open({ method: 'GET', path, signal, what: `Watching ${path}` }),
    close: () => {
      transport.close();
    },
  };
}

async function absentIsUndefined<T>(answer: Promise<T>, ...also: readonly RefusalKind[]): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isRefusal(error, 'not-found', ...also)) return undefined;
    throw error;
  }
}

function toEvent(event: NewEvent): JsonObject {
  const at = toRfc3339(event.at);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: event.name, namespace: event.namespace },
    involvedObject: { apiVersion: API_VERSION, namespace: event.namespace, ...event.involved },
    type: event.type,
    reason: event.reason,
    message: event.message.slice(0, LONGEST_EVENT_MESSAGE),
    source: { component: CONTROLLER_NAME },
    reportingComponent: CONTROLLER_NAME,
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  };
}
