/** The whole product in this process, with the keeper as quick as a test wants it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { createKubernetesClient } from '../../../src/kubernetes/client.ts';
import { silentLogger } from '../../../src/logger.ts';
import { createMetrics } from '../../../src/metrics.ts';
import type { Metrics } from '../../../src/metrics.ts';
import { register } from '../../../src/postgres/ledger.ts';
import { createPool } from '../../../src/postgres/pool.ts';
import { ensureNamespace, openTemporal } from '../../../src/temporal/connection.ts';
import type { Temporal } from '../../../src/temporal/connection.ts';
import { registerSearchAttributes } from '../../../src/temporal/search-attributes.ts';
import { ensureWorkflow, sendSnapshots } from '../../../src/temporal/starter.ts';
import { startOrchestrator } from '../../../workers/orchestrator/start.ts';
import type { KeeperOptions } from '../../../workers/orchestrator/start.ts';
import { createHints } from '../../../workers/watcher/hints.ts';
import { startWatcher } from '../../../workers/watcher/watcher.ts';
import { aSettings } from '../../builders/request.ts';
import type { TestServers } from '../../support/servers.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** The workflows as a worker takes them. */
export async function bundleFile({ stateFolder, namespace }: TestServers): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(ROOT, 'workflows/index.ts'),
    logger: new DefaultLogger('WARN'),
  });
  const folder = join(stateFolder, namespace);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'workflow-bundle.js');
  writeFileSync(file, code);
  return file;
}

export interface Whole {
  readonly temporal: Temporal;
  readonly metrics: Metrics;
  /** Starts what sees the cluster; without it only workflows and the keeper run. */
  startWatcher(): void;
  /** Whether the watcher has listed and registered everything. */
  isWatching(): boolean;
  stop(): Promise<void>;
}

type Pace = Pick<KeeperOptions, 'intervalMs' | 'beginMs' | 'compareMs'>;

/** Starts workflows and keeper on this Temporal namespace, which is made when it is not there. */
export async function startWhole(
  servers: TestServers,
  bundle: string,
  temporalNamespace: string,
  pace: Pace,
): Promise<Whole> {
  const { temporalAddress, taskQueue, namespace, kubeconfigFile, databaseUrl } = servers;
  const temporal = openTemporal({ address: temporalAddress, namespace: temporalNamespace });
  await ensureNamespace(temporal, 1);
  await registerSearchAttributes(temporal);
  const pool = createPool(databaseUrl);
  const kubernetes = createKubernetesClient({ kubeconfig: kubeconfigFile });
  const metrics = createMetrics({ version: 'test', commit: '', processFigures: false });
  const settings = aSettings();
  const orchestrator = startOrchestrator({
    pool,
    kubernetes,
    temporal,
    connection: { address: temporalAddress },
    namespace: temporalNamespace,
    taskQueue,
    bundle,
    identity: 'test',
    build: 'test',
    auditRetentionDays: 2555,
    limits: {
      maxConcurrentWorkflowTasks: 20,
      maxConcurrentActivities: 20,
      maxCachedWorkflows: 100,
      shutdownGrace: 2000,
    },
    metrics,
    log: silentLogger,
    keeper: { namespace, settings, localFirst: true, ...pace },
  });
  const hints = createHints(pool, temporal, taskQueue, silentLogger);
  let watcher: ReturnType<typeof startWatcher> | undefined;
  return {
    temporal,
    metrics,
    startWatcher() {
      watcher = startWatcher({
        client: kubernetes,
        workflows: {
          ensure: (input) => ensureWorkflow(temporal, input, taskQueue),
          send: (uid, snapshots) => sendSnapshots(temporal, uid, snapshots),
        },
        register: (batch) => register(pool, batch),
        hint: hints.hint,
        namespace,
        settings,
        localFirst: true,
        log: silentLogger,
      });
    },
    isWatching: () => watcher?.synced() === true,
    async stop() {
      await watcher?.stop();
      hints.stop();
      await orchestrator.stop();
      await temporal.close();
      await pool.end();
      kubernetes.close();
    },
  };
}
