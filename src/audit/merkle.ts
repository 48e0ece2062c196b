/** Merkle trees in the shape of RFC 6962, over the ends of chains. Pure: no I/O, no clock. */
import { createHash } from 'node:crypto';

/** Hash of what is empty. */
export const EMPTY_ROOT = createHash('sha256').digest();

/** How many buckets the ends of chains are grouped in. */
export const BUCKETS = 4096;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** The end of one chain, as a leaf of the tree. */
export interface ChainLeaf {
  readonly chain_id: string;
  readonly chain_seq: number;
  readonly event_hash: string;
}

/** SHA-256 of the canonical JSON of the chain's end, marked as a leaf. */
export function leafHash({ chain_id: id, chain_seq: seq, event_hash: hash }: ChainLeaf): Buffer {
  const text = `{"chain_id":${JSON.stringify(id)},"chain_seq":${String(seq)},"event_hash":${JSON.stringify(hash)}}`;
  return createHash('sha256').update(LEAF).update(text, 'utf8').digest();
}

/** The hash of a node over its two children. */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer =>
  createHash('sha256').update(NODE).update(left).update(right).digest();

/** The bucket of a chain: the first 12 bits of the SHA-256 of its name. */
export function bucketOf(chainId: string): number {
  const digest = createHash('sha256').update(chainId, 'utf8').digest();
  return ((digest[0] ?? 0) << 4) | ((digest[1] ?? 0) >> 4);
}

/** Chains of a bucket in the order of their leaves: by the code units of their names. */
export const byChain = (a: Pick<ChainLeaf, 'chain_id'>, b: Pick<ChainLeaf, 'chain_id'>): number =>
  a.chain_id < b.chain_id ? -1 : a.chain_id > b.chain_id ? 1 : 0;

/** The root over these hashes. */
export function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return EMPTY_ROOT;
  // Level by level, an odd last node going up as it is, gives the same tree as RFC 6962's recursion.
  let level = hashes;
  while (level.length > 1) level = parentsOf(level);
  return level[0] ?? EMPTY_ROOT;
}

/** The root of a bucket, its leaves in any order. */
export const bucketRoot = (leaves: readonly ChainLeaf[]): Uint8Array => rootOf([...leaves].sort(byChain).map(leafHash));

function parentsOf(level: readonly Uint8Array[]): readonly Uint8Array[] {
  const parents: Uint8Array[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const [left, right] = [level[i], level[i + 1]];
    if (left !== undefined) parents.push(right === undefined ? left : nodeHash(left, right));
  }
  return parents;
}

/** A sibling on the way up, and on which side it stands. */
export interface PathStep {
  readonly side: 'left' | 'right';
  readonly hash: string;
}

/** The siblings that lead from the hash at `index` to the root. */
export function pathOf(hashes: readonly Uint8Array[], index: number): readonly PathStep[] {
  const path: PathStep[] = [];
  let [level, at] = [hashes, index];
  while (level.length > 1) {
    const sibling = level[at ^ 1];
    if (sibling !== undefined)
      path.push({ side: at % 2 === 0 ? 'right' : 'left', hash: Buffer.from(sibling).toString('hex') });
    level = parentsOf(level);
    at = Math.floor(at / 2);
  }
  return path;
}

/** The root that this path leads to from the hash. */
export function climb(hash: Uint8Array, path: readonly PathStep[]): Uint8Array {
  return path.reduce<Uint8Array>((below, { side, hash: sibling }) => {
    const other = Buffer.from(sibling, 'hex');
    return side === 'left' ? nodeHash(other, below) : nodeHash(below, other);
  }, hash);
}

/** The place among the buckets that a path of the upper tree starts from; undefined when it has another shape. */
export function bucketOfPath(path: readonly PathStep[]): number | undefined {
  if (2 ** path.length !== BUCKETS) return undefined;
  return path.reduce((place, { side }, height) => place + (side === 'left' ? 2 ** height : 0), 0);
}

export const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');
