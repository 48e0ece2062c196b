/** Sees every RemediationRequest and every child, and lets the workflows know. Keeps nothing that a restart could lose. */
import { startReflector } from '../../src/kubernetes/reflector.ts';
import type { Reflector, ReflectorState } from '../../src/kubernetes/reflector.ts';
import type { Kind } from '../../src/kubernetes/kinds.ts';
import { CHILD_KINDS } from '../../src/remediation/snapshots.ts';
import type { ChildKind } from '../../src/remediation/snapshots.ts';
import { createDesk } from './desk.ts';
import { createExecutions } from './executions.ts';
import type { Watcher, WatcherOptions } from './options.ts';
import { isOver, seenChild, seenRequest } from './state.ts';
import type { SeenChild } from './state.ts';
import { sweep } from './sweep.ts';
import type { Repeat } from './sweep.ts';

export type { Watcher, WatcherOptions, Workflows } from './options.ts';

const SWEEP_MS = 30_000;
const SWEEP_AGE_MS = 10_000;

/** A cluster may have been set up without the notification service. */
const OPTIONAL: ReadonlySet<Kind> = new Set<Kind>(['NotificationRequest']);

/** Starts at once, whatever of its surroundings is there yet, and goes on until it is stopped. */
export function startWatcher(options: WatcherOptions): Watcher {
  const { client, namespace, log, metrics, sweepMs = SWEEP_MS, sweepAgeMs = SWEEP_AGE_MS } = options;
  const desk = createDesk(options);
  const children = new Map<ChildKind, Reflector<SeenChild>>();
  const { noteExecutions } = options;
  const executions =
    noteExecutions === undefined
      ? undefined
      : createExecutions({
          note: noteExecutions,
          wake: (uid) => options.workflows.send(uid, []),
          isLive: (uid) => {
            const seen = desk.requests.get(uid);
            return seen !== undefined && !isOver(seen.snapshot);
          },
          log,
        });
  const repeats = new Map<string, Repeat>();
  let stopped = false;

  const shared = (kind: Kind) => ({
    client,
    kind,
    namespace,
    onState: (state: ReflectorState) => {
      tell(kind, state);
    },
    ...(options.relistMs === undefined ? {} : { relistMs: options.relistMs }),
    ...(options.watchSeconds === undefined ? {} : { watchSeconds: options.watchSeconds }),
  });

  const tell = (kind: Kind, state: ReflectorState): void => {
    if (state.kind === 'connected') log.info('Watching', { kind });
    else if (state.kind === 'absent')
      log[OPTIONAL.has(kind) ? 'info' : 'warn']('Kind is not installed in the cluster, retrying', { kind });
    else log.warn('Watch is broken, retrying', { kind, reason: state.reason });
  };

  /** The first decision must know every request, and every execution on a target that somebody else has started. */
  let isOpening = false;
  const openOnce = (): void => {
    if (isOpening) return;
    isOpening = true;
    Promise.resolve(executions?.listed())
      .then(() => desk.openWhenRegistered())
      .catch((err: unknown) => {
        log.error('Opening the watcher failed', { err });
      });
  };

  const startChildren = (): void => {
    if (stopped || children.size > 0) return;
    for (const kind of CHILD_KINDS)
      children.set(
        kind,
        startReflector<SeenChild>({
          ...shared(kind),
          keep(object) {
            const seen = seenChild(kind, object);
            if (kind === 'WorkflowExecution') executions?.remember(seen, object);
            return seen;
          },
          handle(change) {
            metrics?.watchEventSeen(kind);
            if (kind === 'WorkflowExecution') executions?.take(change);
            desk.takeChild(change);
          },
          ...(kind === 'WorkflowExecution' ? { onListed: openOnce } : {}),
        }),
      );
  };

  const requests = startReflector({
    ...shared('RemediationRequest'),
    keep: seenRequest,
    handle(change) {
      metrics?.watchEventSeen('RemediationRequest');
      desk.takeRequest(change);
    },
    onListed() {
      if (children.size > 0) return;
      // Children are listed once their owners are known: what the owners' phases have consumed need not be told.
      startChildren();
      if (executions === undefined) openOnce();
    },
  });

  const sweepOnce = (): void => {
    // What is compared must be fresh on both sides.
    if (!desk.isOpen() || requests.state()?.kind !== 'connected') return;
    const found = sweep({
      now: Date.now(),
      ageMs: sweepAgeMs,
      intervalMs: sweepMs,
      requests: desk.requests.values(),
      children: childrenSeen(children.values()),
      repeats,
    });
    for (const seen of found.start) desk.startAgain(seen);
    for (const { uid, snapshot } of found.send) {
      log.info('Telling a workflow again what it seems to have missed', { rr_uid: uid, child_kind: snapshot.kind });
      metrics?.sweepHit('watcher', snapshot.kind);
      desk.sendAgain(uid, snapshot);
    }
  };
  const sweeping = setInterval(sweepOnce, sweepMs);

  const kubernetes = (): string => {
    const watched: [Kind, Reflector<unknown>][] = [['RemediationRequest', requests], ...children];
    for (const [kind, reflector] of watched) {
      const state = reflector.state();
      if (state?.kind === 'absent' && OPTIONAL.has(kind)) continue;
      if (state !== undefined && state.kind !== 'connected') return `${kind}: ${state.reason}`;
      if (!reflector.synced()) return `${kind} has not been listed yet`;
    }
    return 'ok';
  };

  return {
    synced: () => desk.isOpen() && [...children].every(([kind, one]) => one.synced() || OPTIONAL.has(kind)),
    readiness: () => ({ kubernetes: kubernetes(), postgres: desk.postgres(), temporal: desk.temporal() }),
    async stop() {
      stopped = true;
      clearInterval(sweeping);
      await Promise.all([requests.stop(), ...[...children.values()].map((reflector) => reflector.stop())]);
      await executions?.stop();
      await desk.stop();
    },
  };
}

function* childrenSeen(reflectors: Iterable<Reflector<SeenChild>>): Generator<SeenChild> {
  for (const reflector of reflectors) yield* reflector.objects();
}
