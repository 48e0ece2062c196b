/** The part of each kind's status that decisions read. */
import type { Json, JsonObject } from './json.ts';
import { ALL_PHASES } from './phases.ts';
import {
  anything,
  boolean,
  jsonObject,
  listOf,
  mapOf,
  nullable,
  number,
  prose,
  record,
  text,
  wordOf,
} from './readers.ts';
import type { Reader } from './readers.ts';
import type { ResourceTarget } from './request.ts';
import type { AnyChildSnapshot, ChildKind, ChildSnapshot, SignalProcessingStatus, StatusOf } from './snapshots.ts';
import type { Condition, Status } from './status.ts';

/** Longest text for people that a workflow is given; the whole of it stays in the object. */
const LONGEST_PROSE = 16 * 1024;
const forPeople = prose(LONGEST_PROSE);

const target: Reader<ResourceTarget> = (value) => {
  const found = record({ apiVersion: text, kind: text, name: text, namespace: text })(value);
  return found === undefined ? undefined : { ...found, kind: found.kind ?? '', name: found.name ?? '' };
};

/** Which of the large parts of a signal processing are there. */
const enriched = (status: Json | undefined): SignalProcessingStatus['enriched'] => {
  const found = (['kubernetesContext', 'businessClassification'] as const).filter(
    (part) => jsonObject(jsonObject(status)?.[part]) !== undefined,
  );
  return found.length === 0 ? undefined : found;
};

const signalProcessing = record({
  phase: text,
  signalClassification: record({ severity: text, signalName: text, signalMode: text, clusterClassification: text }),
  environmentClassification: record({ environment: text }),
  priorityAssignment: record({ priority: text }),
  failureInfo: record({ error: forPeople }),
});

const effectivenessAssessment = record({
  phase: text,
  validityDeadline: text,
  assessmentReason: text,
  message: forPeople,
  components: record({ alertAssessed: boolean, alertScore: number, healthScore: number, metricsScore: number }),
});

/** The members of an approval context that an approver is shown, and how much of them a snapshot carries at most. */
const SHOWN = ['evidenceCollected', 'alternativesConsidered', 'policyEvaluation'] as const;
const LARGEST_SHOWN = 4096;

const approvalContext: Reader<{ readonly reason?: string; readonly shown?: JsonObject }> = (value) => {
  const context = jsonObject(value);
  if (context === undefined) return undefined;
  const reason = forPeople(context['reason']);
  const members = SHOWN.filter((member) => context[member] !== undefined);
  const shown = Object.fromEntries(members.map((member) => [member, context[member]]));
  const fits = JSON.stringify(shown).length <= LARGEST_SHOWN;
  return { ...(reason === undefined ? {} : { reason }), ...(fits ? { shown } : {}) };
};

const READERS: { readonly [K in ChildKind]: Reader<StatusOf[K]> } = {
  SignalProcessing: (status) => {
    const parts = enriched(status);
    const read = signalProcessing(status);
    return read === undefined || parts === undefined ? read : { ...read, enriched: parts };
  },
  AIAnalysis: record({
    phase: text,
    reason: text,
    subReason: text,
    message: forPeople,
    review: record({ needsHumanReview: boolean, humanReviewReason: text }),
    approval: record({
      approvalRequired: boolean,
      approvalReason: forPeople,
      approvalContext,
    }),
    rcaResult: record({
      selectedWorkflow: record({
        workflowId: text,
        workflowName: text,
        actionType: text,
        version: text,
        executionBundle: text,
        executionBundleDigest: text,
        executionEngine: text,
        engineConfig: anything,
        serviceAccountName: text,
        confidence: number,
        rationale: text,
        parameters: mapOf(text),
        dependencies: anything,
        resources: anything,
        declaredParameterNames: nullable(mapOf(boolean)),
      }),
      rootCause: forPeople,
      rootCauseAnalysis: record({ summary: forPeople, remediationTarget: target }),
    }),
    postRCAContext: record({ detectedLabels: record({ gitOpsManaged: boolean }) }),
    interactiveSession: record({ startedAt: text, completedAt: text, actingUser: text }),
  }),
  RemediationApprovalRequest: record({
    decision: text,
    decidedBy: text,
    decidedAt: text,
    decidedVia: text,
    decisionMessage: forPeople,
    workflowOverride: record({ workflowName: text, parameters: mapOf(text), rationale: text }),
  }),
  WorkflowExecution: record({
    phase: text,
    completionTime: text,
    failureReason: forPeople,
    failureDetails: record({ reason: text, message: forPeople, wasExecutionFailure: boolean }),
    deduplicatedBy: text,
  }),
  EffectivenessAssessment: (status) => {
    const read = effectivenessAssessment(status);
    const captured = readConditions(jsonObject(status)?.['conditions'])?.['PostHashCaptured'];
    if (read === undefined || captured === undefined) return read;
    return { ...read, postHashCaptured: { status: captured.status, message: captured.message } };
  },
  NotificationRequest: record({ phase: text, message: forPeople, completionTime: text }),
};

/** The snapshot of a child with its status read; a status of the wrong type is an empty one. */
export function readChildStatus<K extends ChildKind>(
  kind: K,
  status: Json | undefined,
  identity: Omit<ChildSnapshot, 'kind' | 'status'>,
): AnyChildSnapshot {
  const read: Reader<StatusOf[K]> = READERS[kind];
  const snapshot: ChildSnapshot<K> = { kind, ...identity, status: read(status) ?? {} };
  return snapshot as unknown as AnyChildSnapshot;
}

const reference = record({ apiVersion: text, kind: text, name: text, namespace: text, uid: text });

const requestStatus = record({
  overallPhase: text,
  startTime: text,
  completedAt: text,
  retentionExpiryTime: text,
  timeoutConfig: record({ global: text, processing: text, analyzing: text, executing: text }),
  phaseProgress: record({
    signalProcessingRef: reference,
    aiAnalysisRef: reference,
    workflowExecutionRef: reference,
    effectivenessAssessmentRef: reference,
    processingStartTime: text,
    analyzingStartTime: text,
    executingStartTime: text,
    verificationDeadline: text,
  }),
  routingStatus: record({
    blockReason: wordOf([
      'ConsecutiveFailures',
      'DuplicateInProgress',
      'ResourceBusy',
      'RecentlyRemediated',
      'ExponentialBackoff',
      'UnmanagedResource',
      'IneffectiveChain',
    ] as const),
    blockMessage: forPeople,
    blockedUntil: text,
    blockingWorkflowExecution: text,
    duplicateOf: text,
    deduplicatedByWE: text,
    nextAllowedExecution: text,
    consecutiveFailureCount: number,
    duplicateCount: number,
    duplicateRefs: listOf(text),
  }),
  completionStatus: record({
    outcome: wordOf([
      'Remediated',
      'NoActionRequired',
      'ManualReviewRequired',
      'VerificationTimedOut',
      'Inconclusive',
      'DryRun',
    ] as const),
    failurePhase: wordOf([
      'Configuration',
      'SignalProcessing',
      'AIAnalysis',
      'Approval',
      'WorkflowExecution',
      'Blocked',
      'Deduplicated',
    ] as const),
    failureReason: forPeople,
    requiresManualReview: boolean,
    timeoutPhase: wordOf(ALL_PHASES),
    timeoutTime: text,
    notificationRequestRefs: listOf(reference),
    notificationStatus: text,
    approvalNotificationSent: boolean,
  }),
  operatorAudit: record({ preRemediationSpecHash: text, lastModifiedBy: text, lastModifiedAt: text }),
});

/** The status of a RemediationRequest as a snapshot carries it, conditions keyed by type. */
export function readRequestStatus(status: Json | undefined): Status {
  const conditions = readConditions(jsonObject(status)?.['conditions']);
  return { ...requestStatus(status), ...(conditions === undefined ? {} : { conditions }) };
}

const condition = record({
  type: text,
  status: wordOf(['True', 'False', 'Unknown'] as const),
  reason: text,
  message: text,
  lastTransitionTime: text,
  observedGeneration: number,
});

function readConditions(value: Json | undefined): Readonly<Record<string, Condition>> | undefined {
  const list = listOf(condition)(value);
  if (list === undefined) return undefined;
  const byType: Record<string, Condition> = {};
  for (const { type, status, reason = '', message = '', lastTransitionTime = '', observedGeneration } of list)
    if (type !== undefined && status !== undefined)
      byType[type] = {
        status,
        reason,
        message,
        lastTransitionTime,
        ...(observedGeneration === undefined ? {} : { observedGeneration }),
      };
  return byType;
}
