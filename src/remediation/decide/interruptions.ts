/** What ends a wait from outside, in any phase. */
import { invalidLimits } from '../deadlines.ts';
import type { Interruption } from '../found.ts';
import type { Remediation } from '../state.ts';
import { phaseFromElsewhere } from '../take.ts';

const isEnd = (phase: string | undefined): phase is 'Completed' | 'Failed' | 'TimedOut' | 'Skipped' =>
  phase === 'Completed' || phase === 'Failed' || phase === 'TimedOut' || phase === 'Skipped';

/** The object is gone, somebody cancelled, or somebody wrote another phase into the status. */
export function fromOutside(r: Remediation): Interruption | undefined {
  if (r.observed.gone) return { found: 'deleted' };
  if (r.cancellation !== undefined) return { found: 'cancelled' };
  const phase = phaseFromElsewhere(r);
  if (isEnd(phase)) return { found: 'ended elsewhere', phase };
  return phase === 'Blocked' ? { found: 'blocked elsewhere' } : undefined;
}

/** Somebody changed the limits: the trail says so before they take effect, and before an end that came with them. */
export const limitsEdited = (r: Remediation): Interruption | undefined =>
  !r.observed.gone && r.edits.some(({ field }) => field === 'timeoutConfig') ? { found: 'limits edited' } : undefined;

/** One segment of a path: nothing empty, no separator, no wildcard. */
const SEGMENT = /^(?!\.{1,2}$)[^\s/%*]+$/;

/** A target of this cluster must have a kind and a name that can stand in a path; a wildcard never reaches an executor. */
function invalidTarget({ targetType, targetResource }: Remediation['request']['spec']): readonly string[] {
  if (targetType !== 'kubernetes') return [];
  return (['kind', 'name'] as const).flatMap((member) =>
    SEGMENT.test(targetResource[member])
      ? []
      : [`spec.targetResource.${member} is not a usable name: "${targetResource[member]}"`],
  );
}

/** What makes it impossible to go on as asked: unusable limits or an unusable target. A verification is not disturbed by it. */
export function invalidConfiguration(r: Remediation): Interruption | undefined {
  if (r.state.phase === 'Verifying') return undefined;
  const reasons = [...invalidLimits(r.status.timeoutConfig), ...invalidTarget(r.request.spec)];
  return reasons.length > 0 ? { found: 'invalid configuration', reasons } : undefined;
}
