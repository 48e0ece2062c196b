/** A step: what was found, and the effects it asks for, become a transition. */
import type { Findings } from '../../src/remediation/found.ts';
import type { LivePhase, RowFrom, RowId } from '../../src/remediation/phases.ts';
import type { Remediation, RemediationIn } from '../../src/remediation/state.ts';
import type { Transition } from '../../src/remediation/transition.ts';
import type { Ports } from '../ports.ts';

/** What a step came to: a transition to commit, or news that ask for another look. */
export interface Taken<R extends RowId = RowId> {
  readonly remediation: Remediation;
  /** Absent when the effects brought news: then the remediation is looked at again. */
  readonly transition?: Transition<R>;
  /** What may be done only once the step is in the trail. */
  readonly afterwards?: (r: Remediation) => Promise<Remediation>;
}

/** A step of phase P can only take rows that lead out of P. */
export type Step<P extends LivePhase> = (
  r: RemediationIn<P>,
  found: Findings[P],
  ports: Ports,
) => Promise<Taken<RowFrom<P>>>;

/** The step ends in this transition. */
export const go = <R extends RowId>(
  remediation: Remediation,
  transition: Transition<R>,
  afterwards?: Taken['afterwards'],
): Taken<R> => ({
  remediation,
  transition,
  ...(afterwards === undefined ? {} : { afterwards }),
});

/** The step ends with news: look again. */
export const again = (remediation: Remediation): Taken<never> => ({ remediation });
