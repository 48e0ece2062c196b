/** Taking up a step that was made and forgotten: what its effects left behind is looked at, not remembered. */
import type { ChildKey, Reading } from '../activities/contract.ts';
import { decidedStatus } from '../src/remediation/approval.ts';
import type { OwnedKind } from '../src/remediation/children.ts';
import { nameOf } from '../src/remediation/orders.ts';
import type { Remediation } from '../src/remediation/state.ts';
import type { ObjectReference, PhaseProgress } from '../src/remediation/status.ts';
import { takeSnapshot } from '../src/remediation/take.ts';
import { parseTime } from '../src/remediation/time.ts';
import { Overtaken } from './ports.ts';
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

/** The remediation with those of these children that exist, by their names in the status or as we would name them. */
export async function withNamedChildren(
  r: Remediation,
  kinds: readonly OwnedKind[],
  ports: Ports,
): Promise<Remediation> {
  let known = r;
  for (const kind of kinds) known = await withRead(known, kind, ports);
  return known;
}

/** The name under which a child is to be found: the one in the status, which somebody else may have chosen. */
function nameIn(r: Remediation, kind: OwnedKind): string {
  const reference = REFERENCES[kind];
  return (
    (reference === undefined ? undefined : (r.status.phaseProgress?.[reference] as ObjectReference | undefined))
      ?.name ?? nameOf(kind, r)
  );
}

async function withRead(r: Remediation, kind: OwnedKind, ports: Ports): Promise<Remediation> {
  const { namespace, uid: ownerUid } = r.request;
  const reading = await readPatiently({ kind, namespace, name: nameIn(r, kind), ownerUid }, ports);
  return reading.kind === 'absent' ? r : withChild(r, reading.child);
}

/** What was made already is not overtaken by news: they are looked at afterwards. */
async function readPatiently(key: ChildKey, ports: Ports): Promise<Reading<OwnedKind>> {
  for (;;) {
    try {
      return await ports.readChild(key);
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
    }
  }
}

/** The step that took the decision may have died before it was noted on the approval request. */
async function closedIfDecided(r: Remediation, ports: Ports): Promise<Remediation> {
  const rar = r.children.RemediationApprovalRequest;
  const { decision, state } = r;
  const isTaken = decision !== undefined && state.phase !== 'AwaitingApproval';
  if (!isTaken || rar === undefined || rar.gone === true) return r;
  const requiredBy = parseTime(rar.requiredBy) ?? decision.at;
  const status = decidedStatus(decision, { requiredBy }, ports.now());
  const written = await writeUnlessSettled({ child: rar, status }, () => false, ports, 0);
  return withChild(r, written.child);
}
