/** One text for one JSON value (RFC 8785), so that its digest does not depend on who wrote it down. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { isObject } from '../remediation/json.ts';
import type { Json, JsonObject } from '../remediation/json.ts';

/** The canonical text of a JSON value; members that are undefined count as absent. */
export function canonicalJson(value: Json): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('Only JSON values have a canonical text');
  return text;
}

/** SHA-256 of the text in UTF-8, as 64 lower case hex digits. */
export const sha256Hex = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** The text without what PostgreSQL cannot store or UTF-8 cannot say: U+0000 and lone surrogates become U+FFFD. */
export const cleanText = (text: string): string => text.replaceAll('\0', '\uFFFD').replace(/\p{Surrogate}/gu, '\uFFFD');

/** The object with clean texts, without undefined members; numbers that JSON lacks become their decimal text. */
export function cleanJson(object: JsonObject): JsonObject {
  const members = Object.entries(object).flatMap(([key, value]) =>
    value === undefined ? [] : [[cleanText(key), cleanValue(value)] as const],
  );
  return Object.fromEntries(members);
}

function cleanValue(value: Json): Json {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (isArray(value)) return value.map((item: Json | undefined) => cleanValue(item ?? null));
  return isObject(value) ? cleanJson(value) : value;
}

/** Whether the value is a JSON array. */
export const isArray = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
