/** Knows every request and its workflow: registers what is new, starts what may run, and carries what is news to whom it concerns. */
import type { Change } from '../../src/kubernetes/picture.ts';
import { workflowId } from '../../src/remediation/names.ts';
import { isTouched, isUnshown } from '../../src/remediation/keeper/missed.ts';
import { isConclusive, weightOf } from '../../src/remediation/news.ts';
import { toRegistration } from '../../src/remediation/projections.ts';
import type { AnyChildSnapshot, RequestSnapshot, Snapshot } from '../../src/remediation/snapshots.ts';
import { createConnectionState } from './connection-state.ts';
import type { WatcherOptions } from './options.ts';
import { createOutbox } from './outbox.ts';
import type { Delivery } from './outbox.ts';
import { createRegistrar } from './registrar.ts';
import { createStartQueue } from './start-queue.ts';
import { isOver, mayStart } from './state.ts';
import type { SeenChild, SeenRequest } from './state.ts';
import { mayBeUnconsumed } from './sweep.ts';

export interface Desk {
  readonly requests: ReadonlyMap<string, SeenRequest>;
  takeRequest(change: Change<SeenRequest>): void;
  takeChild(change: Change<SeenChild>): void;
  /** Everything seen until here gets registered; only then does anything start or go out. */
  openWhenRegistered(): Promise<void>;
  isOpen(): boolean;
  /** What a sweep found. */
  startAgain(seen: SeenRequest): void;
  sendAgain(uid: string, snapshot: Snapshot): void;
  postgres(): string;
  temporal(): string;
  stop(): Promise<void>;
}

type DeskOptions = Pick<
  WatcherOptions,
  'workflows' | 'register' | 'hint' | 'settings' | 'localFirst' | 'log' | 'metrics' | 'startsPerSecond'
>;

/** So many requests that are gone are remembered, so that the end of their children is no riddle. */
const GONE_REMEMBERED = 10_000;

/** Whether a request follows this object although it may not own it. An ended one does not follow executions any more. */
const follows = (
  { status, ...request }: RequestSnapshot,
  kind: 'WorkflowExecution' | 'NotificationRequest',
  name: string,
): boolean =>
  kind === 'WorkflowExecution'
    ? status.routingStatus?.deduplicatedByWE === name && !isOver({ status, ...request })
    : (status.completionStatus?.notificationRequestRefs ?? []).some((ref) => ref.name === name);

/** Closed at first: it listens, and does nothing. */
export function createDesk(options: DeskOptions): Desk {
  const { workflows, log, metrics } = options;
  const requests = new Map<string, SeenRequest>();
  const unregistered = new Set<string>();
  const gone = new Set<string>();
  const closed = new Set<string>();
  const postgres = createConnectionState('PostgreSQL', log);
  const temporal = createConnectionState('Temporal', log);
  let opened = false;

  const hint = (uid: string, mayWait = false): void => {
    options.hint?.(uid, mayWait).catch((err: unknown) => {
      log.debug('Noting a change for the keeper failed', { rr_uid: uid, err });
    });
  };

  const startable = (uid: string): SeenRequest | undefined => {
    const seen = requests.get(uid);
    return seen !== undefined && !unregistered.has(uid) && mayStart(seen.snapshot) ? seen : undefined;
  };

  const deliver = async (uid: string, snapshots: readonly Snapshot[]): Promise<Delivery> => {
    const seen = requests.get(uid);
    const endSeen = snapshots.some((snapshot) => snapshot.kind === 'RemediationRequest' && snapshot.gone === true);
    if (seen === undefined && !endSeen) return gone.has(uid) ? 'dropped' : 'unknown';
    if (seen !== undefined && isOver(seen.snapshot)) return 'dropped';
    if (starts.has(uid)) return 'later';
    if ((await workflows.send(uid, snapshots)) === 'sent') return 'sent';
    if (startable(uid) !== undefined && !closed.has(uid)) {
      starts.add(uid);
      return 'later';
    }
    if (seen !== undefined) hint(uid);
    return 'dropped';
  };

  const outbox = createOutbox({ deliver, connection: temporal });

  const starts = createStartQueue({
    current: startable,
    ensure: ({ request, snapshot }) =>
      workflows.ensure({
        request,
        observed: snapshot,
        settings: options.settings,
        generation: 1,
        localFirst: options.localFirst,
      }),
    connection: temporal,
    ...(options.startsPerSecond === undefined ? {} : { perSecond: options.startsPerSecond }),
    onEnsured({ request, snapshot }, ensured) {
      const { name: rr, uid } = request;
      if (ensured === 'started') log.info('Started workflow', { rr, rr_uid: uid, workflow_id: workflowId(uid) });
      if (ensured === 'closed' && !closed.has(uid)) {
        closed.add(uid);
        log.warn('Workflow has ended although its request has not', { rr, rr_uid: uid, workflow_id: workflowId(uid) });
        hint(uid);
      }
      // A run that was there may not know what it would have been started with.
      if (ensured === 'running') outbox.put(uid, snapshot, weightOf(undefined, snapshot));
      outbox.hurry(uid);
    },
  });

  const admit = ({ snapshot }: SeenRequest): void => {
    if (mayStart(snapshot)) starts.add(snapshot.uid);
    else if (!isOver(snapshot)) outbox.put(snapshot.uid, snapshot, weightOf(undefined, snapshot));
    else if (isTouched(snapshot)) hint(snapshot.uid);
  };

  const registrar = createRegistrar({
    register: options.register,
    connection: postgres,
    onRegistered({ uid }) {
      unregistered.delete(uid);
      metrics?.registered('rr');
      const seen = requests.get(uid);
      if (opened && seen !== undefined) admit(seen);
    },
  });

  const forget = (uid: string): void => {
    requests.delete(uid);
    unregistered.delete(uid);
    closed.delete(uid);
    gone.add(uid);
    const [oldest] = gone;
    if (gone.size > GONE_REMEMBERED && oldest !== undefined) gone.delete(oldest);
  };

  /** Who hears of a child: its owner, and whoever follows an execution that it turned out to duplicate, or a notification of somebody else. */
  const audience = ({ kind, name, ownerUid }: AnyChildSnapshot): readonly string[] => {
    const uids = ownerUid === undefined ? [] : [ownerUid];
    const isOthers = ownerUid === undefined || !requests.has(ownerUid);
    if (kind !== 'WorkflowExecution' && !(kind === 'NotificationRequest' && isOthers)) return uids;
    for (const { snapshot } of requests.values()) if (follows(snapshot, kind, name)) uids.push(snapshot.uid);
    return uids;
  };

  return {
    requests,
    takeRequest({ type, object, previous }) {
      const { snapshot, request } = object;
      const { uid } = snapshot;
      if (type === 'deleted') {
        forget(uid);
        if (isOver(snapshot)) hint(uid);
        else outbox.put(uid, { ...snapshot, gone: true }, 'urgent');
        return;
      }
      requests.set(uid, object);
      if (previous === undefined) {
        unregistered.add(uid);
        registrar.add(toRegistration(request, snapshot));
        return;
      }
      const weight = weightOf(previous.snapshot, snapshot);
      if (!isOver(snapshot)) outbox.put(uid, snapshot, weight);
      else if (weight !== 'none') hint(uid);
    },
    takeChild({ type, object, previous }) {
      // The end of a child is as old as its first sight, whatever is written to it afterwards.
      if (previous?.concludedAt !== undefined) object.concludedAt = previous.concludedAt;
      const snapshot: AnyChildSnapshot = type === 'deleted' ? { ...object.snapshot, gone: true } : object.snapshot;
      const weight = weightOf(previous?.snapshot, snapshot);
      for (const uid of audience(snapshot)) {
        const owner = requests.get(uid)?.snapshot;
        if (owner !== undefined && isOver(owner)) {
          // A notification goes through several states at a time; one write shows them all.
          const mayWait = snapshot.kind === 'NotificationRequest';
          if (previous === undefined ? isUnshown(owner, snapshot) : weight !== 'none') hint(uid, mayWait);
          continue;
        }
        const isOld =
          previous === undefined &&
          type !== 'deleted' &&
          isConclusive(snapshot) &&
          snapshot.kind !== 'NotificationRequest' &&
          owner !== undefined &&
          uid === snapshot.ownerUid &&
          !mayBeUnconsumed(owner.status.overallPhase, object);
        if (!isOld) outbox.put(uid, snapshot, weight);
      }
    },
    async openWhenRegistered() {
      await registrar.settled();
      opened = true;
      for (const [uid, seen] of requests) if (!unregistered.has(uid)) admit(seen);
      starts.open();
      outbox.open();
    },
    isOpen: () => opened,
    startAgain({ snapshot }) {
      if (!unregistered.has(snapshot.uid) && !closed.has(snapshot.uid)) starts.add(snapshot.uid);
    },
    sendAgain(uid, snapshot) {
      outbox.put(uid, snapshot, 'urgent');
    },
    postgres: postgres.state,
    temporal: temporal.state,
    async stop() {
      await Promise.all([registrar.stop(), starts.stop(), outbox.stop()]);
    },
  };
}
