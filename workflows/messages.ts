/** How the world talks to a running remediation. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Snapshot, WorkflowOverride } from '../src/remediation/snapshots.ts';
import type { RemediationView } from '../src/remediation/view.ts';

/** The watcher saw something: one or more snapshots, the newest of each object wins. */
export const seen = defineSignal<[readonly Snapshot[]]>('seen');

export interface DecideRequest {
  readonly decision: 'Approved' | 'Rejected';
  /** The verified identity of the person. */
  readonly by: string;
  /** Who spoke for the person, when it was not the person. */
  readonly via?: string;
  readonly message?: string;
  readonly override?: WorkflowOverride;
  /** Digest of the plan the person was shown; a different present plan refuses the decision. */
  readonly planDigest?: string;
}

export interface Verdict {
  readonly verdict: 'accepted' | 'already recorded';
  readonly decision: string;
  readonly by: string;
  readonly at: string;
}

/** A person answers an approval request. Refused with a code when it is not theirs to answer any more. */
export const decide = defineUpdate<Verdict, [DecideRequest]>('decide');

export interface CancelRequest {
  readonly by: string;
  readonly reason: string;
}

/** A person cancels the remediation. Refused once it has ended. */
export const cancel = defineUpdate<{ readonly phase: string }, [CancelRequest]>('cancel');

export interface UnblockRequest {
  readonly by: string;
  readonly reason: string;
}

/** A person lifts a block. Refused when there is none, or when it guards somebody else's work. */
export const unblock = defineUpdate<{ readonly lifted: string }, [UnblockRequest]>('unblock');

/** What a running remediation says of itself. */
export type { RemediationView };
export const view = defineQuery<RemediationView>('view');
