/** The worker that runs remediation workflows and their activities. Stays up whatever is down, and works whenever it can. */
import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { NativeConnectionOptions, WorkerOptions } from '@temporalio/worker';
import type pg from 'pg';
import { createActivities } from '../../activities/index.ts';
import type { Deps } from '../../activities/deps.ts';
import type { KeeperDeps } from '../../activities/keeper/deps.ts';
import { createKeeperActivities } from '../../activities/keeper/index.ts';
import { fullMessage } from '../../src/errors.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import type { Logger } from '../../src/logger.ts';
import type { Metrics } from '../../src/metrics.ts';
import { lastPassAge } from '../../src/postgres/keeper/duties.ts';
import type { Settings } from '../../src/remediation/settings.ts';
import type { Temporal } from '../../src/temporal/connection.ts';
import { runsOf } from '../../src/temporal/runs.ts';
import { keepScheduled } from '../../src/temporal/schedule.ts';
import { sendSnapshots } from '../../src/temporal/starter.ts';

/** What the keeper is to keep, and how often. */
export interface KeeperOptions {
  /** Namespace of the requests. */
  readonly namespace: string;
  readonly settings: Settings;
  readonly localFirst: boolean;
  readonly intervalMs: number;
  /** A registered request may be without a first step for so long; 10 s. */
  readonly beginMs?: number;
  /** Time between two comparisons of the ledger with the workflows that run; 5 min. */
  readonly compareMs?: number;
}

export interface OrchestratorOptions {
  readonly pool: pg.Pool;
  readonly kubernetes: KubernetesClient;
  /** For waking other remediations. */
  readonly temporal: Temporal;
  readonly connection: Pick<NativeConnectionOptions, 'address' | 'tls' | 'apiKey'>;
  readonly namespace: string;
  readonly taskQueue: string;
  /** File with the bundled workflow code. */
  readonly bundle: string;
  readonly identity: string;
  readonly build: string;
  readonly auditRetentionDays: number;
  readonly limits: {
    readonly maxConcurrentWorkflowTasks: number;
    readonly maxConcurrentActivities: number;
    readonly maxCachedWorkflows: number;
    /** Milliseconds that running activities get when the worker stops. */
    readonly shutdownGrace: number;
  };
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Without it there is no keeper, and nothing that has ended is looked after. */
  readonly keeper?: KeeperOptions;
}

export interface Orchestrator {
  /** `ok` while it polls for work, else why it does not. */
  readonly state: () => string;
  /** Takes no more work, lets what runs finish, and closes its connection. */
  readonly stop: () => Promise<void>;
}

const LONGEST_WAIT_MS = 15_000;

/** Starts working, as soon as the Temporal server can be reached, and again whenever it was lost for good. */
export function startOrchestrator(options: OrchestratorOptions): Orchestrator {
  const stopping = new AbortController();
  let state = 'connecting to Temporal';
  let worker: Worker | undefined;

  const workOnce = async (): Promise<void> => {
    const connection = await NativeConnection.connect(options.connection);
    try {
      worker = await Worker.create(workerOptions(options, connection));
      options.log.info('Working', { task_queue: options.taskQueue, temporal: options.connection.address });
      state = 'ok';
      if (!stopping.signal.aborted) await worker.run();
    } finally {
      worker = undefined;
      await connection.close();
    }
  };

  const work = async (): Promise<void> => {
    let wait = 200;
    while (!stopping.signal.aborted) {
      try {
        await workOnce();
        wait = 200;
      } catch (error) {
        const reason = fullMessage(error);
        if (state !== reason) options.log.warn('Working is not possible', { reason });
        state = reason;
      }
      await sleep(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
  };

  const working = work();
  const scheduling = options.keeper === undefined ? undefined : schedule(options, options.keeper, stopping.signal);
  return {
    state: () => state,
    stop: async () => {
      state = 'stopping';
      stopping.abort();
      if (worker?.getState() === 'RUNNING') worker.shutdown();
      await Promise.all([working, scheduling]);
    },
  };
}

const BEGIN_MS = 10_000;
const COMPARE_MS = 5 * 60_000;

async function schedule(
  { temporal, taskQueue, log, metrics, pool }: OrchestratorOptions,
  { namespace, intervalMs }: KeeperOptions,
  signal: AbortSignal,
): Promise<void> {
  metrics.readKeeperBy(() => lastPassAge(pool, namespace));
  let isTold = false;
  const onFailure = (err: unknown): void => {
    log[isTold ? 'debug' : 'warn']('Scheduling the keeper fails, retrying', { err });
    isTold = true;
  };
  await keepScheduled(temporal, { taskQueue, intervalMs }, { signal, onFailure });
}

function workerOptions(options: OrchestratorOptions, connection: NativeConnection): WorkerOptions {
  const { limits, temporal } = options;
  const { keeper } = options;
  const deps: Deps = {
    ...options,
    // Who has ended meanwhile waits for nothing any more.
    wakeUp: (uid) => sendSnapshots(temporal, uid, []),
  };
  const activities = {
    ...createActivities(deps),
    ...(keeper === undefined ? {} : createKeeperActivities(keeperDeps(deps, options, keeper))),
  };
  return {
    connection,
    namespace: options.namespace,
    taskQueue: options.taskQueue,
    workflowBundle: { codePath: options.bundle },
    activities,
    identity: options.identity,
    maxConcurrentWorkflowTaskExecutions: limits.maxConcurrentWorkflowTasks,
    maxConcurrentActivityTaskExecutions: limits.maxConcurrentActivities,
    maxConcurrentLocalActivityExecutions: limits.maxConcurrentActivities,
    maxCachedWorkflows: limits.maxCachedWorkflows,
    shutdownGraceTime: limits.shutdownGrace,
    shutdownForceTime: limits.shutdownGrace + 10_000,
  };
}

function keeperDeps(deps: Deps, { temporal, taskQueue }: OrchestratorOptions, keeper: KeeperOptions): KeeperDeps {
  const { namespace, settings, localFirst, intervalMs, beginMs = BEGIN_MS, compareMs = COMPARE_MS } = keeper;
  const runs = runsOf(temporal, taskQueue);
  return { ...deps, namespace, settings, localFirst, runs, sweepMs: intervalMs, beginMs, compareMs };
}
