/** The keys of the schema as a list of paths, and the tree of a file made fit for it. */
import { z } from 'zod';
import type { Json, JsonObject } from '../remediation/json.ts';
import { schema } from './schema.ts';

/** A key as a path: `timeouts.global`. */
export interface Key {
  readonly path: string;
  readonly description: string;
  /** The default as one would write it in the file; undefined when there is none. */
  readonly initial: unknown;
}

/** Every key that holds a value, in the order of the schema. */
export const KEYS: readonly Key[] = [...keysOf(schema, '')];

/** The paths of every key and of every group of keys. */
export const PATHS: ReadonlySet<string> = new Set(
  KEYS.flatMap(({ path }) => path.split('.').map((_, i, parts) => parts.slice(0, i + 1).join('.'))),
);

/** The file's tree without empty values, and with every group of keys in place. */
export function completed(tree: JsonObject, group: z.ZodObject = schema): JsonObject {
  const result: JsonObject = Object.fromEntries(Object.entries(tree).filter(([, value]) => value !== null));
  const groups = Object.entries(group.shape).filter(
    (entry): entry is [string, z.ZodObject] => entry[1] instanceof z.ZodObject,
  );
  const filled = groups.map(([key, inner]): readonly [string, Json] => {
    const value = result[key] ?? {};
    return [key, isTree(value) ? completed(value, inner) : value];
  });
  return { ...result, ...Object.fromEntries(filled) };
}

/** The value at a path of the tree, if there is one. */
export function valueAt(tree: JsonObject, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((at, name) => (isTree(at) && Object.hasOwn(at, name) ? at[name] : undefined), tree);
}

/** Whether the value is a mapping of YAML. */
export const isTree = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function* keysOf(group: z.ZodObject, prefix: string): Generator<Key> {
  for (const [name, inner] of Object.entries(group.shape)) {
    if (inner instanceof z.ZodObject) yield* keysOf(inner, `${prefix}${name}.`);
    else if (inner instanceof z.ZodPrefault)
      yield {
        path: prefix + name,
        description: inner.description ?? '',
        initial: inner.def.defaultValue,
      };
  }
}
