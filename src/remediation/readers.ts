/** Readers of JSON that others wrote: what has the wrong type reads as absent, so that no typo of theirs can stop a remediation. */
import type { Json, JsonObject } from './json.ts';

/** Reads a value of type T; undefined when there is none. */
export type Reader<T> = (value: Json | undefined) => T | undefined;

type Shape = Readonly<Record<string, Reader<unknown>>>;
type ValueOf<R> = R extends Reader<infer T> ? T : never;
type RecordOf<S extends Shape> = { readonly [K in keyof S]?: ValueOf<S[K]> };

/** The value if it is a JSON object. */
export const jsonObject: Reader<JsonObject> = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;

export const text: Reader<string> = (value) => (typeof value === 'string' ? value : undefined);
export const number: Reader<number> = (value) => (typeof value === 'number' ? value : undefined);
export const boolean: Reader<boolean> = (value) => (typeof value === 'boolean' ? value : undefined);
export const anything: Reader<Json> = (value) => value;

/** A text for people, cut at `longest` characters. */
export const prose =
  (longest: number): Reader<string> =>
  (value) => {
    if (typeof value !== 'string' || value.length <= longest) return text(value);
    return `${value.slice(0, longest)}… (${String(value.length - longest)} more characters)`;
  };

/** An object of these members; those that are absent or of another type are left out. */
export const record =
  <S extends Shape>(shape: S): Reader<RecordOf<S>> =>
  (value) => {
    const source = jsonObject(value);
    if (source === undefined) return undefined;
    const result: Record<string, unknown> = {};
    for (const [key, read] of Object.entries(shape)) {
      const member = read(source[key]);
      if (member !== undefined) result[key] = member;
    }
    return result as RecordOf<S>;
  };

/** A map whose values all go through one reader. */
export const mapOf =
  <T>(read: Reader<T>): Reader<Readonly<Record<string, T>>> =>
  (value) => {
    const source = jsonObject(value);
    if (source === undefined) return undefined;
    const entries = Object.entries(source).map(([key, member]) => [key, read(member)] as const);
    return Object.fromEntries(entries.filter((entry): entry is [string, T & {}] => entry[1] !== undefined));
  };

/** A list whose items all go through one reader. */
export const listOf =
  <T>(read: Reader<T>): Reader<readonly T[]> =>
  (value) =>
    Array.isArray(value)
      ? value.map((item: Json) => read(item)).filter((item): item is T & {} => item !== undefined)
      : undefined;

/** One of these words. */
export const wordOf =
  <W extends string>(words: readonly W[]): Reader<W> =>
  (value) =>
    words.find((word) => word === value);

/** null stays null, which is not the same as absent. */
export const nullable =
  <T>(read: Reader<T>): Reader<T | null> =>
  (value) =>
    value === null ? null : read(value);
