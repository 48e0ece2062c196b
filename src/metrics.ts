/** Every metric of the product, declared once. No metric has a name, a uid or a fingerprint as label. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

const PREFIX = 'kubernaut_remediationorchestrator_';

/** Which kind of write a status write is. */
export type StatusWriteKind = 'step' | 'mirror' | 'adopt' | 'restore';
/** Why a commit cannot be made yet. */
type WaitReason = 'unreachable' | 'auth' | 'disk' | 'partition' | 'serialization' | 'lock' | 'patch_422';
/** Which half of a commit. */
type CommitPart = 'transaction' | 'patch';

/** What the parts of the product report, and the registry it is read from. */
export interface Metrics {
  readonly registry: Registry;
  statusWritten(kind: StatusWriteKind): void;
  statusConflicted(namespace: string): void;
  apiRequested(request: { readonly verb: string; readonly resource: string; readonly code: string }): void;
  watchEventSeen(kind: string): void;
  registered(kind: 'rr' | 'foreign_execution' | 'self'): void;
  transitioned(change: { readonly from: string; readonly to: string; readonly namespace: string }): void;
  commitTook(part: CommitPart, seconds: number): void;
  commitWaits(reason: WaitReason): void;
  commitWaitsNoMore(reason: WaitReason): void;
  commitRetried(reason: WaitReason | 'conflict' | 'other'): void;
  fellBack(what: 'commit' | 'child'): void;
  auditEventWritten(eventType: string): void;
  sweepHit(by: 'watcher' | 'keeper' | 'relist', kind: string): void;
  foreignWritten(field: string, action: 'honoured' | 'restored' | 'left'): void;
  /** Where the age of the keeper's last whole pass is read when somebody looks at it; undefined before the first. */
  readKeeperBy(read: () => Promise<number | undefined>): void;
  childCreated(kind: string, namespace: string): void;
  timedOut(phase: string, namespace: string): void;
  approvalDecided(decision: 'approved' | 'rejected' | 'expired', namespace: string): void;
  stepHandled(phase: string, namespace: string): void;
  routed(answer: string, seconds: number): void;
  blocked(reason: string, namespace: string): void;
  historyUnreadable(): void;
  /** Where the number of blocked remediations is read when somebody looks at it. */
  countBlockedBy(read: () => Promise<readonly { readonly namespace: string; readonly count: number }[]>): void;
  notificationMade(type: string, result: string): void;
  notificationsAvailable(available: boolean): void;
}

export interface MetricsOptions {
  readonly version: string;
  readonly commit: string;
  /** Whether figures of the process and of Node.js are collected too. */
  readonly processFigures: boolean;
}

/** The metrics of a process, in a registry of their own. */
export function createMetrics({ version, commit, processFigures }: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter<L>({ name: PREFIX + name, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge<L>({ name: PREFIX + name, help, labelNames, registers });

  const statusWrites = counter('status_writes_total', 'Writes of a RemediationRequest status', ['kind']);
  const conflicts = counter('status_conflicts_total', 'Status writes that met a write of somebody else', ['namespace']);
  const apiRequests = counter('api_requests_total', 'Requests to the API server', ['verb', 'resource', 'code']);
  const watchEvents = counter('watch_events_total', 'Watch events that arrived', ['kind']);
  const registrations = counter('registered_total', 'Rows put into the ledger', ['kind']);
  const transitions = counter('phase_transitions_total', 'Committed transitions', [
    'from_phase',
    'to_phase',
    'namespace',
  ]);
  const commitSeconds = new Histogram({
    name: `${PREFIX}step_commit_seconds`,
    help: 'Duration of the halves of a commit',
    labelNames: ['part'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const waiting = gauge('commit_waiting', 'Commits that cannot be made yet', ['reason']);
  const retries = counter('commit_retries_total', 'Commits that were tried again', ['reason']);
  const fallbacks = counter('local_commit_fallback_total', 'Fast paths that a regular activity took over from', [
    'what',
  ]);
  const auditEvents = counter('audit_events_total', 'Events written to the trail', ['event_type']);
  const sweepHits = counter('sweep_hits_total', 'News that a sweep found before any signal told it', ['by', 'kind']);
  const foreignWrites = counter('foreign_writes_total', 'Writes of others to what the product owns', [
    'field',
    'action',
  ]);
  let readKeeper: (() => Promise<number | undefined>) | undefined;
  new Gauge({
    name: `${PREFIX}keeper_last_run_seconds`,
    help: "Age of the keeper's last whole pass",
    registers,
    async collect() {
      // While the ledger cannot be read the last figure stays.
      const age = await readKeeper?.().catch(() => undefined);
      if (age !== undefined) this.set(age);
    },
  });
  const children = counter('child_crd_creations_total', 'Children created, not adopted', ['child_type', 'namespace']);
  const timeouts = counter('timeouts_total', 'Remediations that ran out of time', ['phase', 'namespace']);
  const decisions = counter('approval_decisions_total', 'Approval requests that ended', ['decision', 'namespace']);
  const steps = counter('reconcile_total', 'Steps handled', ['namespace', 'phase']);
  const notifications = counter('notification_creations_total', 'Notifications that were asked for', [
    'type',
    'result',
  ]);
  const available = gauge('notifications_available', 'Whether the cluster has notifications', []);
  const routings = new Histogram({
    name: `${PREFIX}routing_decision_seconds`,
    help: 'Duration of a routing decision, by its answer',
    labelNames: ['answer'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5],
    registers,
  });
  const blocks = counter('blocked_total', 'Blocks that were entered', ['reason', 'namespace']);
  const duplicates = counter('duplicates_skipped_total', 'Remediations that were left to another one', [
    'skip_reason',
    'namespace',
  ]);
  const unreadable = counter('routing_history_unreadable_total', 'Decisions taken without the earlier runs', []);
  let readBlocked: (() => Promise<readonly { readonly namespace: string; readonly count: number }[]>) | undefined;
  new Gauge({
    name: `${PREFIX}current_blocked`,
    help: 'Remediations that are blocked now',
    labelNames: ['namespace'],
    registers,
    async collect() {
      // While the ledger cannot be read the last figures stay.
      const counts = await readBlocked?.().catch(() => undefined);
      if (counts === undefined) return;
      this.reset();
      for (const { namespace, count } of counts) this.set({ namespace }, count);
    },
  });
  gauge('build_info', 'What is running', ['version', 'commit', 'node']).set(
    { version, commit, node: process.version },
    1,
  );
  if (processFigures) collectDefaultMetrics({ register: registry });

  return {
    registry,
    statusWritten: (kind) => {
      statusWrites.inc({ kind });
    },
    statusConflicted: (namespace) => {
      conflicts.inc({ namespace });
    },
    apiRequested: (request) => {
      apiRequests.inc(request);
    },
    watchEventSeen: (kind) => {
      watchEvents.inc({ kind });
    },
    registered: (kind) => {
      registrations.inc({ kind });
    },
    transitioned: ({ from, to, namespace }) => {
      transitions.inc({ from_phase: from, to_phase: to, namespace });
    },
    commitTook: (part, seconds) => {
      commitSeconds.observe({ part }, seconds);
    },
    commitWaits: (reason) => {
      waiting.inc({ reason });
    },
    commitWaitsNoMore: (reason) => {
      waiting.dec({ reason });
    },
    commitRetried: (reason) => {
      retries.inc({ reason });
    },
    fellBack: (what) => {
      fallbacks.inc({ what });
    },
    auditEventWritten: (eventType) => {
      auditEvents.inc({ event_type: eventType });
    },
    sweepHit: (by, kind) => {
      sweepHits.inc({ by, kind });
    },
    foreignWritten: (field, action) => {
      foreignWrites.inc({ field, action });
    },
    readKeeperBy: (read) => {
      readKeeper = read;
    },
    childCreated: (kind, namespace) => {
      children.inc({ child_type: kind, namespace });
    },
    timedOut: (phase, namespace) => {
      timeouts.inc({ phase, namespace });
    },
    approvalDecided: (decision, namespace) => {
      decisions.inc({ decision, namespace });
    },
    routed: (answer, seconds) => {
      routings.observe({ answer }, seconds);
    },
    blocked: (reason, namespace) => {
      blocks.inc({ reason, namespace });
      if (reason === 'DuplicateInProgress') duplicates.inc({ skip_reason: reason, namespace });
    },
    historyUnreadable: () => {
      unreadable.inc();
    },
    countBlockedBy: (read) => {
      readBlocked = read;
    },
    stepHandled: (phase, namespace) => {
      steps.inc({ namespace, phase });
    },
    notificationMade: (type, result) => {
      notifications.inc({ type, result });
    },
    notificationsAvailable: (isAvailable) => {
      available.set(isAvailable ? 1 : 0);
    },
  };
}
