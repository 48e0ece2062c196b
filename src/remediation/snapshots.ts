/** What a watch event carries into a workflow: the identity of an object, its resourceVersion, and the part of its status that decisions read. */
import type { Json, JsonObject } from './json.ts';
import type { ResourceTarget } from './request.ts';
import type { Status } from './status.ts';

/** The kinds that the orchestrator creates and follows. */
export const CHILD_KINDS = [
  'SignalProcessing',
  'AIAnalysis',
  'RemediationApprovalRequest',
  'WorkflowExecution',
  'EffectivenessAssessment',
  'NotificationRequest',
] as const;
export type ChildKind = (typeof CHILD_KINDS)[number];

export interface SignalProcessingStatus {
  readonly phase?: string;
  readonly signalClassification?: {
    readonly severity?: string;
    readonly signalName?: string;
    readonly signalMode?: string;
    readonly clusterClassification?: string;
  };
  readonly environmentClassification?: { readonly environment?: string };
  readonly priorityAssignment?: { readonly priority?: string };
  readonly failureInfo?: { readonly error?: string };
  /** Which of the large parts are there; they are copied into the analysis without passing through a workflow. */
  readonly enriched?: readonly ('kubernetesContext' | 'businessClassification')[];
}

/** A catalogue workflow as the analysis chose it; copied field by field into the execution. */
export interface SelectedWorkflow {
  readonly workflowId?: string;
  readonly workflowName?: string;
  readonly actionType?: string;
  readonly version?: string;
  readonly executionBundle?: string;
  readonly executionBundleDigest?: string;
  readonly executionEngine?: string;
  readonly engineConfig?: Json;
  readonly serviceAccountName?: string;
  readonly confidence?: number;
  readonly rationale?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly dependencies?: Json;
  readonly resources?: Json;
  readonly declaredParameterNames?: Readonly<Record<string, boolean>> | null;
}

export interface AIAnalysisStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly subReason?: string;
  readonly message?: string;
  readonly review?: { readonly needsHumanReview?: boolean; readonly humanReviewReason?: string };
  readonly approval?: {
    readonly approvalRequired?: boolean;
    readonly approvalReason?: string;
    /** Of the context what people are told. */
    readonly approvalContext?: {
      readonly reason?: string;
      /** What an approver is shown beside the reason. Absent when it is too large to be carried: then it is copied from the analysis. */
      readonly shown?: JsonObject;
    };
  };
  readonly rcaResult?: {
    readonly selectedWorkflow?: SelectedWorkflow;
    readonly rootCause?: string;
    readonly rootCauseAnalysis?: { readonly summary?: string; readonly remediationTarget?: ResourceTarget };
  };
  readonly postRCAContext?: { readonly detectedLabels?: { readonly gitOpsManaged?: boolean } };
  readonly interactiveSession?: {
    readonly startedAt?: string;
    readonly completedAt?: string;
    readonly actingUser?: string;
  };
}

/** An approver's change to the plan. An empty map of parameters is not the same as none. */
export interface WorkflowOverride {
  readonly workflowName?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly rationale?: string;
}

export interface ApprovalStatus {
  readonly decision?: string;
  readonly decidedBy?: string;
  readonly decidedAt?: string;
  readonly decidedVia?: string;
  readonly decisionMessage?: string;
  readonly workflowOverride?: WorkflowOverride;
}

export interface WorkflowExecutionStatus {
  readonly phase?: string;
  readonly completionTime?: string;
  readonly failureReason?: string;
  readonly failureDetails?: {
    readonly reason?: string;
    readonly message?: string;
    readonly wasExecutionFailure?: boolean;
  };
  readonly deduplicatedBy?: string;
}

export interface EffectivenessAssessmentStatus {
  readonly phase?: string;
  readonly validityDeadline?: string;
  readonly assessmentReason?: string;
  readonly message?: string;
  readonly components?: {
    readonly alertAssessed?: boolean;
    readonly alertScore?: number;
    readonly healthScore?: number;
    readonly metricsScore?: number;
  };
  /** Whether the state after the remediation could be captured; absent when nothing is said of it. */
  readonly postHashCaptured?: { readonly status?: string; readonly message?: string };
}

export interface NotificationStatus {
  readonly phase?: string;
  readonly message?: string;
  readonly completionTime?: string;
}

/** The projected status of each kind. */
export interface StatusOf {
  readonly SignalProcessing: SignalProcessingStatus;
  readonly AIAnalysis: AIAnalysisStatus;
  readonly RemediationApprovalRequest: ApprovalStatus;
  readonly WorkflowExecution: WorkflowExecutionStatus;
  readonly EffectivenessAssessment: EffectivenessAssessmentStatus;
  readonly NotificationRequest: NotificationStatus;
}

/** One child as it was last seen. `gone` is set when its deletion was seen; the status is then the last one known. */
export interface ChildSnapshot<K extends ChildKind = ChildKind> {
  readonly kind: K;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly ownerUid?: string;
  readonly planDigest?: string;
  /** Until when an approval request may be answered; given when one is made or read. */
  readonly requiredBy?: string;
  /** Its conditions as they stand; given when an approval request is made or read, so that closing it need not read it again. */
  readonly conditions?: readonly JsonObject[];
  /** What an approval request asks about; given when one is read directly. */
  readonly asks?: { readonly analysis: string; readonly workflowId: string; readonly executionBundle: string };
  readonly deletionTimestamp?: string;
  readonly gone?: boolean;
  readonly status: StatusOf[K];
}
export type AnyChildSnapshot = { readonly [K in ChildKind]: ChildSnapshot<K> }[ChildKind];

/** The RemediationRequest as it was last seen, with the condition types of others. `foreign` lists the input fields that somebody else wrote. */
export interface RequestSnapshot {
  readonly kind: 'RemediationRequest';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly deletionTimestamp?: string;
  readonly gone?: boolean;
  readonly status: Status;
  readonly foreign: readonly InputField[];
}
export type Snapshot = AnyChildSnapshot | RequestSnapshot;

/** Paths in the status that people and other programs may write to steer a live remediation. */
export const INPUT_FIELDS = [
  'overallPhase',
  'timeoutConfig',
  'startTime',
  'phaseProgress.processingStartTime',
  'phaseProgress.analyzingStartTime',
  'phaseProgress.executingStartTime',
  'phaseProgress.verificationDeadline',
  'routingStatus.blockedUntil',
  'routingStatus.nextAllowedExecution',
  'retentionExpiryTime',
  'completionStatus.notificationRequestRefs',
] as const;
export type InputField = (typeof INPUT_FIELDS)[number];

/** Whether `other` is newer than `known`: resourceVersions of one object grow; another uid is another object. */
export const isNewer = (known: Snapshot | undefined, other: Snapshot): boolean =>
  known === undefined ||
  (known.uid === other.uid && BigInt(other.resourceVersion) > BigInt(known.resourceVersion)) ||
  (known.uid === other.uid && other.gone === true && known.gone !== true);

const ENDED = new Set(['Completed', 'Failed']);

/** Whether a child has reached its end; a word that is not known means wait. */
export const isEnded = (child: AnyChildSnapshot): boolean =>
  'phase' in child.status && ENDED.has(child.status.phase ?? '');
