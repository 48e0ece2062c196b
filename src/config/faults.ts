/** Finds everything that is wrong with a configuration at once, and the values when nothing is. */
import { distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import type { JsonObject } from '../remediation/json.ts';
import { KEYS, PATHS, completed, isTree, valueAt } from './keys.ts';
import { RULES } from './rules.ts';
import { schema } from './schema.ts';
import type { FileConfig } from './schema.ts';
import { show } from './values.ts';

export interface Checked {
  readonly faults: readonly string[];
  /** The values; faulty keys have their defaults, so they are worth something only without faults. */
  readonly config: FileConfig;
}

/** Checks a tree of keys: each key by itself, then the rules between keys, as far as their keys are sound. */
export function check(tree: JsonObject): Checked {
  const whole = completed(tree);
  const issues = issuesOf(whole);
  const faulty = issues.flatMap(pathsOf);
  const config = schema.parse(completed(faulty.reduce<JsonObject>(without, whole)), { error: wrongShape });
  const written = (path: string): string =>
    show(valueAt(whole, path) ?? KEYS.find((key) => key.path === path)?.initial);
  const broken = RULES.filter((rule) => rule.keys.every((key) => !faulty.some((path) => overlap(path, key))))
    .map((rule) => rule.fault(config, written))
    .filter((fault) => fault !== undefined);
  return { faults: [...issues.flatMap(faultsOf), ...broken], config };
}

/** The key that was most likely meant: of all keys, the one that takes the fewest changes of letters. */
export function nearestKey(path: string): string {
  const name = lastOf(path);
  const cost = (candidate: string): number =>
    Math.min(
      distance(path.toLowerCase(), candidate.toLowerCase()),
      // The right name in the wrong place is a likelier slip than many wrong letters.
      distance(name.toLowerCase(), lastOf(candidate).toLowerCase()) + 2,
    );
  return [...PATHS].reduce((best, candidate) => (cost(candidate) < cost(best) ? candidate : best));
}

function issuesOf(tree: JsonObject): readonly z.core.$ZodIssue[] {
  return schema.safeParse(tree, { error: wrongShape }).error?.issues ?? [];
}

/** What a key should be says the key itself; what is left is a value where a group of keys belongs. */
const wrongShape = (issue: { readonly code?: string; readonly input?: unknown }): string | undefined =>
  issue.code === 'invalid_type' ? `must be a group of keys, got ${show(issue.input)}` : undefined;

function pathsOf(issue: z.core.$ZodIssue): readonly string[] {
  const path = issue.path.join('.');
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => join(path, key)) : [path];
}

function faultsOf(issue: z.core.$ZodIssue): readonly string[] {
  const path = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return [`${path} ${issue.message}`];
  return issue.keys.map((key) => `unknown key "${join(path, key)}"; did you mean "${nearestKey(join(path, key))}"?`);
}

function without(tree: JsonObject, path: string): JsonObject {
  const [first = '', ...rest] = splitAtKnown(tree, path);
  const { [first]: value, ...others } = tree;
  return rest.length > 0 && isTree(value) ? { ...others, [first]: without(value, rest.join('.')) } : others;
}

/** A key of a file may contain dots itself. */
const splitAtKnown = (tree: JsonObject, path: string): readonly string[] =>
  Object.hasOwn(tree, path) ? [path] : path.split('.');

const overlap = (a: string, b: string): boolean => a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);
const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
