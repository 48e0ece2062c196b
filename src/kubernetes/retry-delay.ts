/** How long to wait before trying again. */

export interface RetryBounds {
  readonly minMs: number;
  readonly maxMs: number;
}

/** 0.2 s to 30 s: soon enough for a hiccup, seldom enough for an outage. */
export const PATIENT: RetryBounds = { minMs: 200, maxMs: 30_000 };

/** Doubles with each failure in a row (the first is 1) up to the maximum, less a random part of up to half, so that many do not return at once. */
export function retryDelay(failures: number, { minMs, maxMs }: RetryBounds = PATIENT, random = Math.random): number {
  const full = Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 30));
  return full * (1 - random() / 2);
}
