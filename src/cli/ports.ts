/** What commands may ask of the world. Clients are made when they are first used, so a command needs only what it asks. */
import type { ExitCode, Io } from './command.ts';
import type { KubernetesObject } from '../kubernetes/client.ts';
import type { Kind } from '../kubernetes/kinds.ts';
import type { TrailEvent } from '../postgres/event-row.ts';
import type { RoutingStanding } from '../postgres/routing/standing.ts';
import type { Verification } from '../postgres/verify.ts';
import type { RemediationKey, RemediationRow } from '../postgres/ledger.ts';
import type { RequestIdentity } from '../remediation/request.ts';
import type { UpdateAnswer } from '../temporal/starter.ts';
import type { CancelRequest, DecideRequest, UnblockRequest, Verdict } from '../../workflows/messages.ts';
import type { AuditDesk } from './audit-desk.ts';
import type { Registration } from '../remediation/commit.ts';
import type { RemediationView } from '../remediation/view.ts';

/** The cluster. Throws an UnavailableError that says what to do when it does not answer. */
export interface Cluster {
  get(kind: Kind, namespace: string, name: string): Promise<KubernetesObject | undefined>;
  list(kind: Kind, namespace: string): Promise<readonly KubernetesObject[]>;
  /** The name that the API server knows the caller under. */
  whoAmI(): Promise<string>;
}

/** An attempt to decide that was refused, for the trail. */
export interface RefusedAttempt {
  readonly request: Registration;
  readonly approval: { readonly name: string; readonly uid: string };
  readonly decision: string;
  readonly by: string;
  readonly via?: string;
  readonly code: string;
  readonly message: string;
  readonly updateId: string;
}

/** Trail and ledger in PostgreSQL. */
export interface Store {
  remediation(key: RemediationKey): Promise<RemediationRow | undefined>;
  /** Every remediation of a namespace, for going through all of them. */
  remediations(namespace: string): Promise<readonly RequestIdentity[]>;
  trail(uid: string): Promise<readonly TrailEvent[]>;
  /** The last answer of routing, and who holds what it wants. */
  routing(uid: string): Promise<RoutingStanding | undefined>;
  /** Checks the chain of one remediation, the rules of trails, and the ledger. */
  verify(uid: string): Promise<Verification>;
  recordRefusal(attempt: RefusedAttempt): Promise<void>;
  migrate(): Promise<'migrated' | 'up-to-date'>;
  /** Where the database is, without secrets. */
  readonly address: string;
}

/** The remediation workflows, by the uid of their request. */
export interface Workflows {
  /** What the workflow says of itself; undefined when none runs. */
  view(uid: string): Promise<RemediationView | undefined>;
  decide(uid: string, updateId: string, decision: DecideRequest): Promise<UpdateAnswer<Verdict>>;
  cancel(uid: string, cancel: CancelRequest): Promise<UpdateAnswer<{ readonly phase: string }>>;
  unblock(uid: string, request: UnblockRequest): Promise<UpdateAnswer<{ readonly lifted: string }>>;
  /** Creates the namespace and makes its search attributes known. */
  prepare(): Promise<void>;
  /** Page of the workflow in Temporal's UI, if it is known where that is. */
  uiLink(uid: string): string | undefined;
}

/** What `rrctl up` is asked for beyond the flags of every command. */
export interface UpInput {
  readonly state: string | undefined;
  readonly health: string | undefined;
}

export interface Dependencies {
  /** The namespace that the command is about. */
  readonly namespace: () => string;
  readonly cluster: Cluster;
  readonly store: Store;
  readonly workflows: Workflows;
  readonly audit: AuditDesk;
  /** Runs the product in this process until it is told to stop. */
  readonly up: (input: UpInput, io: Io) => Promise<ExitCode>;
}
