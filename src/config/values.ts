/** The kinds of value a configuration key may have. Each has a default and says what it wants when it gets something else. */
import { z } from 'zod';
import { parseDuration } from '../remediation/durations.ts';

/** A Go duration such as `1h30m`, read as milliseconds; `allows` judges it, `wants` ends the sentence "<key> must be ". */
function duration(initial: string, allows: (ms: number) => boolean, wants: string) {
  return z
    .union([z.string(), z.number()], {
      error: (issue) => `must be a duration such as 30s or 1h30m, got ${show(issue.input)}`,
    })
    .transform((value, context): number => {
      const ms = typeof value === 'number' && value !== 0 ? undefined : parseDuration(String(value));
      if (ms !== undefined && allows(ms)) return ms;
      const fault = ms === undefined ? 'a duration such as 30s or 1h30m' : wants;
      context.issues.push({ code: 'custom', input: value, message: `must be ${fault}, got ${show(value)}` });
      return z.NEVER;
    })
    .prefault(initial);
}

/** A duration above zero. */
export const positive = (initial: string) => duration(initial, (ms) => ms > 0, 'positive');

/** A duration of zero or more. */
export const notNegative = (initial: string) => duration(initial, (ms) => ms >= 0, 'zero or more');

/** A duration between two others, both included. */
export function between(low: string, high: string, initial: string) {
  const [least, most] = [parseDuration(low) ?? 0, parseDuration(high) ?? 0];
  return duration(initial, (ms) => ms >= least && ms <= most, `between ${low} and ${high}`);
}

/** A whole number from `least` to `most`. */
export function whole(initial: number, least: number, most = Number.MAX_SAFE_INTEGER) {
  const range =
    most === Number.MAX_SAFE_INTEGER ? `of at least ${String(least)}` : `from ${String(least)} to ${String(most)}`;
  const isIn = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
  return z
    .custom<number>(isIn, { error: (issue) => `must be a whole number ${range}, got ${show(issue.input)}` })
    .prefault(initial);
}

/** A number from `least` to `most`. */
export function fraction(initial: number, least: number, most: number) {
  const isIn = (value: unknown): boolean => typeof value === 'number' && value >= least && value <= most;
  const wants = `must be a number from ${String(least)} to ${String(most)}`;
  return z.custom<number>(isIn, { error: (issue) => `${wants}, got ${show(issue.input)}` }).prefault(initial);
}

const SWITCH: Readonly<Record<string, boolean>> = {
  yes: true,
  on: true,
  true: true,
  no: false,
  off: false,
  false: false,
};

/** On or off, in every spelling that upstream's YAML reader takes. */
export const onOff = (initial: boolean) =>
  z
    .union([z.boolean(), z.string()], { error: (issue) => `must be true or false, got ${show(issue.input)}` })
    .transform((value, context): boolean => {
      const on = typeof value === 'boolean' ? value : SWITCH[value.toLowerCase()];
      if (on !== undefined) return on;
      context.issues.push({ code: 'custom', input: value, message: `must be true or false, got ${show(value)}` });
      return z.NEVER;
    })
    .prefault(initial);

/** A text that is there. */
export const text = (initial: string) => filled().prefault(initial);

const filled = () =>
  z
    .string({ error: (issue) => `must be a text, got ${show(issue.input)}` })
    .refine((value) => value.trim() !== '', { error: 'must not be empty' });

/** A text, empty when it is not given. */
export const optionalText = () =>
  z.string({ error: (issue) => `must be a text, got ${show(issue.input)}` }).prefault('');

/** One of a few words; letter case does not matter. */
export function word<const W extends string, const I extends W | ''>(words: readonly W[], initial: I) {
  const canonical = new Map<string, W | I>([...words, initial].map((each) => [each.toLowerCase(), each]));
  return z
    .unknown()
    .transform((value, context): W | I => {
      const known = typeof value === 'string' ? canonical.get(value.toLowerCase()) : undefined;
      if (known !== undefined) return known;
      const message = `must be one of ${words.join(', ')}, got ${show(value)}`;
      context.issues.push({ code: 'custom', input: value, message });
      return z.NEVER;
    })
    .prefault(initial);
}

/** `host:port`; without a host where `:port` alone makes sense, as for an address to listen on. */
export function address(initial: string, needsHost: boolean) {
  const form = needsHost ? /^(\[[^\]]+\]|[^:/\s]+):\d{1,5}$/ : /^(\[[^\]]+\]|[^:/\s]*):\d{1,5}$/;
  const wants = needsHost ? 'host:port' : 'an address to listen on such as :8081';
  return z
    .string({ error: (issue) => `must be ${wants}, got ${show(issue.input)}` })
    .refine((value) => form.test(value), { error: (issue) => `must be ${wants}, got ${show(issue.input)}` })
    .prefault(initial);
}

/** A list of texts. */
export const texts = (initial: readonly string[]) =>
  z.array(z.string(), { error: 'must be a list of texts' }).prefault([...initial]);

/** A value as a person wrote it, short enough for a message. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const shown =
    typeof value === 'string' ? (/^[-+.\w]+$/.test(value) ? value : JSON.stringify(value)) : JSON.stringify(value);
  return shown.length > 80 ? `${shown.slice(0, 77)}...` : shown;
}
