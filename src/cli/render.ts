/** How results look: tables and facts for people, JSON for programs. */
import Table from 'cli-table3';
import { formatDuration } from '../remediation/durations.ts';
import { parseTime } from '../remediation/time.ts';

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '   ',
};

/** A table without lines, as kubectl prints it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const drawn = new Table({
    head: [...head],
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  drawn.push(...rows.map((row) => [...row]));
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Names and values under each other; those without a value are left out. */
export function facts(pairs: readonly (readonly [string, string | undefined])[]): string {
  const known = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined && pair[1] !== '');
  const width = Math.max(...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${name.padEnd(width)}   ${value}`).join('\n');
}

/** A value as JSON. */
export const json = (value: unknown): string => JSON.stringify(value, null, 2);

/** How long ago an instant is, or how far ahead: `3m12s ago`, `in 11m48s`. */
export function distanceOf(time: string | undefined, now: number): string | undefined {
  const at = parseTime(time);
  if (at === undefined) return undefined;
  return at <= now ? `${formatDuration(now - at)} ago` : `in ${formatDuration(at - now)}`;
}

/** An instant with its distance from the present. */
export function instant(time: string | undefined, now: number): string | undefined {
  const distance = distanceOf(time, now);
  return time === undefined || distance === undefined ? undefined : `${time} (${distance})`;
}

/** A text of others, safe for a terminal: control characters become visible, and it is cut at a width. */
export function plain(text: string, width = Infinity): string {
  const visible = text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '�');
  return visible.length > width ? `${visible.slice(0, width - 1)}…` : visible;
}
