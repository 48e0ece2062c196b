/** The rest of the global clock: it stands still while a remediation waits for a cooldown or for somebody else's work. */
import type { LedgerChange } from './commit.ts';
import type { Phase } from './phases.ts';
import { REASONS } from './routing/reasons.ts';
import type { Remediation, StateIn } from './state.ts';
import type { Instant } from './time.ts';

/** How long the clock has rested so far, and since when it rests now. */
export interface GlobalClock {
  readonly suspendedMs: number;
  readonly suspendedSince: Instant | undefined;
}

const rests = (state: StateIn<Phase>): boolean =>
  state.phase === 'Blocked' && state.reason !== undefined && REASONS[state.reason].rests;

/** The clock once the remediation is in this state. */
export function globalClock(r: Remediation, to: StateIn<Phase>, now: Instant): GlobalClock {
  const { suspendedMs, suspendedSince } = r;
  if (rests(to)) return { suspendedMs, suspendedSince: suspendedSince ?? now };
  if (suspendedSince === undefined) return { suspendedMs, suspendedSince };
  return { suspendedMs: suspendedMs + Math.max(0, now - suspendedSince), suspendedSince: undefined };
}

/** The remediation with this clock. */
export function withClock<R extends Remediation>(r: R, { suspendedMs, suspendedSince }: GlobalClock): R {
  const { suspendedSince: _, ...rest } = r;
  return { ...rest, suspendedMs, ...(suspendedSince === undefined ? {} : { suspendedSince }) } as R;
}

/** What the ledger is told when the clock begins to rest or goes on. */
export const clockChange = (
  { suspendedSince }: Remediation,
  clock: GlobalClock,
): Pick<LedgerChange, 'suspendedMs' | 'suspendedSince'> =>
  clock.suspendedSince === suspendedSince
    ? {}
    : { suspendedMs: clock.suspendedMs, suspendedSince: clock.suspendedSince ?? null };
