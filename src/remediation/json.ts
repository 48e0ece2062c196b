/** JSON values, and the merge patch (RFC 7396) that moves one status to the next. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** Whether the value is a JSON object, and neither null nor a list. */
export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The target after the patch: null removes a member, objects merge, everything else replaces. */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const result = new Map(Object.entries(target));
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    const present = result.get(key);
    if (value === null) result.delete(key);
    else result.set(key, isObject(value) ? mergePatch(isObject(present) ? present : {}, value) : value);
  }
  return Object.fromEntries(result);
}

/** Whether two values are the same JSON; members that are undefined count as absent. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item: Json, i) => sameJson(item, b[i] as Json));
  if (isObject(a) && isObject(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => sameJson(a[key], b[key]));
  }
  return a === b;
}
