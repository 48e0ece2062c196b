/** A commit: everything one step makes durable. First the trail and the ledger in one transaction, then the status in one PATCH. */
import type { AuditEvent } from './audit.ts';
import type { JsonObject } from './json.ts';
import type { Phase } from './phases.ts';
import type { RequestIdentity } from './request.ts';
import type { RequestSnapshot } from './snapshots.ts';
import type { Duplicates } from './state.ts';
import type { BlockReason, Condition, FailurePhase, Outcome, StatusDelta } from './status.ts';
import type { Instant } from './time.ts';

/** What the ledger knows of a RemediationRequest beside its identity. Absent members stay as they are; null empties them. */
export interface LedgerChange {
  readonly phase: Phase;
  readonly outcome?: Outcome | null;
  readonly failurePhase?: FailurePhase | null;
  readonly failureReason?: string | null;
  readonly timeoutPhase?: Phase | null;
  readonly targetKey?: string | null;
  readonly workflowId?: string | null;
  readonly actionType?: string | null;
  readonly executionName?: string | null;
  readonly executionCompletedAt?: Instant | null;
  readonly followedExecution?: string | null;
  readonly originPhase?: Phase | null;
  readonly blockReason?: BlockReason | null;
  readonly blockedUntil?: Instant | null;
  readonly waitingOn?: string | null;
  readonly inheritedFrom?: string | null;
  readonly preHash?: string | null;
  readonly postHash?: string | null;
  readonly consecutiveFailures?: number | null;
  readonly nextAllowedExecution?: Instant | null;
  readonly startedAt?: Instant | null;
  readonly terminalAt?: Instant | null;
  readonly suspendedMs?: number;
  readonly suspendedSince?: Instant | null;
  readonly deletedAt?: Instant | null;
}

/** What the ledger must know to enter a request that no watcher has registered yet. */
export interface Registration extends RequestIdentity {
  readonly clusterID?: string;
  readonly fingerprint: string;
  readonly targetNamespace: string;
  readonly createdAt: Instant;
  readonly workflowId: string;
  readonly phase: string;
  readonly outcome?: string;
  readonly failurePhase?: string;
  readonly failureReason?: string;
  readonly timeoutPhase?: string;
  readonly terminalAt?: Instant;
  /** Set for an object that was already ended or going away when it was first seen. */
  readonly deletedAt?: Instant;
}

/** The PATCH of a step. Conditions in the delta are keyed by type; the writer sends the whole list. */
export interface StatusWrite {
  readonly delta: StatusDelta;
  /** The resourceVersion that the PATCH is conditional on. */
  readonly resourceVersion: string;
  /** Conditions that belong to others, carried over unchanged. */
  readonly foreignConditions: Readonly<Record<string, Condition>>;
  /** The delivery of notifications, if the status does not show it yet: it goes along, and no event tells it. */
  readonly notificationStatus?: string;
  /** The phase before this step: what the status is expected to show, unless it shows the new one already. */
  readonly phaseBefore: Phase | undefined;
}

/** A Kubernetes Event about the request or one of its children; sent after the commit, as well as it goes. */
export interface KubernetesEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export interface Commit {
  readonly registration: Registration;
  /** Which run of the workflow may commit; raised when a lost run is replaced. */
  readonly generation: number;
  readonly step: number;
  readonly at: Instant;
  readonly events: readonly AuditEvent[];
  readonly ledger: LedgerChange;
  /** Absent when there is no object to write to, or nothing to write. */
  readonly write?: StatusWrite;
  readonly kubernetesEvents: readonly KubernetesEvent[];
  /** The fencing token of the target claim that must still be held. */
  readonly targetToken?: number;
  /** The execution is over, or never was: the target is free for others. */
  readonly releasesTarget?: boolean;
  /** What a run needs to go on after this step; kept in the ledger, so that a step that was made and forgotten can be taken up. */
  readonly memory: JsonObject;
}

/** A step as the ledger has it. */
export interface RecordedStep {
  readonly step: number;
  /** The status that the trail tells up to here. */
  readonly status: JsonObject;
  readonly memory: JsonObject;
}

/** Who must be told that something they wait for is over. */
export interface Waiter {
  readonly uid: string;
  readonly workflowId: string;
}

export type CommitAnswer =
  /**
   * Both halves are durable. `observed` is the request as it stands when the PATCH met somebody else's write.
   * `recorded` is set when the step was in the ledger already with another content: an earlier try was made and
   * forgotten. What is recorded counts.
   */
  | {
      readonly kind: 'committed';
      readonly resourceVersion?: string;
      readonly waiters: readonly Waiter[];
      readonly observed?: RequestSnapshot;
      readonly recorded?: RecordedStep;
      /** Who waits as a duplicate of this remediation. */
      readonly duplicates?: Duplicates;
    }
  /** The trail is durable, the object is gone. */
  | { readonly kind: 'gone'; readonly waiters: readonly Waiter[]; readonly recorded?: RecordedStep }
  /** The ledger row had already ended: nothing was written. */
  | { readonly kind: 'already-ended'; readonly phase: string }
  /** The target claim is not held any more: nothing was written. */
  | { readonly kind: 'claim-lost' }
  /** Another run of the workflow took over: nothing was written. */
  | { readonly kind: 'superseded'; readonly generation: number };
