/** The heart of the product: what is known of a remediation, and the time, decide what happens next. */
import { globalDeadline, hasPassed, phaseDeadline } from '../deadlines.ts';
import type { Found } from '../found.ts';
import type { LivePhase } from '../phases.ts';
import type { RemediationIn } from '../state.ts';
import type { Instant } from '../time.ts';
import { analyzing } from './analyzing.ts';
import { awaitingApproval } from './awaiting-approval.ts';
import { blocked } from './blocked.ts';
import { executing } from './executing.ts';
import { fromOutside, invalidConfiguration, limitsEdited } from './interruptions.ts';
import { pending } from './pending.ts';
import { processing } from './processing.ts';
import type { PhaseRules } from './rules.ts';
import { verifying } from './verifying.ts';

const RULES: { readonly [P in LivePhase]: PhaseRules<P> } = {
  Pending: pending,
  Processing: processing,
  Analyzing: analyzing,
  AwaitingApproval: awaitingApproval,
  Executing: executing,
  Verifying: verifying,
  Blocked: blocked,
};

function outOfTime(r: RemediationIn<LivePhase>, now: Instant): Found | undefined {
  const deadline = globalDeadline(r);
  return deadline !== undefined && hasPassed(deadline, now) ? { found: 'out of time', deadline } : undefined;
}

/**
 * What is found when several things may be ready at once; undefined means: go on waiting.
 * Edited limits are recorded before anything else. Ends from outside come next, then a configuration that cannot work, then results before clocks:
 * a result that ends the work beats every deadline, one that would only start more work yields to the global deadline.
 */
export function decide<P extends LivePhase>(r: RemediationIn<P>, phase: P, now: Instant): Found<P> | undefined {
  const rules: PhaseRules<P> = RULES[phase];
  const own = phaseDeadline(r, phase);
  const found =
    limitsEdited(r) ??
    fromOutside(r) ??
    invalidConfiguration(r) ??
    rules.ending(r) ??
    outOfTime(r, now) ??
    rules.moving(r, now) ??
    (own !== undefined && hasPassed(own.at, now) ? rules.overdue(r, own.at) : undefined);
  return found as Found<P> | undefined;
}
