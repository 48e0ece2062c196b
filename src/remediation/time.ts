/** Instants are milliseconds since the epoch, UTC. The core has no clock: the present always comes in as an argument. */
export type Instant = number;

/** The instant without its fraction of a second: what a status may show. */
export const toSecond = (at: Instant): Instant => at - (at % 1000);

/** RFC 3339 in UTC with whole seconds, as every status field is written: `2026-11-23T10:00:00Z`. */
export const toRfc3339 = (at: Instant): string => new Date(toSecond(at)).toISOString().replace('.000Z', 'Z');

/** The instant of an RFC 3339 text, fractions included; undefined when there is none or it cannot be read. */
export function parseTime(text: string | undefined): Instant | undefined {
  if (text === undefined || text === '') return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
