/** The status of a RemediationRequest as the API server keeps it: the fields that the product owns, and those it reads. */
import type { JsonObject } from './json.ts';
import type { Phase } from './phases.ts';
import type { ResourceTarget } from './request.ts';

/** A condition without its type, which is the key it is kept under. */
export interface Condition {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

/** The condition types of a RemediationRequest that are the product's own; all others belong to somebody else. */
export const OWN_CONDITIONS = [
  'Ready',
  'SignalProcessingReady',
  'SignalProcessingComplete',
  'AIAnalysisReady',
  'AIAnalysisComplete',
  'WorkflowExecutionReady',
  'WorkflowExecutionComplete',
  'PreRemediationHashCaptured',
  'EffectivenessAssessed',
  'NotificationDelivered',
  'AuditRecorded',
] as const;
export type ConditionType = (typeof OWN_CONDITIONS)[number];

export const OUTCOMES = [
  'Remediated',
  'NoActionRequired',
  'ManualReviewRequired',
  'VerificationTimedOut',
  'Inconclusive',
  'DryRun',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export type FailurePhase =
  'Configuration' | 'SignalProcessing' | 'AIAnalysis' | 'Approval' | 'WorkflowExecution' | 'Blocked' | 'Deduplicated';

export type BlockReason =
  | 'ConsecutiveFailures'
  | 'DuplicateInProgress'
  | 'ResourceBusy'
  | 'RecentlyRemediated'
  | 'ExponentialBackoff'
  | 'UnmanagedResource'
  | 'IneffectiveChain';

/** Points from the status at another object. */
export interface ObjectReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
}

/** Limits as Go durations; what is absent takes the configured default. */
export interface TimeoutConfig {
  readonly global?: string;
  readonly processing?: string;
  readonly analyzing?: string;
  readonly executing?: string;
}

export interface PhaseProgress {
  readonly signalProcessingRef?: ObjectReference;
  readonly aiAnalysisRef?: ObjectReference;
  readonly workflowExecutionRef?: ObjectReference;
  readonly effectivenessAssessmentRef?: ObjectReference;
  readonly processingStartTime?: string;
  readonly analyzingStartTime?: string;
  readonly executingStartTime?: string;
  readonly verificationDeadline?: string;
}

export interface RoutingStatus {
  readonly blockReason?: BlockReason;
  readonly blockMessage?: string;
  readonly blockedUntil?: string;
  readonly blockingWorkflowExecution?: string;
  readonly duplicateOf?: string;
  readonly deduplicatedByWE?: string;
  readonly nextAllowedExecution?: string;
  readonly consecutiveFailureCount?: number;
  readonly duplicateCount?: number;
  readonly duplicateRefs?: readonly string[];
}

export interface CompletionStatus {
  readonly outcome?: Outcome;
  readonly failurePhase?: FailurePhase;
  readonly failureReason?: string;
  readonly requiresManualReview?: boolean;
  readonly timeoutPhase?: Phase;
  readonly timeoutTime?: string;
  readonly notificationRequestRefs?: readonly ObjectReference[];
  readonly notificationStatus?: string;
  readonly approvalNotificationSent?: boolean;
}

export interface WorkflowSelection {
  readonly selectedWorkflowRef?: {
    readonly workflowId: string;
    readonly version: string;
    readonly executionBundle: string;
    readonly executionBundleDigest?: string;
  };
  readonly workflowDisplayName?: string;
  readonly confidence?: string;
  readonly remediationTarget?: ResourceTarget;
  readonly targetDisplay?: string;
  readonly signalTargetDisplay?: string;
}

/** The whole status, conditions keyed by their type. Strings may be anything when others wrote them. */
export interface Status {
  readonly overallPhase?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
  readonly startTime?: string;
  readonly completedAt?: string;
  readonly retentionExpiryTime?: string;
  readonly timeoutConfig?: TimeoutConfig;
  readonly phaseProgress?: PhaseProgress;
  readonly routingStatus?: RoutingStatus;
  readonly completionStatus?: CompletionStatus;
  readonly operatorAudit?: {
    readonly preRemediationSpecHash?: string;
    readonly lastModifiedBy?: string;
    readonly lastModifiedAt?: string;
  };
  readonly workflowSelection?: WorkflowSelection;
  readonly conditions?: Readonly<Record<string, Condition>>;
}

/** What removes a member when null and leaves alone what it does not name. */
type Patch<T> = { readonly [K in keyof T]?: PatchOf<NonNullable<T[K]>> | null };
type PatchOf<V> = V extends readonly unknown[] ? V : V extends object ? Patch<V> : V;

/** What one step changes in the status: a merge patch, conditions keyed by their type. */
export type StatusDelta = Patch<Status>;

/** The delta as plain JSON, which is what the audit trail and the API server take. */
export const asJson = (value: StatusDelta | Status): JsonObject => value as unknown as JsonObject;
