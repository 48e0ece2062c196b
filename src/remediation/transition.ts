/** A transition: one row of the table with everything that taking it makes true. Built by one function per row in transitions/. */
import type { AuditEvent } from './audit.ts';
import type { KubernetesEvent, LedgerChange } from './commit.ts';
import type { PhaseAfter, RowId } from './phases.ts';
import type { ChildKind } from './snapshots.ts';
import type { StateIn } from './state.ts';
import type { Condition, ConditionType, FailurePhase, StatusDelta } from './status.ts';
import type { Instant } from './time.ts';

/** A condition as a step sets it; its times are stamped when the step is committed. */
export type ConditionChange = Pick<Condition, 'status' | 'reason' | 'message'>;
export type ConditionChanges = { readonly [T in ConditionType]?: ConditionChange };

/** A child that the step made, found or closed, as the trail tells it. */
export interface TouchedChild {
  readonly kind: ChildKind;
  readonly name: string;
  readonly uid: string;
  readonly action: 'created' | 'adopted' | 'cascaded';
}

/** An event as a row describes it; envelope and common payload are added when the step is committed. */
export type EventBody = Pick<AuditEvent, 'type' | 'action' | 'outcome' | 'data'> &
  Partial<
    Pick<
      AuditEvent,
      'severity' | 'actor' | 'resource' | 'sensitive' | 'durationMs' | 'parent' | 'errorCode' | 'errorMessage'
    >
  >;

export type ErrorCode =
  | 'ERR_TIMEOUT_REMEDIATION'
  | 'ERR_INVALID_TIMEOUT_CONFIG'
  | 'ERR_INVALID_CONFIG'
  | 'ERR_K8S_ALREADY_EXISTS'
  | 'ERR_INTERNAL_ORCHESTRATION';

/** How it ended, as the last event of a trail tells it. */
export interface Ending {
  /** One sentence on what happened; stands in status.message as well, unless that is to be kept. */
  readonly message: string;
  readonly failure?: {
    readonly phase: FailurePhase;
    readonly reason: string;
    readonly code: ErrorCode;
    readonly word: 'Timeout' | 'ApprovalRejected' | 'ValidationError' | 'InfrastructureError' | 'Unknown';
  };
  readonly timeout?: { readonly type: 'global' | 'phase'; readonly phase: string; readonly limit: string };
  readonly noAction?: { readonly reason: string; readonly suppressedUntil?: Instant };
  readonly dryRun?: { readonly heldUntil: Instant };
  readonly cancelled?: { readonly by: string; readonly via: string; readonly reason: string };
}

export interface Transition<R extends RowId = RowId> {
  readonly row: R;
  readonly to: StateIn<PhaseAfter<R>>;
  readonly delta: StatusDelta;
  readonly conditions: ConditionChanges;
  readonly children: readonly TouchedChild[];
  /** Events that explain the move, before it in the trail. */
  readonly before: readonly EventBody[];
  /** Events that follow from the move, after it in the trail. */
  readonly after: readonly EventBody[];
  readonly ledger: Partial<LedgerChange>;
  readonly kubernetesEvents: readonly KubernetesEvent[];
  /** Present exactly when the row ends the remediation. */
  readonly ending?: Ending;
  /** How a block ended, when this row leaves one. */
  readonly unblocked?: { readonly wake: 'signal' | 'sweep' | 'expiry' | 'operator'; readonly releasedBy?: string };
  /** The fencing token under which the execution was made. */
  readonly targetToken?: number;
  /** Set by a row that finds the execution over before the remediation ends. */
  readonly releasesTarget?: boolean;
  /** Set when there is no object left to write to. */
  readonly isGone?: boolean;
}

type Details<R extends RowId> = Omit<Partial<Transition<R>>, 'row' | 'to'>;

/** The transition of this row; what a row does not say is empty. */
export const transition = <R extends RowId>(row: R, to: Transition<R>['to'], details: Details<R>): Transition<R> => ({
  delta: {},
  conditions: {},
  children: [],
  before: [],
  after: [],
  ledger: {},
  kubernetesEvents: [],
  ...details,
  row,
  to,
});
