/** Everything a workflow knows of one remediation: one immutable value, moved on only by the functions of take.ts and commit steps. */
import type { EventOrigin } from './audit.ts';
import type { NotificationOrder, OwnedKind } from './children.ts';
import type { Json } from './json.ts';
import type { LivePhase, Phase, TerminalPhase } from './phases.ts';
import type { RemediationRequest, ResourceTarget } from './request.ts';
import type { Settings } from './settings.ts';
import type { ChildSnapshot, InputField, SelectedWorkflow, WorkflowOverride } from './snapshots.ts';
import type { BlockReason, Condition, Status } from './status.ts';
import type { Instant } from './time.ts';

/** What will run, on what. */
export interface Plan {
  readonly workflow: SelectedWorkflow;
  readonly target: ResourceTarget;
}

/** The one approval request whose decision counts, and where the trail asked for it. */
export interface BoundApproval {
  readonly uid: string;
  readonly planDigest: string;
  readonly requiredBy: Instant;
  readonly requestedAt: Instant;
  /** Absent when somebody else asked, before the remediation was adopted. */
  readonly requested?: EventOrigin;
}

export type Origin = 'Pending' | 'Analyzing';

/** What is known in each phase beside what holds in all of them. A phase has exactly its facts. */
interface Facts {
  readonly Pending: object;
  readonly Processing: object;
  /** `approved` is the plan that a person has approved, kept through a block. */
  readonly Analyzing: { readonly approved?: Plan };
  readonly AwaitingApproval: { readonly plan: Plan; readonly approval: BoundApproval };
  readonly Executing: { readonly plan: Plan };
  readonly Verifying: { readonly plan: Plan; readonly enteredAt: Instant };
  /** `since` is when the wait began, whatever was found anew meanwhile. */
  readonly Blocked: {
    readonly reason: BlockReason | undefined;
    readonly origin: Origin;
    /** What it wants to run, once it got so far. */
    readonly plan?: Plan;
    /** Uid of the request that it waits for. */
    readonly original?: string;
    /** Whether an execution blocks it that is not the product's own. */
    readonly isForeign?: boolean;
  };
  readonly Completed: object;
  readonly Failed: object;
  readonly TimedOut: object;
  readonly Cancelled: object;
  readonly Skipped: object;
}

/** The state of a remediation in phase P, and in which step and when it got there. */
export type StateIn<P extends Phase> = {
  readonly [K in Phase]: { readonly phase: K; readonly since: Instant } & Facts[K];
}[P];
export type LiveState = StateIn<LivePhase>;
export type TerminalState = StateIn<TerminalPhase>;

/** Somebody wants it to stop. */
export interface Cancellation {
  readonly by: string;
  readonly via: 'status' | 'api' | 'deletion';
  readonly reason: string;
}

/** Somebody wants a block to end. */
export interface Lift {
  readonly by: string;
  readonly reason: string;
}

/** The decision that counts: the first valid one, for ever. */
export interface KeptDecision {
  readonly decision: 'Approved' | 'Rejected';
  readonly by: string;
  readonly at: Instant;
  readonly via?: string;
  readonly message?: string;
  readonly override?: WorkflowOverride;
  readonly door: 'kubectl' | 'api';
  readonly identity: 'claimed' | 'token' | 'admission';
}

export type Children = { readonly [K in OwnedKind]?: ChildSnapshot<K> };

/** A NotificationRequest as it was last seen; `absent` when one that is pointed at was never there. */
export type SeenNotification = ChildSnapshot<'NotificationRequest'> | 'absent';

/** What is known of the notifications of a remediation. */
export interface Notifications {
  /** By name: those that steps made, and those that others put into the references. */
  readonly seen: Readonly<Record<string, SeenNotification>>;
  /** Ordered by a step, and not made yet. */
  readonly unsent: readonly NotificationOrder[];
  /** Nothing that failed is tried again before this. */
  readonly notBefore: Instant;
  /** When the delivery that the status does not show yet is written, unless a step shows it before. */
  readonly mirrorAt?: Instant;
  /** Whether the cluster has no notifications; then no wait is interrupted to try again. */
  readonly unavailable: boolean;
}

export const NO_NOTIFICATIONS: Notifications = { seen: {}, unsent: [], notBefore: 0, unavailable: false };

/** The request object as it was last seen. */
export interface ObservedRequest {
  readonly resourceVersion: string;
  readonly generation: number;
  readonly gone: boolean;
  /** Conditions that steps do not write: those of others, and those that mirror other objects. */
  readonly foreignConditions: Readonly<Record<string, Condition>>;
  /** The delivery of notifications as the status shows it. */
  readonly notificationStatus?: string;
  /** The phase in the status when somebody else wrote it. */
  readonly foreignPhase?: string;
  readonly lastModifiedBy?: string;
}

/** An input field that somebody else changed since the last commit. */
export interface Edit {
  readonly field: InputField;
  /** What stood there before. */
  readonly previous?: Json | undefined;
}

/** How many requests wait for this one as its duplicates, and the names of some. */
export interface Duplicates {
  readonly count: number;
  readonly names: readonly string[];
}

export interface Remediation<S = StateIn<Phase>> {
  readonly request: RemediationRequest;
  readonly settings: Settings;
  readonly generation: number;
  /** The last committed step; 0 before the first. */
  readonly step: number;
  readonly state: S;
  /** The status as the product last wrote it, with the edits of others that it honours. */
  readonly status: Status;
  readonly children: Children;
  readonly notifications: Notifications;
  readonly observed: ObservedRequest;
  readonly edits: readonly Edit[];
  readonly cancellation?: Cancellation;
  /** Set when it was told that what it waits for may be over; it asks again then. */
  readonly isWoken?: boolean;
  readonly lift?: Lift;
  /** Reasons for a block that a person has lifted: they are not asked again. */
  readonly lifted?: readonly BlockReason[];
  /** Who was found to be a duplicate of it, as of the last commit. */
  readonly duplicates?: Duplicates;
  readonly decision?: KeptDecision;
  /** Time spent blocked while the global clock rested. */
  readonly suspendedMs: number;
  readonly suspendedSince?: Instant;
}

/** A remediation in phase P. */
export type RemediationIn<P extends Phase> = Remediation<StateIn<P>>;
