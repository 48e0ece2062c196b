/** Checkpoints: what is signed, how, and whether a signature is to be believed. Pure: no I/O, no clock. */
import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { canonicalJson, sha256Hex } from '../postgres/canonical.ts';
import { isObject } from '../remediation/json.ts';
import type { Json, JsonObject } from '../remediation/json.ts';

/** The statement that is signed. */
export interface CheckpointBody {
  readonly v: 1;
  /** Names the database's log; the same in all of its checkpoints. */
  readonly log_id: string;
  readonly checkpoint_no: number;
  readonly issued_at: string;
  readonly chain_count: number;
  readonly event_count: number;
  readonly root_hash: string;
  /** Digest of the body before; of the empty text for the first. */
  readonly previous_checkpoint_sha256: string;
  readonly key_id: string;
  /** In the first checkpoint under a new key: the old key's consent. */
  readonly rotation?: { readonly old_key_id: string; readonly signature: string };
}

/** A checkpoint as it is stored, exported and verified: the signed text to the byte. */
export interface SignedCheckpoint {
  readonly body: string;
  readonly signature: string;
}

/** The digest that the first checkpoint has as its predecessor's. */
export const NO_PREVIOUS = sha256Hex('');

const SIGNED = 'kubernaut-audit-checkpoint-v1\n';
const ROTATED = 'kubernaut-audit-rotation-v1\n';

/** The first 16 hex digits of the SHA-256 of the raw public key. */
export function keyIdOf(key: KeyObject): string {
  const jwk = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  if (jwk.crv !== 'Ed25519' || jwk.x === undefined) throw new TypeError('The key is no Ed25519 key');
  return createHash('sha256').update(Buffer.from(jwk.x, 'base64url')).digest('hex').slice(0, 16);
}

/** Signs the statement; `previousKey` consents when this is the first checkpoint under a new key. */
export function signCheckpoint(
  statement: Omit<CheckpointBody, 'v' | 'key_id' | 'rotation'>,
  key: KeyObject,
  previousKey?: KeyObject,
): SignedCheckpoint {
  const plain: JsonObject = { v: 1, ...statement, key_id: keyIdOf(key) };
  const rotation =
    previousKey === undefined
      ? undefined
      : { old_key_id: keyIdOf(previousKey), signature: signature(ROTATED + canonicalJson(plain), previousKey) };
  const body = canonicalJson({ ...plain, rotation });
  return { body, signature: signature(SIGNED + body, key) };
}

const signature = (text: string, key: KeyObject): string =>
  sign(null, Buffer.from(text, 'utf8'), key).toString('base64');

/** The statement in a signed text; undefined when it is none. */
export function readBody(body: string): CheckpointBody | undefined {
  let read: Json;
  try {
    read = JSON.parse(body) as Json;
  } catch {
    return undefined;
  }
  if (!isObject(read) || canonicalJson(read) !== body) return undefined;
  const { v, log_id: log, checkpoint_no: no, issued_at: at, root_hash: root } = read;
  const { previous_checkpoint_sha256: previous, key_id: key, chain_count: chains, event_count: events } = read;
  const texts = [log, at, root, previous, key].every((value) => typeof value === 'string');
  const numbers = [no, chains, events].every((value) => Number.isSafeInteger(value));
  return v === 1 && texts && numbers ? (read as unknown as CheckpointBody) : undefined;
}

export type SignatureVerdict = 'valid' | 'untrusted-key' | 'invalid';

/** Whether one of the keys that were given from outside signed: trust begins nowhere else. */
export function checkSignature(
  checkpoint: SignedCheckpoint,
  trusted: ReadonlyMap<string, KeyObject>,
): SignatureVerdict {
  const keyId = readBody(checkpoint.body)?.key_id;
  const key = keyId === undefined ? undefined : trusted.get(keyId);
  if (key === undefined) return 'untrusted-key';
  const given = Buffer.from(checkpoint.signature, 'base64');
  return verify(null, Buffer.from(SIGNED + checkpoint.body, 'utf8'), key, given) ? 'valid' : 'invalid';
}

/** Whether the old key's consent to the new one is genuine; undefined when there is none in the statement. */
export function checkRotation(body: CheckpointBody, trusted: ReadonlyMap<string, KeyObject>): boolean | undefined {
  if (body.rotation === undefined) return undefined;
  const key = trusted.get(body.rotation.old_key_id);
  if (key === undefined) return false;
  const { rotation, ...plain } = body;
  const text = Buffer.from(ROTATED + canonicalJson(plain as unknown as JsonObject), 'utf8');
  return verify(null, text, key, Buffer.from(rotation.signature, 'base64'));
}

/** Keys by their id. */
export const keyring = (keys: readonly KeyObject[]): ReadonlyMap<string, KeyObject> =>
  new Map(keys.map((key) => [keyIdOf(key), key.type === 'private' ? createPublicKey(key) : key]));
