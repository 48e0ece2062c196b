/** Who wrote what: the API server's managedFields tell which fields of a status somebody else wrote last. */
import type { Json, JsonObject } from './json.ts';
import { jsonObject } from './readers.ts';
import { INPUT_FIELDS } from './snapshots.ts';
import type { InputField } from './snapshots.ts';

/** The present input fields of which a part belongs to another field manager. A write of an equal value moves nothing, so it does not show here. */
export function foreignFields(
  status: JsonObject | undefined,
  managedFields: readonly JsonObject[],
  ownManager: string,
): readonly InputField[] {
  if (status === undefined) return [];
  const own: JsonObject[] = [];
  const others: JsonObject[] = [];
  for (const entry of managedFields) {
    const fields = jsonObject(jsonObject(entry['fieldsV1'])?.['f:status']);
    if (fields !== undefined) (entry['manager'] === ownManager ? own : others).push(fields);
  }
  if (others.length === 0) return [];
  return INPUT_FIELDS.filter((field) => {
    const path = field.split('.');
    const value = path.reduce<Json | undefined>((at, key) => jsonObject(at)?.[key], status);
    return value !== undefined && leavesOf(path, value).some((leaf) => reach(others, leaf) > reach(own, leaf));
  });
}

/** The paths of the values below: an object has its owners member by member. */
function leavesOf(path: readonly string[], value: Json): readonly (readonly string[])[] {
  const members = jsonObject(value);
  if (members === undefined) return [path];
  return Object.entries(members).flatMap(([key, member]) =>
    member === undefined ? [] : leavesOf([...path, key], member),
  );
}

/** How far down the path the managers' ownership reaches: all of it, or an ancestor that is owned as a whole, which is written as an empty set. */
const reach = (managers: readonly JsonObject[], path: readonly string[]): number =>
  Math.max(
    0,
    ...managers.map((fields) => {
      let at = fields;
      let deepest = 0;
      for (const [i, key] of path.entries()) {
        const next = jsonObject(at[`f:${key}`]);
        if (next === undefined) return deepest;
        if (i === path.length - 1 || Object.keys(next).length === 0) deepest = i + 1;
        at = next;
      }
      return deepest;
    }),
  );
