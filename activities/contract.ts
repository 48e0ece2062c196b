/** What workflows may call. Types only: workflows import this file and nothing else of this folder. */
import type {
  ChildAnswer,
  ChildOrder,
  NotificationAnswer,
  NotificationOrder,
  OwnedKind,
} from '../src/remediation/children.ts';
import type { Commit, CommitAnswer, RecordedStep, Waiter } from '../src/remediation/commit.ts';
import type { JsonObject } from '../src/remediation/json.ts';
import type { HistoryQuestion, PastRemediation } from '../src/remediation/history.ts';
import type { CatalogueWorkflow } from '../src/remediation/override.ts';
import type { HashQuestion, TargetHash } from '../src/remediation/target-hash.ts';
import type { Mirror } from '../src/remediation/notifications/delivery.ts';
import type {
  OriginalAnswer,
  OriginalQuestion,
  RoutingAnswer,
  RoutingQuestion,
} from '../src/remediation/routing/question.ts';
import type { RequestIdentity } from '../src/remediation/request.ts';
import type { ChildSnapshot, RequestSnapshot } from '../src/remediation/snapshots.ts';
import type { Condition } from '../src/remediation/status.ts';

/** One child of a request, by the name it must have and the owner it must have. */
export interface ChildKey<K extends OwnedKind = OwnedKind> {
  readonly kind: K;
  readonly namespace: string;
  readonly name: string;
  readonly ownerUid: string;
}

export type Reading<K extends OwnedKind> =
  { readonly kind: 'found'; readonly child: ChildSnapshot<K> } | { readonly kind: 'absent' };

/** A status to put on a child, on the condition that nothing newer exists. Conditions are keyed by type. */
export interface ChildStatusWrite {
  readonly child: ChildKey;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly status: JsonObject;
  /** The conditions at that resourceVersion, where they are known; else they are read first. */
  readonly knownConditions?: readonly JsonObject[];
}

export type ChildStatusAnswer =
  | { readonly kind: 'written'; readonly resourceVersion: string }
  /** Somebody wrote in between: nothing was written, this is what stands there. */
  | { readonly kind: 'newer'; readonly child: ChildSnapshot<OwnedKind> }
  | { readonly kind: 'absent' }
  /** The API server, or an admission policy, does not let us. */
  | { readonly kind: 'forbidden'; readonly message: string };

export type NotificationReading =
  { readonly kind: 'found'; readonly child: ChildSnapshot<'NotificationRequest'> } | { readonly kind: 'absent' };

/** The write that shows how notifications are delivered. The conditions are those known; a conflict brings newer ones. */
export interface MirrorWrite {
  readonly request: RequestIdentity;
  readonly resourceVersion: string;
  readonly mirror: Mirror;
  readonly conditions: Readonly<Record<string, Condition>>;
}

export type MirrorAnswer =
  /** `observed` is the request as it stands when somebody else had written meanwhile. */
  | { readonly kind: 'written'; readonly resourceVersion: string; readonly observed?: RequestSnapshot }
  | { readonly kind: 'gone' };

export interface RemediationActivities {
  /** Makes one step durable: trail and ledger in one transaction, then one PATCH of the status. Safe to repeat at any point. */
  commitStep(commit: Commit): Promise<CommitAnswer>;
  /** Creates the child, or finds that it is already there and ours. */
  ensureChild(order: ChildOrder): Promise<ChildAnswer>;
  /** Reads one child; one with another owner counts as absent. */
  readChild(key: ChildKey): Promise<Reading<OwnedKind>>;
  /** Reads the request; undefined when it is gone or re-created. */
  readRequest(request: RequestIdentity): Promise<RequestSnapshot | undefined>;
  /** Creates the notification, or finds that it is there; what does not work out for now is an answer as well. */
  ensureNotification(order: NotificationOrder): Promise<NotificationAnswer>;
  /** Reads a notification that somebody else may have made. */
  readNotification(question: { readonly namespace: string; readonly name: string }): Promise<NotificationReading>;
  /** Shows the delivery of notifications in the status. Touches nothing else, whatever phase stands there. */
  writeMirror(write: MirrorWrite): Promise<MirrorAnswer>;
  /** Writes a child's status unless something newer is there. */
  writeChildStatus(write: ChildStatusWrite): Promise<ChildStatusAnswer>;
  /** What the ledger has recorded of the remediation; undefined before its first step. */
  readLedger(request: { readonly uid: string }): Promise<RecordedStep | undefined>;
  /** The earlier ends of the same signal, most recent first, as the ledger has them. */
  readHistory(question: HistoryQuestion): Promise<readonly PastRemediation[]>;
  /** Reads a workflow of the catalogue; undefined when there is none of this name. */
  readCatalogue(question: {
    readonly namespace: string;
    readonly name: string;
  }): Promise<CatalogueWorkflow | undefined>;
  /** The hash of the target's state before anything is done to it. Never throws for a target that cannot be read. */
  captureHash(question: HashQuestion): Promise<TargetHash>;
  /** Whether a remediation may go on. The same question gets the same answer, however often it is asked. */
  route(question: RoutingQuestion): Promise<RoutingAnswer>;
  /** How the original of a duplicate stands. */
  readOriginal(question: OriginalQuestion): Promise<OriginalAnswer>;
  /** Tells waiting remediations that what they wait for is over. */
  wake(waiters: readonly Waiter[]): Promise<void>;
}
