/** Taking over a remediation that somebody else's orchestrator left behind, wherever it stands. */
import type { Commit } from './commit.ts';
import { limitOf } from './deadlines.ts';
import { mergePatch } from './json.ts';
import { nameOf } from './orders.ts';
import { isPhase, isTerminal } from './phases.ts';
import type { LivePhase } from './phases.ts';
import { analyzedTarget } from './decide/analyzing.ts';
import type { ChildSnapshot, RequestSnapshot } from './snapshots.ts';
import type { Plan, Remediation, RemediationIn, StateIn } from './state.ts';
import { asJson, OWN_CONDITIONS } from './status.ts';
import type { PhaseProgress, Status, StatusDelta } from './status.ts';
import { registration } from './registration.ts';
import { memoryOf } from './step.ts';
import type { Step } from './step.ts';
import { observed } from './take.ts';
import { parseTime, toRfc3339 } from './time.ts';
import type { Instant } from './time.ts';
import { envelope } from './trail.ts';
import { completedLimits } from './transitions/pending.ts';
import { refTo } from './transitions/shared.ts';

/** The phase that is taken over; undefined for a request that nobody has begun, or that has ended. */
export function adoptablePhase({ status }: RequestSnapshot): LivePhase | undefined {
  const { overallPhase } = status;
  return isPhase(overallPhase) && !isTerminal(overallPhase) ? overallPhase : undefined;
}

/** The part of a found status that is the orchestrator's to write. */
function ownStatus({ status }: RequestSnapshot): Status {
  const conditions = Object.entries(status.conditions ?? {}).filter(([type]) =>
    OWN_CONDITIONS.some((own) => own === type),
  );
  return {
    ...status,
    ...(conditions.length > 0 ? { conditions: Object.fromEntries(conditions) } : { conditions: {} }),
  };
}

const STARTED_AT = {
  Processing: 'processingStartTime',
  Analyzing: 'analyzingStartTime',
  Executing: 'executingStartTime',
} as const;

/** What the found status lacks: clocks, limits, the reference to an assessment; undefined when nothing. */
function missing(r: Remediation, phase: LivePhase, now: Instant): StatusDelta | undefined {
  const { status } = r;
  const limits = completedLimits(r);
  const absent = (['global', 'processing', 'analyzing', 'executing'] as const).filter(
    (member) => !status.timeoutConfig?.[member],
  );
  const clock = phase in STARTED_AT ? STARTED_AT[phase as keyof typeof STARTED_AT] : undefined;
  const assessment = r.children.EffectivenessAssessment;
  const progress: PhaseProgress = {
    ...(clock !== undefined && !status.phaseProgress?.[clock] ? { [clock]: toRfc3339(now) } : {}),
    ...(assessment !== undefined && status.phaseProgress?.effectivenessAssessmentRef === undefined
      ? { effectivenessAssessmentRef: refTo(assessment) }
      : {}),
  };
  const delta: StatusDelta = {
    ...(status.startTime ? {} : { startTime: toRfc3339(now) }),
    ...(absent.length > 0
      ? { timeoutConfig: Object.fromEntries(absent.map((member) => [member, limits[member]])) }
      : {}),
    ...(Object.keys(progress).length > 0 ? { phaseProgress: progress } : {}),
  };
  return Object.keys(delta).length > 0 ? delta : undefined;
}

/** What the analysis says is to run; where it says nothing any more, what the status shows. */
export function planOf(r: Remediation): Plan {
  const analysis = r.children.AIAnalysis?.status;
  const selection = r.status.workflowSelection;
  const workflow = analysis?.rcaResult?.selectedWorkflow ?? selection?.selectedWorkflowRef ?? {};
  const target = (analysis === undefined ? undefined : analyzedTarget(analysis)) ?? selection?.remediationTarget;
  return { workflow, target: target ?? r.request.spec.targetResource };
}

/** Whether an approval request that we did not make asks what our analysis proposes. */
function asksForThisPlan(r: Remediation, rar: ChildSnapshot<'RemediationApprovalRequest'> | undefined): boolean {
  if (rar?.asks === undefined) return false;
  const { workflow } = planOf(r);
  const { analysis, workflowId, executionBundle } = rar.asks;
  return (
    rar.ownerUid === r.request.uid &&
    analysis === nameOf('AIAnalysis', r) &&
    workflowId === workflow.workflowId &&
    executionBundle === workflow.executionBundle
  );
}

function approvalOf(r: Remediation, now: Instant): StateIn<'AwaitingApproval'>['approval'] {
  const rar = r.children.RemediationApprovalRequest;
  const isBound = asksForThisPlan(r, rar);
  const fallback = now + r.settings.timeouts.awaitingApproval;
  return {
    uid: isBound && rar !== undefined ? rar.uid : '',
    planDigest: (isBound ? rar?.planDigest : undefined) ?? '',
    requiredBy: (isBound ? parseTime(rar?.requiredBy) : undefined) ?? fallback,
    requestedAt: now,
  };
}

/** The state that a found phase means. Entered now: when it was entered by somebody else is told by its clocks. */
export function stateOf(r: Remediation, phase: LivePhase, now: Instant): StateIn<LivePhase> {
  switch (phase) {
    case 'AwaitingApproval':
      return { phase, since: now, plan: planOf(r), approval: approvalOf(r, now) };
    case 'Executing':
      return { phase, since: now, plan: planOf(r) };
    case 'Verifying':
      return { phase, since: now, plan: planOf(r), enteredAt: verifyingSince(r, now) };
    case 'Blocked': {
      const origin = r.status.phaseProgress?.aiAnalysisRef === undefined ? 'Pending' : 'Analyzing';
      return { phase, since: now, reason: r.status.routingStatus?.blockReason, origin };
    }
    default:
      return { phase, since: now };
  }
}

/** A verification deadline that was written by somebody else keeps its place: it is counted back from. */
function verifyingSince(r: Remediation, now: Instant): Instant {
  const deadline = parseTime(r.status.phaseProgress?.verificationDeadline);
  return deadline === undefined
    ? now
    : Math.min(now, deadline - Math.min(r.settings.timeouts.verifying, limitOf(r, 'global')));
}

/** The remediation with the status that was found, ready for its children to be looked at. */
export const withFoundStatus = (r: Remediation, found: RequestSnapshot): Remediation => ({
  ...r,
  status: ownStatus(found),
  edits: [],
  observed: observed(found),
});

/** The first step of an adopted remediation: the trail begins with what was found. The status is only written where clocks were missing. */
export function adoptionStep(r: Remediation, phase: LivePhase, now: Instant): Step {
  const state = stateOf(r, phase, now);
  const filled = missing(r, phase, now);
  const status = mergePatch(asJson(r.status), asJson(filled ?? {})) as Status;
  const next: RemediationIn<LivePhase> = {
    ...r,
    step: 1,
    status,
    state,
    ...(phase === 'Blocked' ? { suspendedSince: now } : {}),
  };
  const refs = Object.values(r.children).map(({ kind, name, uid }) => ({ kind, name, uid }));
  const commit: Commit = {
    registration: registration(r),
    generation: r.generation,
    step: 1,
    at: now,
    events: [
      envelope(r, 1, {
        type: 'orchestrator.lifecycle.adopted',
        action: 'adopted',
        outcome: 'success',
        data: {
          phase_found: phase,
          status_snapshot: asJson(status),
          refs: refs,
          previous_events: false,
        },
      }),
    ],
    ledger: { phase, startedAt: parseTime(status.startTime) ?? now },
    ...(filled === undefined
      ? {}
      : {
          write: {
            delta: filled,
            resourceVersion: r.observed.resourceVersion,
            foreignConditions: r.observed.foreignConditions,
            phaseBefore: phase,
          },
        }),
    kubernetesEvents: [],
    memory: memoryOf(next),
  };
  return { commit, next };
}
