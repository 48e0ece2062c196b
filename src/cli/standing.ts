/** Where a remediation stands as far as the cluster tells, for when its workflow cannot be asked. */
import type { KubernetesObject } from '../kubernetes/client.ts';
import { approvalName } from './requests.ts';
import { parseDuration } from '../remediation/durations.ts';
import { isPhase, isTerminal } from '../remediation/phases.ts';
import { toRequestSnapshot } from '../remediation/projections.ts';
import type { ObjectReference, Status } from '../remediation/status.ts';
import { parseTime, toRfc3339 } from '../remediation/time.ts';

export interface Standing {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly phase: string;
  readonly ended: boolean;
  readonly since: string | undefined;
  readonly waitingFor: string | undefined;
  readonly deadline: string | undefined;
  readonly created: string | undefined;
  readonly message: string;
  readonly status: Status;
}

/** The standing that an object shows. A request that nobody has looked at yet has no phase. */
export function standingOf(object: KubernetesObject): Standing {
  const status = toRequestSnapshot(object)?.status ?? {};
  const message = object.status?.['message'];
  const phase = status.overallPhase ?? '';
  const ended = isPhase(phase) && isTerminal(phase);
  const since = sinceOf(phase, ended, status);
  return {
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
    uid: object.metadata.uid,
    phase,
    ended,
    since,
    waitingFor: ended ? undefined : waitOf(phase, status, object.metadata.name),
    deadline: ended ? undefined : deadlineOf(phase, status, since),
    created: object.metadata.creationTimestamp,
    message: typeof message === 'string' ? message : '',
    status,
  };
}

function sinceOf(phase: string, ended: boolean, status: Status): string | undefined {
  const progress = status.phaseProgress;
  if (ended) return status.completedAt;
  const starts: Readonly<Record<string, string | undefined>> = {
    Pending: status.startTime,
    Processing: progress?.processingStartTime,
    Analyzing: progress?.analyzingStartTime,
    Executing: progress?.executingStartTime,
  };
  return starts[phase] ?? status.conditions?.['Ready']?.lastTransitionTime;
}

function waitOf(phase: string, status: Status, name: string): string | undefined {
  const progress = status.phaseProgress;
  const child = (kind: string, reference: ObjectReference | undefined): string =>
    `${kind} ${reference?.name ?? ''}`.trim();
  switch (phase) {
    case '':
      return 'the watcher';
    case 'Pending':
      return 'routing';
    case 'Processing':
      return child('SignalProcessing', progress?.signalProcessingRef);
    case 'Analyzing':
      return child('AIAnalysis', progress?.aiAnalysisRef);
    case 'AwaitingApproval':
      return `a decision on RemediationApprovalRequest ${approvalName(name)}`;
    case 'Executing':
      return child('WorkflowExecution', progress?.workflowExecutionRef);
    case 'Verifying':
      return child('EffectivenessAssessment', progress?.effectivenessAssessmentRef);
    case 'Blocked':
      return `the end of the block ${status.routingStatus?.blockReason ?? 'set by hand'}`;
    default:
      return undefined;
  }
}

function deadlineOf(phase: string, status: Status, since: string | undefined): string | undefined {
  if (phase === 'Verifying') return status.phaseProgress?.verificationDeadline;
  if (phase === 'Blocked') return status.routingStatus?.blockedUntil;
  const limits: Readonly<Record<string, string | undefined>> = {
    Pending: status.timeoutConfig?.global,
    Processing: status.timeoutConfig?.processing,
    Analyzing: status.timeoutConfig?.analyzing,
    Executing: status.timeoutConfig?.executing,
  };
  const start = parseTime(since);
  const limit = parseDuration(limits[phase] ?? '');
  return start === undefined || limit === undefined ? undefined : toRfc3339(start + limit);
}
