/** What the workflow asks of the cluster: which child to create with which spec. */
import type { JsonObject } from './json.ts';
import type { RequestIdentity } from './request.ts';
import type { AnyChildSnapshot, ChildKind, ChildSnapshot } from './snapshots.ts';

/** Kinds of which a remediation has at most one, named after it. */
export type OwnedKind = Exclude<ChildKind, 'NotificationRequest'>;

/** Members of the spec that are copied from another object when the child is made, because they may be too large for a workflow to carry. */
export interface CopiedMember {
  readonly from: { readonly kind: 'RemediationRequest' | OwnedKind; readonly name: string; readonly uid: string };
  /** Where the value stands in that object, and where it goes in the spec: `status.kubernetesContext`. */
  readonly path: string;
  readonly to: string;
}

/** A child to be there: create it, or find that the one of this name is ours. */
export interface ChildOrder {
  readonly kind: ChildKind;
  readonly name: string;
  readonly owner: RequestIdentity;
  readonly blockOwnerDeletion: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec: JsonObject;
  readonly copies?: readonly CopiedMember[];
  /** SHA-256 of the canonical JSON of `of` goes into this annotation; an existing object must carry the same. */
  readonly digest?: { readonly annotation: string; readonly of: JsonObject };
  /** Status that the object must have from the beginning; written in a second call, conditions keyed by type. */
  readonly firstStatus?: JsonObject;
}

export type ChildAnswer =
  | { readonly kind: 'created' | 'found'; readonly child: AnyChildSnapshot }
  /** An object of this name belongs to somebody else and will not go away. */
  | { readonly kind: 'foreign'; readonly message: string }
  /** The API server refuses the object as invalid. */
  | { readonly kind: 'invalid'; readonly message: string }
  /** The request itself is gone. */
  | { readonly kind: 'owner-gone' };

export type NotificationKind =
  | 'approval'
  | 'manual review'
  | 'self-resolved'
  | 'completion'
  | 'bulk'
  | 'escalation'
  | 'block'
  | 'global timeout'
  | 'phase timeout';

/** A block of a notification's body: its text, or what the source object says there. */
export type BodyPart = string | { readonly fromSource: 'alignment' | 'warnings' | 'execution' };

/** A NotificationRequest to be there. Its last parts are read from the source when it is made, because a workflow does not carry them. */
export interface NotificationOrder {
  readonly kind: NotificationKind;
  readonly name: string;
  readonly owner: RequestIdentity;
  /** The spec but for its body. */
  readonly spec: JsonObject;
  readonly body: readonly BodyPart[];
  readonly source?: { readonly kind: OwnedKind; readonly name: string; readonly uid: string };
}

export type NotificationAnswer =
  | { readonly kind: 'created' | 'found'; readonly child: ChildSnapshot<'NotificationRequest'> }
  /** Refused for good; nothing would change by trying again. */
  | { readonly kind: 'invalid'; readonly message: string }
  /** Not made for now: somebody else's object has its name, the cluster has no such kind, or it is not allowed or not reached. */
  | { readonly kind: 'foreign' | 'unavailable' | 'forbidden' | 'unreachable'; readonly message: string };
