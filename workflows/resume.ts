/** Where a run begins whose remediation has begun before: in the ledger, or in the hands of another orchestrator. */
import { adoptablePhase, adoptionStep, planOf, withFoundStatus } from '../src/remediation/adoption.ts';
import type { OwnedKind } from '../src/remediation/children.ts';
import { effectivenessAssessment } from '../src/remediation/orders.ts';
import type { LivePhase } from '../src/remediation/phases.ts';
import type { ChildSnapshot } from '../src/remediation/snapshots.ts';
import type { Remediation } from '../src/remediation/state.ts';
import { resumed, settled } from '../src/remediation/step.ts';
import { takeSnapshot } from '../src/remediation/take.ts';
import type { Ports } from './ports.ts';
import { withChild } from './steps/effects.ts';
import { takenUp, withNamedChildren } from './take-up.ts';

/** Children that a phase may have, in the order they are made. */
const HAS_MADE: { readonly [P in LivePhase]: readonly OwnedKind[] } = {
  Pending: [],
  Processing: ['SignalProcessing'],
  Analyzing: ['SignalProcessing', 'AIAnalysis', 'WorkflowExecution'],
  AwaitingApproval: ['SignalProcessing', 'AIAnalysis', 'RemediationApprovalRequest'],
  Executing: ['SignalProcessing', 'AIAnalysis', 'WorkflowExecution'],
  Verifying: ['SignalProcessing', 'AIAnalysis', 'WorkflowExecution', 'EffectivenessAssessment'],
  Blocked: ['SignalProcessing', 'AIAnalysis'],
};

/**
 * The remediation as it is to be gone on with. What the ledger has recorded counts; else the phase found in the status
 * is adopted. A request that nobody has begun is returned as it is. Undefined: it is not this run's to carry.
 */
export async function resume(r: Remediation, ports: Ports): Promise<Remediation | undefined> {
  const recorded = await ports.readLedger({ uid: r.request.uid });
  if (recorded !== undefined) return takenUp(resumed(r, recorded), ports);
  const found = await ports.readRequest(r.request);
  if (found === undefined) return { ...r, observed: { ...r.observed, gone: true } };
  const phase = adoptablePhase(found);
  if (phase === undefined) return takeSnapshot(r, found);
  const seen = await withNamedChildren(withFoundStatus(r, found), HAS_MADE[phase], ports);
  const known = phase === 'Verifying' ? await withAssessment(seen, ports) : seen;
  const { commit, next } = adoptionStep(known, phase, ports.now());
  const answer = await ports.commit(commit);
  return answer.kind === 'superseded' || answer.kind === 'already-ended' ? undefined : settled(next, answer);
}

/** A verification needs an assessment; one that was never made is made. */
async function withAssessment(r: Remediation, ports: Ports): Promise<Remediation> {
  if (r.children.EffectivenessAssessment !== undefined) return r;
  const answer = await ports.ensureChild(effectivenessAssessment(r, planOf(r)));
  return 'child' in answer ? withChild(r, answer.child as ChildSnapshot<'EffectivenessAssessment'>) : r;
}
