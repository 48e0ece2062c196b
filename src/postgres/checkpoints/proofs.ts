/** Proofs that a chain's end stands in a checkpoint, rebuilt from what checkpoints have recorded. */
import type pg from 'pg';
import type { ProofLine } from '../../audit/bundle.ts';
import { byChain, leafHash, pathOf } from '../../audit/merkle.ts';
import type { ChainLeaf, PathStep } from '../../audit/merkle.ts';
import { bucketRoots } from './take.ts';

/** Where a chain's end stands: the checkpoint that recorded it as changed. */
export interface CheckpointHead extends ChainLeaf {
  readonly checkpoint_no: number;
  readonly bucket: number;
}

/** The ends of these chains in every checkpoint that recorded a change, the oldest first. */
export async function checkpointHeads(
  client: pg.ClientBase,
  chains: readonly string[],
): Promise<readonly CheckpointHead[]> {
  const text = `select checkpoint_no::float8 as checkpoint_no, chain_id, bucket, chain_seq::float8 as chain_seq, event_hash
    from audit_checkpoint_heads where chain_id = any($1::text[]) order by checkpoint_no`;
  return (await client.query<CheckpointHead>(text, [chains])).rows;
}

/** Makes proofs; remembers the trees that it has built. */
export function prover(client: pg.ClientBase): (head: CheckpointHead, checkpoint: number) => Promise<ProofLine> {
  const upper = cached(KEPT_UPPER, (checkpoint: number) => bucketRoots(client, checkpoint));
  const lower = cached(KEPT_LOWER, async (key: string) => {
    const [checkpoint = 0, bucket = 0] = key.split('/').map(Number);
    const leaves = await leavesAt(client, bucket, checkpoint);
    return { places: new Map(leaves.map((leaf, i) => [leaf.chain_id, i])), hashes: leaves.map(leafHash) };
  });
  return async (head, checkpoint) => {
    const { places, hashes } = await lower(`${String(checkpoint)}/${String(head.bucket)}`);
    const place = places.get(head.chain_id) ?? -1;
    return {
      kind: 'proof',
      chain_id: head.chain_id,
      checkpoint_no: checkpoint,
      seq: head.chain_seq,
      hash: head.event_hash,
      path_in_bucket: pathOf(hashes, place),
      path_of_bucket: await upperPath(upper, checkpoint, head.bucket),
    };
  };
}

const KEPT_UPPER = 8;
const KEPT_LOWER = 8192;

const upperPath = async (
  roots: (checkpoint: number) => Promise<readonly Uint8Array[]>,
  checkpoint: number,
  bucket: number,
): Promise<readonly PathStep[]> => pathOf(await roots(checkpoint), bucket);

async function leavesAt(client: pg.ClientBase, bucket: number, checkpoint: number): Promise<readonly ChainLeaf[]> {
  const text = `select distinct on (chain_id) chain_id, chain_seq::float8 as chain_seq, event_hash
    from audit_checkpoint_heads where bucket = $1 and checkpoint_no <= $2 order by chain_id, checkpoint_no desc`;
  return [...(await client.query<ChainLeaf>(text, [bucket, checkpoint])).rows].sort(byChain);
}

/** The latest results of an asynchronous question, each asked once. */
function cached<K, V>(size: number, ask: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const known = new Map<K, Promise<V>>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const oldest = known.keys().next();
    if (known.size >= size && oldest.done !== true) known.delete(oldest.value);
    const answer = ask(key);
    known.set(key, answer);
    return answer;
  };
}
