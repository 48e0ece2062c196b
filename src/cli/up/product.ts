/** Watcher and orchestrator in one process, on shared connections. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startOrchestrator } from '../../../workers/orchestrator/start.ts';
import { counting } from '../../../workers/process.ts';
import { temporalCheck } from '../../../workers/temporal-check.ts';
import { createHints } from '../../../workers/watcher/hints.ts';
import { startWatcher } from '../../../workers/watcher/watcher.ts';
import { connectionString } from '../../config/postgres.ts';
import type { Config } from '../../config/read.ts';
import { settingsOf } from '../../config/settings.ts';
import { temporalSecurity } from '../../config/temporal.ts';
import { InvalidRequestError } from '../../errors.ts';
import type { Check } from '../../health.ts';
import { createKubernetesClient } from '../../kubernetes/client.ts';
import type { KubeconfigChoice } from '../../kubernetes/kubeconfig.ts';
import type { Logger } from '../../logger.ts';
import type { Metrics } from '../../metrics.ts';
import { register } from '../../postgres/ledger.ts';
import { schemaState } from '../../postgres/migrate.ts';
import { createPool } from '../../postgres/pool.ts';
import { openTemporal } from '../../temporal/connection.ts';
import { registerWhenPossible } from '../../temporal/search-attributes.ts';
import { ensureWorkflow, sendSnapshots } from '../../temporal/starter.ts';
import { VERSION } from '../../version.ts';

export interface ProductOptions {
  readonly config: Config;
  readonly cluster: KubeconfigChoice;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface Product {
  readonly checks: Readonly<Record<string, Check>>;
  stop(): Promise<void>;
}

const LONGEST_GRACE_MS = 3000;

/** Starts both; they go on until they are stopped, whatever is down meanwhile. */
export function startProduct({ config, cluster, log, metrics }: ProductOptions): Product {
  const bundle = workflowBundle();
  const onIdleError = (err: Error): void => {
    log.debug('A connection to PostgreSQL broke', { err });
  };
  const pool = createPool(connectionString(config.postgres), { max: config.postgres.pool.max, onIdleError });
  const kubernetes = createKubernetesClient({ ...cluster, onRequest: counting(metrics) });
  const { address, namespace, taskQueue, localActivities, worker: limits } = config.temporal;
  const identity = `rrctl-up@${String(process.pid)}`;
  const connection = { address, ...temporalSecurity(config) };
  const temporal = openTemporal({ ...connection, namespace, identity });
  const stopping = new AbortController();
  void registerWhenPossible(temporal, {
    signal: stopping.signal,
    onFailure: (err, final) => {
      if (final) log.error('Search attributes cannot be registered', { err });
      else log.debug('Registering search attributes fails, retrying', { err });
    },
  });
  const orchestrator = startOrchestrator({
    pool,
    kubernetes,
    temporal,
    connection,
    namespace,
    taskQueue,
    bundle,
    identity,
    build: VERSION,
    auditRetentionDays: config.audit.retentionDays,
    // Somebody waits at the terminal, and what is cut off is done again at the next start.
    limits: { ...limits, shutdownGrace: Math.min(limits.shutdownGrace, LONGEST_GRACE_MS) },
    keeper: {
      namespace: config.namespace,
      settings: settingsOf(config),
      localFirst: config.temporal.localActivities,
      intervalMs: config.api.sweepInterval,
    },
    metrics,
    log: log.with({ logger: 'orchestrator' }),
  });
  const hints = createHints(pool, temporal, taskQueue, log);
  const watcher = startWatcher({
    client: kubernetes,
    workflows: {
      ensure: (input) => ensureWorkflow(temporal, input, taskQueue),
      send: (uid, snapshots) => sendSnapshots(temporal, uid, snapshots),
    },
    register: (batch) => register(pool, batch),
    hint: hints.hint,
    namespace: config.namespace,
    settings: settingsOf(config),
    localFirst: localActivities,
    relistMs: config.api.relistInterval,
    sweepMs: config.api.sweepInterval,
    log: log.with({ logger: 'watcher' }),
    metrics,
  });
  return {
    checks: {
      kubernetes: () => watcher.readiness().kubernetes,
      postgres: async () => {
        const state = await schemaState(pool);
        return state.kind === 'current' ? 'ok' : `the schema is ${state.kind}: run "rrctl migrate"`;
      },
      temporal: temporalCheck(temporal, () => {
        const told = watcher.readiness().temporal;
        return told === 'ok' ? orchestrator.state() : told;
      }),
      watcher: () => (watcher.synced() ? 'ok' : 'not everything has been listed and registered yet'),
    },
    stop: async () => {
      stopping.abort();
      await watcher.stop();
      hints.stop();
      await orchestrator.stop();
      await temporal.close();
      await pool.end();
      kubernetes.close();
    },
  };
}

/** The file that the build makes, which runs in the workflow sandbox. */
function workflowBundle(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  const file = join(folder, 'dist/workflow-bundle.js');
  if (existsSync(file)) return file;
  throw new InvalidRequestError('INVALID_CONFIG', `The workflow bundle ${file} is missing: run make build`);
}
