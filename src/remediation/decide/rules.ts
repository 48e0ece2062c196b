/** The three questions that every live phase answers for itself; decide() asks them in the order that says who wins. */
import type { Findings } from '../found.ts';
import type { LivePhase } from '../phases.ts';
import type { RemediationIn } from '../state.ts';
import type { Instant } from '../time.ts';

export interface PhaseRules<P extends LivePhase> {
  /** A result that ends the remediation or finishes its execution: nothing but an end from outside outranks it. */
  readonly ending: (r: RemediationIn<P>) => Findings[P] | undefined;
  /** A result that only starts more work: it yields to the global deadline. */
  readonly moving: (r: RemediationIn<P>, now: Instant) => Findings[P] | undefined;
  /** The phase's own deadline has passed. */
  readonly overdue: (r: RemediationIn<P>, deadline: Instant) => Findings[P] | undefined;
}
