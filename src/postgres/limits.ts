/** Limits of what one event may hold. Too much is cut and says so: a child's long text never blocks the trail. */
import { isObject } from '../remediation/json.ts';
import type { Json, JsonObject } from '../remediation/json.ts';
import { canonicalJson, isArray, sha256Hex } from './canonical.ts';

const MAX_BYTES = 256 * 1024;
const MAX_DEPTH = 10;

/** Tried one after the other until the payload fits. */
const TEXT_LIMITS = [65_536, 16_384, 4_096, 1_024, 256] as const;

/** The status must stay rebuildable from the trail, so what rebuilds it is the last to be touched: never. */
const WHOLE = new Set(['status_delta', 'status_snapshot']);

/** The text in at most `limit` characters; a longer one ends with a mark that carries its digest. */
export function cutText(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const mark = cutMark(text);
  // A pair of surrogates is one character: it stays or goes as a whole.
  const kept = text.slice(0, Math.max(0, limit - mark.length)).replace(/[\uD800-\uDBFF]$/, '');
  return kept + mark;
}

const cutMark = (text: string): string => `… [cut, sha256:${sha256Hex(text).slice(0, 16)}]`;

/** The payload, at most 256 KiB and ten levels deep: deeper values become JSON texts, then the longest texts are cut. */
export function withinLimits(payload: JsonObject): JsonObject {
  let fitting = mapMembers(payload, (value) => flatten(value, 2));
  for (const limit of TEXT_LIMITS) {
    if (isSmall(fitting)) return fitting;
    fitting = mapMembers(fitting, (value, key) => (WHOLE.has(key) ? value : cutTexts(value, limit)));
  }
  const bySize = Object.entries(fitting)
    .filter(([key]) => !WHOLE.has(key))
    .map(([key, value]) => [key, canonicalJson(value ?? null)] as const)
    .sort(([, left], [, right]) => right.length - left.length);
  for (const [key, text] of bySize) {
    if (isSmall(fitting)) break;
    fitting = { ...fitting, [key]: cutMark(text) };
  }
  return fitting;
}

const isSmall = (payload: JsonObject): boolean => Buffer.byteLength(canonicalJson(payload)) <= MAX_BYTES;

function flatten(value: Json, depth: number): Json {
  if (!isArray(value) && !isObject(value)) return value;
  if (depth > MAX_DEPTH) return canonicalJson(value);
  if (isArray(value)) return value.map((item) => flatten(item, depth + 1));
  return mapMembers(value, (member) => flatten(member, depth + 1));
}

function cutTexts(value: Json, limit: number): Json {
  if (typeof value === 'string') return cutText(value, limit);
  if (isArray(value)) return value.map((item) => cutTexts(item, limit));
  return isObject(value) ? mapMembers(value, (member) => cutTexts(member, limit)) : value;
}

function mapMembers(object: JsonObject, map: (value: Json, key: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value ?? null, key)]));
}
