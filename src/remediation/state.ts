/** Everything a workflow knows of one remediation: one immutable value, moved on only by the functions of take.ts and commit steps. */
import type { EventOrigin } from './audit.ts';
import type { Json } from './json.ts';
import type { LivePhase, Phase, TerminalPhase } from './phases.ts';
import type { RemediationRequest, ResourceTarget } from './request.ts';
import type { Settings } from './settings.ts';
import type { ChildKind, ChildSnapshot, InputField, SelectedWorkflow, WorkflowOverride } from './snapshots.ts';
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
  readonly requested: EventOrigin;
}

export type Origin = 'Pending' | 'Analyzing';

/** What is known in each phase beside what holds in all of them. A phase has exactly its facts. */
interface Facts {
  readonly Pending: object;
  readonly Processing: object;
  readonly Analyzing: object;
  readonly AwaitingApproval: { readonly plan: Plan; readonly approval: BoundApproval };
  readonly Executing: { readonly plan: Plan };
  readonly Verifying: { readonly plan: Plan; readonly enteredAt: Instant };
  readonly Blocked: { readonly reason: BlockReason | undefined; readonly origin: Origin };
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

export type Children = { readonly [K in ChildKind]?: ChildSnapshot<K> };

/** The request object as it was last seen. */
export interface ObservedRequest {
  readonly resourceVersion: string;
  readonly generation: number;
  readonly gone: boolean;
  readonly foreignConditions: Readonly<Record<string, Condition>>;
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
  readonly observed: ObservedRequest;
  readonly edits: readonly Edit[];
  readonly cancellation?: Cancellation;
  readonly decision?: KeptDecision;
  /** Time spent blocked while the global clock rested. */
  readonly suspendedMs: number;
  readonly suspendedSince?: Instant;
}

/** A remediation in phase P. */
export type RemediationIn<P extends Phase> = Remediation<StateIn<P>>;
