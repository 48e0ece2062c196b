/** What a step may ask of the world. remediation.ts binds them to activities, timers and messages; tests bind them to plain objects. */
import type { ChildKey, ChildStatusAnswer, ChildStatusWrite, Reading } from '../activities/contract.ts';
import type {
  ChildAnswer,
  ChildOrder,
  NotificationAnswer,
  NotificationOrder,
  OwnedKind,
} from '../src/remediation/children.ts';
import type { Commit, CommitAnswer, RecordedStep } from '../src/remediation/commit.ts';
import type { Found } from '../src/remediation/found.ts';
import type { HistoryQuestion, PastRemediation } from '../src/remediation/history.ts';
import type { CatalogueWorkflow } from '../src/remediation/override.ts';
import type { LivePhase } from '../src/remediation/phases.ts';
import type { RequestIdentity } from '../src/remediation/request.ts';
import type { Question } from '../src/remediation/routing/asking.ts';
import type { OriginalAnswer, OriginalQuestion, RoutingAnswer } from '../src/remediation/routing/question.ts';
import type { RequestSnapshot } from '../src/remediation/snapshots.ts';
import type { Remediation, RemediationIn } from '../src/remediation/state.ts';
import type { HashQuestion, TargetHash } from '../src/remediation/target-hash.ts';
import type { Instant } from '../src/remediation/time.ts';

export interface Observation {
  readonly remediation: RemediationIn<LivePhase>;
  readonly found: Found;
}

export interface Ports {
  /** The time of the workflow: the same on every replay. */
  readonly now: () => Instant;
  /** A number between 0 and 1, the same on every replay. */
  readonly random: () => number;
  /** Waits until something is found; takes in all news first. Nothing is pending when it returns. */
  readonly observe: (r: RemediationIn<LivePhase>) => Promise<Observation>;
  /** Shows people where the remediation is. */
  readonly show: (r: Remediation) => void;
  /** Makes the step durable; tried until it is. */
  readonly commit: (commit: Commit) => Promise<CommitAnswer>;
  /** May it go on? Who has to ask now because of the answer has been told. */
  readonly route: (question: Question) => Promise<RoutingAnswer>;
  /** How the original of a duplicate stands; while it lives, its end wakes the duplicate. */
  readonly readOriginal: (question: OriginalQuestion) => Promise<OriginalAnswer>;
  readonly ensureChild: (order: ChildOrder) => Promise<ChildAnswer>;
  /** Reads the request itself; undefined when it is gone. */
  readonly readRequest: (request: RequestIdentity) => Promise<RequestSnapshot | undefined>;
  /** What the ledger has recorded of this remediation; undefined before its first step. */
  readonly readLedger: (request: { readonly uid: string }) => Promise<RecordedStep | undefined>;
  /** Makes sure of a notification within ten seconds; a failure is an answer. */
  readonly ensureNotification: (order: NotificationOrder) => Promise<NotificationAnswer>;
  readonly readChild: (key: ChildKey) => Promise<Reading<OwnedKind>>;
  readonly writeChildStatus: (write: ChildStatusWrite) => Promise<ChildStatusAnswer>;
  readonly readHistory: (question: HistoryQuestion) => Promise<readonly PastRemediation[]>;
  readonly readCatalogue: (question: {
    readonly namespace: string;
    readonly name: string;
  }) => Promise<CatalogueWorkflow | undefined>;
  readonly captureHash: (question: HashQuestion) => Promise<TargetHash>;
  /** Lets time pass. */
  readonly pause: (ms: number, why: string) => Promise<void>;
}

/** Thrown by an effect that is overtaken: what was found before it began does not hold any more. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** Thrown when the ledger says that the remediation has ended or that another run carries it. */
export class TakenOver extends Error {
  override readonly name = 'TakenOver';
}
