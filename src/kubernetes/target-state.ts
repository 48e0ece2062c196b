/** The state of a remediation's target as one text, the same bytes that kubernaut's other services hash. */
import { parse } from 'lossless-json';

/** JSON with exact integers: those beyond double precision are bigints. */
export type Exact = string | number | bigint | boolean | null | readonly Exact[] | { readonly [key: string]: Exact };
export type ExactObject = { readonly [key: string]: Exact };

/** Reads JSON without rounding its integers. */
export const parseExactly = (text: string): Exact => parse(text, undefined, exactNumber) as Exact;

function exactNumber(text: string): number | bigint {
  const value = Number(text);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : value;
}

export const isExactObject = (value: Exact | undefined): value is ExactObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What says nothing about the wanted state: names, bookkeeping, observations. */
const LEFT_OUT = new Set(['apiVersion', 'kind', 'metadata', 'status']);

/** The canonical text of an object's state: keys in byte order, lists in the order of their elements' texts, so that order in lists does not count. */
export const canonicalState = (object: ExactObject): string =>
  textOf(Object.fromEntries(Object.entries(object).filter(([key]) => !LEFT_OUT.has(key))));

function textOf(value: Exact): string {
  if (Array.isArray(value))
    return `[${value
      .map((item: Exact) => textOf(item))
      .sort(byBytes)
      .join(',')}]`;
  if (isExactObject(value)) {
    const keys = Object.keys(value).sort(byBytes);
    return `{${keys.map((key) => `${quoted(key)}:${textOf(value[key] ?? null)}`).join(',')}}`;
  }
  if (typeof value === 'string') return quoted(value);
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value);
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** A JSON string as Go writes it: what could be taken for HTML or a line break in a script is escaped. */
const quoted = (text: string): string =>
  JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

const at = (value: Exact | undefined, ...path: readonly string[]): Exact | undefined =>
  path.reduce<Exact | undefined>((inner, key) => (isExactObject(inner) ? inner[key] : undefined), value);

const listAt = (value: Exact | undefined, ...path: readonly string[]): readonly Exact[] => {
  const list = at(value, ...path);
  return Array.isArray(list) ? (list as readonly Exact[]) : [];
};

const POD_SPEC: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  Deployment: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};

/** The ConfigMaps that the pods of this object read, sorted, each once; none for kinds that run no pods. */
export function configMapsOf(kind: string, object: ExactObject): readonly string[] {
  const path = POD_SPEC[kind];
  if (path === undefined) return [];
  const pod = at(object, ...path);
  const volumes = listAt(pod, 'volumes').flatMap((volume) => [
    at(volume, 'configMap', 'name'),
    ...listAt(volume, 'projected', 'sources').map((source) => at(source, 'configMap', 'name')),
  ]);
  const containers = ['containers', 'initContainers', 'ephemeralContainers'].flatMap((member) => listAt(pod, member));
  const variables = containers.flatMap((container) => [
    ...listAt(container, 'envFrom').map((source) => at(source, 'configMapRef', 'name')),
    ...listAt(container, 'env').map((variable) => at(variable, 'valueFrom', 'configMapKeyRef', 'name')),
  ]);
  const names = [...volumes, ...variables].filter((name): name is string => typeof name === 'string' && name !== '');
  return [...new Set(names)].sort(byBytes);
}

const plain = (value: Exact | undefined): string => (typeof value === 'string' ? value : '');

/** The text of a ConfigMap's content; one that cannot be read counts as one that says so. */
export function configMapText(name: string, configMap: ExactObject | undefined): string {
  const lines = (prefix: string, entries: Exact | undefined): readonly string[] =>
    isExactObject(entries)
      ? Object.keys(entries)
          .sort(byBytes)
          .map((key) => `${prefix}:${key}=${plain(entries[key])}`)
      : [];
  const content: ExactObject = configMap ?? { data: { __sentinel__: `__absent:${name}__` } };
  return [...lines('d', content['data']), ...lines('b', content['binaryData'])].join('\n');
}
