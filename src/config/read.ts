/** Reads the configuration: file, flags and environment in, one frozen value or one error with every fault out. */
import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { InvalidRequestError } from '../errors.ts';
import type { JsonObject } from '../remediation/json.ts';
import { ignoredKeys } from './effects.ts';
import { check } from './faults.ts';
import { isTree, valueAt } from './keys.ts';
import type { FileConfig } from './schema.ts';
import { show } from './values.ts';

type Frozen<T> = T extends readonly (infer E)[]
  ? readonly Frozen<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/** The configuration of a process. Durations are milliseconds; a text that was not given is empty. */
export type Config = Frozen<FileConfig> & {
  /** The namespace whose remediations are worked on. */
  readonly namespace: string;
  /** Name of the pod for log lines; absent outside a cluster. */
  readonly pod: string | undefined;
  /** Keys of the file that are accepted without effect. A process says so once when it starts. */
  readonly ignoredKeys: readonly string[];
};

/** What flags say; each stands above the key of the file that it names. */
export interface ConfigFlags {
  readonly namespace?: string | undefined;
  readonly postgresUrl?: string | undefined;
  readonly temporalAddress?: string | undefined;
  readonly temporalNamespace?: string | undefined;
  readonly taskQueue?: string | undefined;
  readonly metricsAddr?: string | undefined;
  readonly healthProbeAddr?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly logFormat?: string | undefined;
}

export interface ConfigSources {
  /** Path of the file; absent means {@link DEFAULT_FILE}, empty means no file. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags?: ConfigFlags;
  /** Where a pod finds the name of its namespace. */
  readonly namespaceFile?: string;
}

/** Where a pod has its configuration. */
const DEFAULT_FILE = '/etc/remediationorchestrator/config.yaml';
const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';
const NAMESPACE_VARIABLE = 'KUBERNAUT_CONTROLLER_NAMESPACE';

const FLAG_KEYS: readonly (readonly [keyof ConfigFlags, string, string])[] = [
  ['postgresUrl', 'postgres', 'url'],
  ['temporalAddress', 'temporal', 'address'],
  ['temporalNamespace', 'temporal', 'namespace'],
  ['taskQueue', 'temporal', 'taskQueue'],
  ['metricsAddr', 'controller', 'metricsAddr'],
  ['healthProbeAddr', 'controller', 'healthProbeAddr'],
  ['logLevel', 'logging', 'level'],
  ['logFormat', 'logging', 'format'],
];

/** The configuration, frozen. Throws one INVALID_CONFIG error that lists every fault. */
export function readConfig({
  file = DEFAULT_FILE,
  env,
  flags = {},
  namespaceFile = NAMESPACE_FILE,
}: ConfigSources): Config {
  const read = file === '' ? { tree: {}, faults: [] } : readTree(file);
  const checked = check(withFlags(read.tree, flags));
  const namespace = namespaceOf(flags.namespace, env[NAMESPACE_VARIABLE], namespaceFile);
  const faults = [...(read.faults.length > 0 ? read.faults : checked.faults), ...namespace.faults];
  if (faults.length > 0) throw new InvalidRequestError('INVALID_CONFIG', listOf(file, faults));
  const pod = env['POD_NAME'];
  return freeze({ ...checked.config, namespace: namespace.name, pod, ignoredKeys: ignoredKeys(read.tree) });
}

/** Whether the file itself gives this key a value; one that cannot be read gives none. */
export function isGiven(file: string | undefined, path: string): boolean {
  const value = file === undefined || file === '' ? undefined : valueAt(readTree(file).tree, path);
  return value !== undefined && value !== null;
}

interface Tree {
  readonly tree: JsonObject;
  readonly faults: readonly string[];
}

function readTree(file: string): Tree {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const why =
      error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'it does not exist' : String(error);
    return { tree: {}, faults: [`the file cannot be read: ${why}`] };
  }
  const document = parseDocument(text);
  if (document.errors.length > 0) return { tree: {}, faults: document.errors.map((error) => oneLine(error.message)) };
  try {
    const tree: unknown = document.toJS() ?? {};
    return isTree(tree)
      ? { tree, faults: [] }
      : { tree: {}, faults: [`the file must be a group of keys, got ${show(tree)}`] };
  } catch (error) {
    return { tree: {}, faults: [oneLine(String(error))] };
  }
}

function withFlags(tree: JsonObject, flags: ConfigFlags): JsonObject {
  return FLAG_KEYS.reduce<JsonObject>((result, [flag, group, key]) => {
    const value = flags[flag];
    const inner = result[group] ?? {};
    if (value === undefined || !isTree(inner)) return result;
    // A flag that names the database whole replaces one that the file names in parts.
    const kept =
      flag === 'postgresUrl' ? Object.fromEntries(Object.entries(inner).filter(([name]) => name !== 'host')) : inner;
    return { ...result, [group]: { ...kept, [key]: value } };
  }, tree);
}

function namespaceOf(flag: string | undefined, variable: string | undefined, file: string) {
  const name = flag ?? variable ?? contentOf(file);
  const faults: string[] = [];
  if (variable?.trim() === '')
    faults.push(`${NAMESPACE_VARIABLE} is set but empty: give it the namespace to work in, or unset it`);
  else if (name === undefined) faults.push(`the namespace is not known: give --namespace or set ${NAMESPACE_VARIABLE}`);
  else if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) faults.push(`${show(name)} is no name of a namespace`);
  return { name: name ?? '', faults };
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function listOf(file: string, faults: readonly string[]): string {
  const where = file === '' ? 'The configuration' : `The configuration ${file}`;
  const count = faults.length === 1 ? 'a fault' : `${String(faults.length)} faults`;
  return [`${where} has ${count}:`, ...faults.map((fault) => `  - ${fault}`)].join('\n');
}

const oneLine = (text: string): string => text.split('\n')[0]?.replace(/:$/, '') ?? text;

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}
