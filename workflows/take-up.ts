/** Taking up a step that was made and forgotten: what its effects left behind is looked at, not remembered. */
import { decidedStatus } from '../src/remediation/approval.ts';
import type { OwnedKind } from '../src/remediation/children.ts';
import { nameOf } from '../src/remediation/orders.ts';
import type { Remediation } from '../src/remediation/state.ts';
import type { PhaseProgress } from '../src/remediation/status.ts';
import { takeSnapshot } from '../src/remediation/take.ts';
import { parseTime } from '../src/remediation/time.ts';
import type { Ports } from './ports.ts';
import { writeUnlessSettled } from './steps/closing.ts';
import { withChild } from './steps/effects.ts';

const REFERENCES: Readonly<Partial<Record<OwnedKind, keyof PhaseProgress>>> = {
  SignalProcessing: 'signalProcessingRef',
  AIAnalysis: 'aiAnalysisRef',
  WorkflowExecution: 'workflowExecutionRef',
  EffectivenessAssessment: 'effectivenessAssessmentRef',
};

/** The remediation as it is found: with the edits of others, with the children that the ledger speaks of, its approval request closed if it was answered. */
export async function takenUp(r: Remediation, ports: Ports): Promise<Remediation> {
  const request = await ports.readRequest(r.request);
  let known = request === undefined ? { ...r, observed: { ...r.observed, gone: true } } : takeSnapshot(r, request);
  for (const kind of Object.keys(REFERENCES) as readonly OwnedKind[])
    if (isNamed(r, kind) && known.children[kind] === undefined) known = await withRead(known, kind, ports);
  const mayAsk = r.state.phase === 'AwaitingApproval' || r.decision !== undefined;
  if (mayAsk && known.children.RemediationApprovalRequest === undefined)
    known = await withRead(known, 'RemediationApprovalRequest', ports);
  return closedIfDecided(known, ports);
}

function isNamed({ status }: Remediation, kind: OwnedKind): boolean {
  const reference = REFERENCES[kind];
  return reference !== undefined && status.phaseProgress?.[reference] !== undefined;
}

async function withRead(r: Remediation, kind: OwnedKind, ports: Ports): Promise<Remediation> {
  const { namespace, uid: ownerUid } = r.request;
  const reading = await ports.readChild({ kind, namespace, name: nameOf(kind, r), ownerUid });
  return reading.kind === 'absent' ? r : withChild(r, reading.child);
}

/** The step that took the decision may have died before it was noted on the approval request. */
async function closedIfDecided(r: Remediation, ports: Ports): Promise<Remediation> {
  const rar = r.children.RemediationApprovalRequest;
  const { decision, state } = r;
  const isTaken = decision !== undefined && state.phase !== 'AwaitingApproval';
  if (!isTaken || rar === undefined || rar.gone === true) return r;
  const requiredBy = parseTime(rar.requiredBy) ?? decision.at;
  const status = decidedStatus(decision, { requiredBy }, ports.now());
  const written = await writeUnlessSettled({ child: rar, status }, () => false, ports);
  return withChild(r, written.child);
}
