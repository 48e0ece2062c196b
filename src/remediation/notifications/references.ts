/** The references of a request to its notifications: a list that others may add to. */
import { childName } from '../names.ts';
import type { RemediationRequest } from '../request.ts';
import type { ObjectReference } from '../status.ts';

const MOST = 10;

const KEPT = ['nr-approval', 'nr-manual-review', 'nr-escalation'] as const;
const OTHERS = [
  'nr-completion',
  'nr-self-resolved',
  'nr-bulk',
  'timeout',
  'phase-timeout-processing',
  'phase-timeout-analyzing',
  'phase-timeout-executing',
] as const;
const BLOCKS = [
  'nr-block-consecutivefailures',
  'nr-block-duplicateinprogress',
  'nr-block-resourcebusy',
  'nr-block-recentlyremediated',
  'nr-block-exponentialbackoff',
  'nr-block-unmanagedresource',
] as const;

type Named = Pick<RemediationRequest, 'name' | 'nameDigest'>;

const named = (prefixes: readonly string[], request: Named): ReadonlySet<string> =>
  new Set(prefixes.map((prefix) => childName(prefix, request)));

/** Whether a notification of this name is one that the product makes for the request. */
export const isOurs = (name: string, request: Named): boolean =>
  named([...KEPT, ...OTHERS, ...BLOCKS], request).has(name);

/** Both lists as one, by name; the first that names an object counts. */
export function united(
  first: readonly ObjectReference[],
  second: readonly ObjectReference[],
): readonly ObjectReference[] {
  const names = new Set(first.map(({ name }) => name));
  return [...first, ...second.filter(({ name }) => !names.has(name))];
}

/** The list with the new references. Of ours at most ten stay: the oldest about blocks go first, those that ask or alarm never. */
export function withReferences(
  known: readonly ObjectReference[],
  added: readonly ObjectReference[],
  request: Named,
): readonly ObjectReference[] {
  let list = united(known, added);
  for (const expendable of [named(BLOCKS, request), named(OTHERS, request)])
    while (list.filter(({ name }) => isOurs(name ?? '', request)).length > MOST) {
      const oldest = list.find(({ name }) => expendable.has(name ?? ''));
      if (oldest === undefined) break;
      list = list.filter((reference) => reference !== oldest);
    }
  return list;
}

/** The names of the notifications that are followed: the first ten that can be found at all. */
export const followedNames = (references: readonly ObjectReference[], namespace: string): readonly string[] =>
  references.slice(0, MOST).flatMap(({ name, namespace: where }) => (name && where === namespace ? [name] : []));
