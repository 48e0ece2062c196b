/**
 * Enough of the world to carry a remediation from its first sight to its end in memory: a clock that tests move, a
 * cluster, a ledger, and child controllers that answer. Children and statuses go through the product's own activities.
 */
import { childActivities } from '../../activities/children.ts';
import { childStatusActivities } from '../../activities/child-status.ts';
import { notificationActivities } from '../../activities/notifications.ts';
import type { Deps } from '../../activities/deps.ts';
import { writeStatus } from '../../activities/status.ts';
import type { StatusChange } from '../../activities/status.ts';
import { OrchestratorError } from '../../src/errors.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { createMetrics } from '../../src/metrics.ts';
import type { LastStep } from '../../src/postgres/commit-transaction.ts';
import { judge } from '../../src/remediation/approval.ts';
import type { Judgement } from '../../src/remediation/approval.ts';
import { CHILD_KINDS } from '../../src/remediation/snapshots.ts';
import type { OwnedKind } from '../../src/remediation/children.ts';
import type { Commit, CommitAnswer } from '../../src/remediation/commit.ts';
import { nextDeadline } from '../../src/remediation/deadlines.ts';
import { decide } from '../../src/remediation/decide/index.ts';
import type { Found } from '../../src/remediation/found.ts';
import type { PastRemediation } from '../../src/remediation/history.ts';
import type { JsonObject } from '../../src/remediation/json.ts';
import { weightOf } from '../../src/remediation/news.ts';
import { nameOf } from '../../src/remediation/orders.ts';
import type { CatalogueWorkflow } from '../../src/remediation/override.ts';
import { isTerminal } from '../../src/remediation/phases.ts';
import type { LivePhase } from '../../src/remediation/phases.ts';
import { toChildSnapshot, toRequestSnapshot } from '../../src/remediation/projections.ts';
import type { RemediationRequest } from '../../src/remediation/request.ts';
import type { Settings } from '../../src/remediation/settings.ts';
import type { AnyChildSnapshot, Snapshot, StatusOf } from '../../src/remediation/snapshots.ts';
import type { Remediation, RemediationIn } from '../../src/remediation/state.ts';
import { take } from '../../src/remediation/take.ts';
import type { News } from '../../src/remediation/take.ts';
import type { TargetHash } from '../../src/remediation/target-hash.ts';
import type { Instant } from '../../src/remediation/time.ts';
import { beginning } from '../../workflows/beginning.ts';
import { drive } from '../../workflows/drive.ts';
import type { DecideRequest } from '../../workflows/messages.ts';
import { Overtaken } from '../../workflows/ports.ts';
import type { Ports } from '../../workflows/ports.ts';
import { resume } from '../../workflows/resume.ts';
import { aCluster } from './cluster.ts';
import type { Cluster } from './cluster.ts';
import { aLedger } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import { aRequest, aSettings, SECOND, START } from './request.ts';
import { analysed, assessed, executed, processed } from './snapshots.ts';

/** What a child's controller says, and how long after the child was made. */
export interface Answer<K extends OwnedKind = OwnedKind> {
  readonly after?: number;
  readonly status: StatusOf[K];
}
export type Answers = { readonly [K in OwnedKind]?: Answer<K> | 'silent' };

/** Where a crash hits: before anything of the commit is durable, between ledger and status, or before the answer is heard. */
export type CrashPoint = 'before' | 'between' | 'after';

export interface WorldOptions {
  readonly request?: RemediationRequest;
  readonly settings?: Settings;
  /** The status that the request has when it is first seen. */
  readonly status?: JsonObject;
  /** Children that are not named answer after a second, so that the remediation goes the direct way. */
  readonly answers?: Answers;
  readonly history?: readonly PastRemediation[];
  readonly catalogue?: readonly CatalogueWorkflow[];
  /** The state of the target before it is touched; none when absent. */
  readonly hash?: TargetHash;
  /** How long each effect takes. */
  readonly effectMs?: number;
  /** How long a change is under way until it is heard of. */
  readonly lagMs?: number;
}

export interface World {
  readonly now: () => Instant;
  readonly cluster: Cluster;
  readonly ledger: Ledger;
  /** Lets something happen so long after the start. */
  readonly at: (ms: number, event: () => void) => void;
  /** A child's controller writes. */
  readonly tell: <K extends OwnedKind>(kind: K, status: StatusOf[K]) => void;
  /** Somebody writes into the status of the request. */
  readonly edit: (status: JsonObject, manager?: string) => void;
  /** The synchronous door for decisions. */
  readonly decide: (request: DecideRequest) => Judgement;
  readonly cancel: (by: string, reason?: string) => void;
  /** The n-th commit from now on dies; the worker is back after that long. */
  readonly crash: (commit: number, point: CrashPoint, downMs?: number) => void;
  /** The API server answers nobody in this time. */
  readonly outage: (from: number, to: number) => void;
  /** No worker runs in this time. */
  readonly down: (from: number, to: number) => void;
  /** The run is set back to its beginning and knows nothing any more; ledger and cluster know all. */
  readonly forget: () => void;
  /** How often the run died or was set back: each time a write may be sent again. */
  readonly restarts: () => number;
  /** Lets everything happen until the end, or so long after the start. */
  readonly run: (untilMs?: number) => Promise<Remediation>;
  /** What steps may ask of this world, some of it answered otherwise. */
  readonly portsWith: (changes: Partial<Ports>) => Ports;
  /** The request with its status as it stands; undefined when it is gone. */
  readonly status: () => JsonObject | undefined;
}

class Crashed extends Error {}
class Stopped extends Error {}

const DIRECT: Answers = {
  SignalProcessing: { status: processed },
  AIAnalysis: { status: analysed() },
  WorkflowExecution: { status: executed },
  EffectivenessAssessment: { status: assessed },
};

const metrics = createMetrics({ version: 'test', commit: '', processFigures: false });

interface Planned {
  readonly at: Instant;
  readonly event: () => void;
}

/** A world in which the request has just been created. */
export function aWorld(options: WorldOptions = {}): World {
  const { request = aRequest(), settings = aSettings(), effectMs = 0, lagMs = 0 } = options;
  const answers: Answers = { ...DIRECT, ...options.answers };
  let now = START;
  let planned: Planned[] = [];
  let outages: readonly (readonly [Instant, Instant])[] = [];
  let downtimes: readonly (readonly [Instant, Instant])[] = [];
  let crashes: { commit: number; readonly point: CrashPoint; readonly downMs: number }[] = [];
  let stopAt = Infinity;
  let restarts = 0;
  const ledger = aLedger();

  const plan = (at: Instant, event: () => void): void => {
    planned = [...planned, { at, event }].sort((a, b) => a.at - b.at);
  };

  // What the watcher would tell.
  const told = new Map<string, Snapshot>();
  let inbox: News[] = [];
  let sinceWait: News[] = [];
  const receive = (item: News): void => {
    inbox.push(item);
    sinceWait.push(item);
  };
  const hear = (snapshot: Snapshot | undefined): void => {
    if (snapshot === undefined || weightOf(told.get(snapshot.uid), snapshot) === 'none') return;
    told.set(snapshot.uid, snapshot);
    if (lagMs === 0) receive({ news: 'seen', snapshot });
    else plan(now + lagMs, () => receive({ news: 'seen', snapshot }));
  };

  const cluster = aCluster(request.namespace, (kind, object, gone) => {
    if (kind === 'RemediationRequest') hear(toRequestSnapshot(object, gone));
    else if (kind !== 'RemediationWorkflow') hear(toChildSnapshot(kind, object, gone));
  });
  const { name, uid, creationTimestamp, generation, spec } = request;
  const metadata = { name, uid, creationTimestamp, generation };
  cluster.put('RemediationRequest', { metadata, spec: spec as unknown as JsonObject });
  if (options.status !== undefined) cluster.patchStatus('kubectl', 'RemediationRequest', name, options.status);
  const first = cluster.find('RemediationRequest', name);
  const observed = first === undefined ? undefined : toRequestSnapshot(first);
  if (observed === undefined) throw new Error('the request has no identity');
  told.set(uid, observed);
  inbox = [];
  sinceWait = [];

  const kubernetes = cluster.client as KubernetesClient;
  const deps = { kubernetes, metrics } as Deps;
  const { ensureChild } = childActivities(deps);
  const quiet = { info: () => undefined, warn: () => undefined };
  const { ensureNotification } = notificationActivities({ ...deps, log: quiet });
  const { readChild, readRequest, writeChildStatus } = childStatusActivities(deps);

  const controllersAnswer = (kind: OwnedKind): void => {
    const answer = answers[kind];
    if (answer === undefined || answer === 'silent') return;
    plan(now + (answer.after ?? SECOND), () => {
      tell(kind, answer.status);
    });
  };
  const tell = <K extends OwnedKind>(kind: K, status: StatusOf[K]): void => {
    const child = cluster.find(kind, nameOf(kind, { request }));
    const phase = child?.status?.['phase'];
    if (child === undefined || phase === 'Completed' || phase === 'Failed') return;
    cluster.patchStatus(`${kind.toLowerCase()}-controller`, kind, child.metadata.name, status as unknown as JsonObject);
  };

  /** Moves the clock; what is due on the way happens. */
  const advanceTo = (at: Instant): void => {
    for (let due = planned[0]; due !== undefined && due.at <= at; due = planned[0]) {
      planned = planned.slice(1);
      now = Math.max(now, due.at);
      due.event();
    }
    now = Math.max(now, at);
  };
  const within = (times: readonly (readonly [Instant, Instant])[]) =>
    times.find(([from, to]) => from <= now && now < to);

  let known: Remediation = beginning({ request, observed, settings, generation: 1, localFirst: true });
  let resting: Remediation = known;
  const isBegun = Boolean(observed.status.overallPhase);
  let acting: Found | undefined;
  const upToDate = (): RemediationIn<LivePhase> => inbox.reduce(take, known) as RemediationIn<LivePhase>;
  const phase = (): LivePhase => known.state.phase as LivePhase;

  const effect = async <T>(work: () => Promise<T>, mayBeOvertaken: boolean): Promise<T> => {
    advanceTo(now + effectMs);
    for (;;) {
      const outage = within(outages);
      if (outage === undefined) {
        try {
          return await work();
        } catch (error) {
          if (!(error instanceof OrchestratorError) || !error.retryable) throw error;
        }
      }
      advanceTo(Math.min(outage?.[1] ?? Infinity, now + SECOND));
      if (now > stopAt) throw new Stopped();
      if (mayBeOvertaken && decide(upToDate(), phase(), now)?.found !== acting?.found) throw new Overtaken();
    }
  };

  const dies = (point: CrashPoint): void => {
    const crash = crashes.find(({ commit }) => commit === 0);
    if (crash?.point !== point) return;
    crashes = crashes.filter((other) => other !== crash);
    advanceTo(now + crash.downMs);
    throw new Crashed();
  };

  const commit = async (step: Commit): Promise<CommitAnswer> => {
    for (const crash of crashes) crash.commit -= 1;
    dies('before');
    const answer = ledger.commit(step);
    if (answer.kind !== 'committed') return answer;
    dies('between');
    const { recorded, fold } = answer;
    const taken = recorded === undefined ? {} : { recorded };
    const write = recorded === undefined ? step.write : writeOf(recorded);
    if (write === undefined) return { kind: 'committed', waiters: [], ...taken };
    const isEnd = isTerminal(recorded?.phase ?? step.ledger.phase);
    const written = await writeStatus(deps, { request, write, isEnd, after: fold });
    dies('after');
    if (written.kind === 'gone') return { kind: 'gone', waiters: [], ...taken };
    const { resourceVersion, observed: seen } = written;
    return {
      kind: 'committed',
      waiters: [],
      ...taken,
      resourceVersion,
      ...(seen === undefined ? {} : { observed: seen }),
    };
  };

  const ports: Ports = {
    now: () => now,
    random: () => 0.5,
    observe: (r) => {
      known = r;
      return new Promise((resolve) => {
        for (;;) {
          const downtime = within(downtimes);
          if (downtime !== undefined) advanceTo(downtime[1]);
          known = inbox.splice(0).reduce(take, known);
          const waiting = known as RemediationIn<LivePhase>;
          acting = decide(waiting, phase(), now);
          if (acting !== undefined) {
            resolve({ remediation: waiting, found: acting });
            return;
          }
          resting = known;
          sinceWait = [];
          const deadline = nextDeadline(waiting, phase())?.at ?? Infinity;
          const next = Math.min(planned[0]?.at ?? Infinity, deadline + 1);
          if (next > stopAt) throw new Stopped();
          if (next === Infinity) throw new Error(`Nothing will ever happen: it waits in ${phase()}`);
          advanceTo(Math.max(next, now));
        }
      });
    },
    show: (r) => {
      known = r;
    },
    commit: (step) => effect(() => commit(step), false),
    route: () => Promise.resolve({ answer: 'admitted' }),
    readOriginal: () => Promise.resolve({ original: 'unknown' }),
    ensureChild: (order) =>
      effect(async () => {
        const answer = await ensureChild(order);
        if (answer.kind === 'created') controllersAnswer(order.kind as OwnedKind);
        return answer;
      }, true),
    readRequest: (key) => effect(() => readRequest(key), false),
    ensureNotification: (order) => effect(() => ensureNotification(order), false),
    readLedger: () =>
      effect(() => {
        const last = ledger.commits.at(-1);
        const { step, memory } = last ?? { step: 0, memory: {} };
        return Promise.resolve(step === 0 ? undefined : { step, status: ledger.fold(), memory });
      }, false),
    readChild: (key) => effect(() => readChild(key), true),
    writeChildStatus: (write) => effect(() => writeChildStatus(write), false),
    readHistory: () => effect(() => Promise.resolve(options.history ?? []), false),
    readCatalogue: ({ name: wanted }) =>
      effect(() => Promise.resolve(options.catalogue?.find((workflow) => workflow.name === wanted)), true),
    captureHash: () => effect(() => Promise.resolve(options.hash ?? { kind: 'none' }), true),
    pause: (ms) => {
      advanceTo(now + ms);
      return Promise.resolve();
    },
  };

  return {
    now: () => now,
    cluster,
    ledger,
    at: (ms, event) => {
      plan(START + ms, event);
    },
    tell,
    edit: (status, manager = 'kubectl') => {
      if (cluster.find('RemediationRequest', name) === undefined) return;
      cluster.patchStatus(manager, 'RemediationRequest', name, status);
    },
    decide: (asked) => {
      const judgement = judge(upToDate(), asked);
      const { planDigest: _, ...said } = asked;
      if (judgement.judgement === 'accepted')
        receive({ news: 'decided', decision: { ...said, at: now, door: 'api', identity: 'token' } });
      return judgement;
    },
    cancel: (by, reason = '') => {
      receive({ news: 'cancelled', cancellation: { by, via: 'api', reason } });
    },
    crash: (number, point, downMs = SECOND) => {
      crashes.push({ commit: number, point, downMs });
    },
    outage: (from, to) => {
      outages = [...outages, [START + from, START + to]];
    },
    down: (from, to) => {
      downtimes = [...downtimes, [START + from, START + to]];
      plan(START + from, () => undefined);
    },
    restarts: () => restarts,
    portsWith: (changes) => ({ ...ports, ...changes }),
    forget: () => {
      restarts += 1;
      resting = beginning({ request, observed, settings, generation: 1, localFirst: true });
      known = resting;
      acting = undefined;
      sinceWait = [];
    },
    run: async (untilMs = Infinity) => {
      stopAt = START + untilMs;
      for (;;) {
        try {
          const start = isBegun && resting.step === 0 ? await resume(resting, ports) : resting;
          return start === undefined ? resting : (await drive(start, ports)).remediation;
        } catch (error) {
          if (error instanceof Stopped) {
            advanceTo(stopAt);
            return upToDate();
          }
          if (!(error instanceof Crashed)) throw error;
          restarts += 1;
          inbox = [...sinceWait];
        }
      }
    },
    status: () => cluster.find('RemediationRequest', name)?.status,
  };
}

const writeOf = ({ delta, phaseBefore }: LastStep): StatusChange['write'] => ({
  delta: delta,
  foreignConditions: {},
  phaseBefore,
});

/** The children that are there, by kind. */
export const childrenIn = ({ cluster }: World): readonly AnyChildSnapshot[] =>
  CHILD_KINDS.flatMap((kind) => cluster.all(kind).flatMap((object) => toChildSnapshot(kind, object) ?? []));
