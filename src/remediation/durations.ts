/** Durations as Go writes them (`1h30m`, `250ms`), which is how Kubernetes and the configuration file spell them. */

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/** Milliseconds of a Go duration, sign included; undefined when the text is none. */
export function parseDuration(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1;
  const body = text.replace(/^[+-]/, '');
  if (body === '0') return 0;
  if (body === '') return undefined;
  let total = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < body.length) {
    const [, amount, unit] = PART.exec(body) ?? [];
    if (amount === undefined || unit === undefined) return undefined;
    total += Number(amount) * (UNIT_MS[unit] ?? NaN);
  }
  return sign * total;
}

/** The Go spelling of a duration of whole seconds: 3600000 is `1h0m0s`, 90000 is `1m30s`, 0 is `0s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const sign = ms < 0 && seconds > 0 ? '-' : '';
  if (hours > 0) return `${sign}${String(hours)}h${String(minutes)}m${String(seconds % 60)}s`;
  if (minutes > 0) return `${sign}${String(minutes)}m${String(seconds % 60)}s`;
  return `${sign}${String(seconds)}s`;
}
