/** The orchestrator process: runs remediation workflows and their activities until it is told to stop. */
import { fileURLToPath } from 'node:url';
import { connectionString } from '../src/config/postgres.ts';
import { settingsOf } from '../src/config/settings.ts';
import { temporalSecurity } from '../src/config/temporal.ts';
import { createKubernetesClient } from '../src/kubernetes/client.ts';
import { schemaState } from '../src/postgres/migrate.ts';
import { createPool } from '../src/postgres/pool.ts';
import { blockedCounts } from '../src/postgres/routing/waiters.ts';
import { openTemporal } from '../src/temporal/connection.ts';
import { startOrchestrator } from './orchestrator/start.ts';
import { counting, runProcess } from './process.ts';
import { temporalCheck } from './temporal-check.ts';

/** The bundle that the build makes beside the compiled programs. */
const BUNDLE = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));

await runProcess('orchestrator', ({ config, kubeconfig, log, metrics, identity, version }) => {
  const pool = createPool(connectionString(config.postgres), {
    max: config.postgres.pool.max,
    onIdleError: (err) => {
      log.debug('A connection to PostgreSQL broke', { err });
    },
  });
  const kubernetes = createKubernetesClient({
    kubeconfig,
    onRequest: counting(metrics),
  });
  const { address, namespace, taskQueue } = config.temporal;
  const connection = { address, ...temporalSecurity(config) };
  const temporal = openTemporal({ ...connection, namespace, identity });
  const orchestrator = startOrchestrator({
    pool,
    kubernetes,
    temporal,
    connection,
    namespace,
    taskQueue,
    bundle: BUNDLE,
    identity,
    build: version,
    auditRetentionDays: config.audit.retentionDays,
    limits: config.temporal.worker,
    keeper: {
      namespace: config.namespace,
      settings: settingsOf(config),
      localFirst: config.temporal.localActivities,
      intervalMs: config.api.sweepInterval,
    },
    metrics,
    log,
  });
  metrics.countBlockedBy(() => blockedCounts(pool));
  return Promise.resolve({
    checks: {
      temporal: temporalCheck(temporal, orchestrator.state),
      postgres: async () => {
        const state = await schemaState(pool);
        return state.kind === 'current' ? 'ok' : `the schema is ${state.kind}: run "rrctl migrate"`;
      },
      kubernetes: async () => {
        await kubernetes.getPath('/version');
        return 'ok';
      },
    },
    stop: async () => {
      await orchestrator.stop();
      await temporal.close();
      await pool.end();
      kubernetes.close();
    },
  });
});
