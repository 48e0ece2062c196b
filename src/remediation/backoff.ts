/** When the next attempt after a failure is allowed. */
import type { Settings } from './settings.ts';

const JITTER = 0.1;

/**
 * Milliseconds to wait after the n-th failure in a row: the base doubled each time up to the exponent cap, never above
 * the maximum, moved by up to 10 % either way. `random` is between 0 and 1.
 */
export function backoff({ base, max, maxExponent }: Settings['backoff'], failures: number, random: number): number {
  if (failures < 1) return 0;
  const delay = Math.min(base * 2 ** Math.min(failures - 1, maxExponent), max);
  const moved = delay * (1 + JITTER * (2 * random - 1));
  return Math.round(Math.min(Math.max(moved, base), max));
}
