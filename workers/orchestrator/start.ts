/** The worker that runs remediation workflows and their activities. Stays up whatever is down, and works whenever it can. */
import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { NativeConnectionOptions, WorkerOptions } from '@temporalio/worker';
import type pg from 'pg';
import { createActivities } from '../../activities/index.ts';
import { fullMessage } from '../../src/errors.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import type { Logger } from '../../src/logger.ts';
import type { Metrics } from '../../src/metrics.ts';
import type { Temporal } from '../../src/temporal/connection.ts';

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
  return {
    state: () => state,
    stop: async () => {
      state = 'stopping';
      stopping.abort();
      if (worker?.getState() === 'RUNNING') worker.shutdown();
      await working;
    },
  };
}

function workerOptions(options: OrchestratorOptions, connection: NativeConnection): WorkerOptions {
  const { limits, temporal } = options;
  const activities = createActivities({
    ...options,
    wakeUp: async (workflowId) => {
      const handle = temporal.client.workflow.getHandle(workflowId);
      await temporal.within(`Waking ${workflowId}`, () => handle.signal('seen', []));
    },
  });
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
