/** What is known of the objects of one kind, and which changes lead from there to what is seen next. */
import type { KubernetesObject } from './client.ts';

/** `previous` is absent for an object that was not known. A deleted object is shown as it was last seen. */
export type Change<T> =
  | { readonly type: 'added' | 'modified'; readonly object: T; readonly previous?: T }
  | { readonly type: 'deleted'; readonly object: T; readonly previous?: T };

export interface Picture<T> {
  objects(): IterableIterator<T>;
  get(name: string): T | undefined;
  /** Takes an event of a watch. One that is not newer than what is known changes nothing. */
  take(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubernetesObject): Promise<void>;
  beginList(): ListTaking;
}

/** A list as it is being read. Nothing is taken for deleted before its end. */
interface ListTaking {
  /** Whether a list of this resourceVersion may be taken; one from before what is known may come from a server that lags behind. */
  accepts(resourceVersion: string): boolean;
  take(object: KubernetesObject): Promise<void>;
  end(): Promise<void>;
}

interface Known<T> {
  readonly uid: string;
  readonly version: bigint;
  readonly kept: T;
}

/** A server that lags behind catches up; one that was restored from a backup does not. This many lists tell which. */
const OLD_LISTS_REFUSED = 5;

/** Empty at first. A change is kept only after `handle` has taken it, so one that fails is told again. */
export function createPicture<T>(
  keep: (object: KubernetesObject) => T,
  handle: (change: Change<T>) => Promise<void> | void,
): Picture<T> {
  const known = new Map<string, Known<T>>();
  let newest = 0n;
  let oldLists = 0;

  const forget = async (name: string, last: T, previous: T | undefined): Promise<void> => {
    await handle({ type: 'deleted', object: last, ...(previous === undefined ? {} : { previous }) });
    known.delete(name);
  };

  const see = async (object: KubernetesObject, restored: boolean): Promise<void> => {
    const { name, uid, resourceVersion } = object.metadata;
    const version = BigInt(resourceVersion);
    let before = known.get(name);
    if (before !== undefined && before.uid !== uid) {
      if (before.version > version && !restored) return;
      await forget(name, before.kept, before.kept);
      before = undefined;
    }
    if (before !== undefined && (restored ? before.version === version : before.version >= version)) return;
    const kept = keep(object);
    await handle(
      before === undefined
        ? { type: 'added', object: kept }
        : { type: 'modified', object: kept, previous: before.kept },
    );
    known.set(name, { uid, version, kept });
    if (version > newest) newest = version;
  };

  const objects = function* (): IterableIterator<T> {
    for (const { kept } of known.values()) yield kept;
  };

  return {
    objects,
    get: (name) => known.get(name)?.kept,
    async take(type, object) {
      if (type !== 'DELETED') {
        await see(object, false);
        return;
      }
      const { name, uid, resourceVersion } = object.metadata;
      const before = known.get(name);
      if (before !== undefined && before.uid !== uid) return;
      await forget(name, keep(object), before?.kept);
      if (BigInt(resourceVersion) > newest) newest = BigInt(resourceVersion);
    },
    beginList() {
      const seen = new Set<string>();
      let restored = false;
      return {
        accepts(resourceVersion) {
          const version = BigInt(resourceVersion);
          if (version >= newest || restored) {
            oldLists = 0;
            return true;
          }
          oldLists += 1;
          if (oldLists <= OLD_LISTS_REFUSED) return false;
          newest = version;
          restored = true;
          return true;
        },
        async take(object) {
          seen.add(object.metadata.name);
          await see(object, restored);
        },
        async end() {
          for (const [name, { kept }] of [...known]) if (!seen.has(name)) await forget(name, kept, kept);
        },
      };
    },
  };
}
