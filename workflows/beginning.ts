import { NO_NOTIFICATIONS } from '../src/remediation/state.ts';
import type { Remediation } from '../src/remediation/state.ts';
import { observed, takeSnapshot } from '../src/remediation/take.ts';
import type { RemediationInput } from './input.ts';

/** What is known of a remediation when its workflow starts: what the watcher saw, and nothing committed yet. */
export function beginning({ request, observed: snapshot, settings, generation }: RemediationInput): Remediation {
  const start: Remediation = {
    request,
    settings,
    generation,
    step: 0,
    state: { phase: 'Pending', since: 0 },
    status: {},
    children: {},
    notifications: NO_NOTIFICATIONS,
    observed: observed(snapshot),
    edits: [],
    suspendedMs: 0,
  };
  return { ...takeSnapshot(start, snapshot), edits: [] };
}
