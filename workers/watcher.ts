/** The watcher process: sees RemediationRequests and their children, and lets the workflows know, until it is told to stop. */
import { connectionString } from '../src/config/postgres.ts';
import { settingsOf } from '../src/config/settings.ts';
import { temporalSecurity } from '../src/config/temporal.ts';
import { createKubernetesClient } from '../src/kubernetes/client.ts';
import { register } from '../src/postgres/ledger.ts';
import { schemaState } from '../src/postgres/migrate.ts';
import { createPool } from '../src/postgres/pool.ts';
import { noteExecutions } from '../src/postgres/routing/executions.ts';
import { openTemporal } from '../src/temporal/connection.ts';
import { registerWhenPossible } from '../src/temporal/search-attributes.ts';
import { ensureWorkflow, sendSnapshots } from '../src/temporal/starter.ts';
import { counting, runProcess } from './process.ts';
import { temporalCheck } from './temporal-check.ts';
import { createHints } from './watcher/hints.ts';
import { startWatcher } from './watcher/watcher.ts';

await runProcess('watcher', ({ config, kubeconfig, log, metrics, identity }) => {
  const pool = createPool(connectionString(config.postgres), {
    max: 2,
    onIdleError: (err) => {
      log.debug('A connection to PostgreSQL broke', { err });
    },
  });
  const client = createKubernetesClient({ kubeconfig, onRequest: counting(metrics) });
  const { address, namespace, taskQueue, localActivities } = config.temporal;
  const temporal = openTemporal({ address, namespace, identity, ...temporalSecurity(config) });
  const stopping = new AbortController();
  void registerWhenPossible(temporal, {
    signal: stopping.signal,
    onFailure: (err, final) => {
      if (final) log.error('Search attributes cannot be registered', { err });
      else log.debug('Registering search attributes fails, retrying', { err });
    },
  });
  const hints = createHints(pool, temporal, taskQueue, log);
  const watcher = startWatcher({
    client,
    workflows: {
      ensure: (input) => ensureWorkflow(temporal, input, taskQueue),
      send: (uid, snapshots) => sendSnapshots(temporal, uid, snapshots),
    },
    register: (batch) => register(pool, batch),
    noteExecutions: async (seen) => {
      const noted = await noteExecutions(pool, seen);
      for (let i = 0; i < noted.entered; i += 1) metrics.registered('foreign_execution');
      return noted;
    },
    hint: hints.hint,
    namespace: config.namespace,
    settings: settingsOf(config),
    localFirst: localActivities,
    relistMs: config.api.relistInterval,
    sweepMs: config.api.sweepInterval,
    log,
    metrics,
  });
  return Promise.resolve({
    checks: {
      kubernetes: () => watcher.readiness().kubernetes,
      temporal: temporalCheck(temporal, () => watcher.readiness().temporal),
      postgres: async () => {
        const state = await schemaState(pool);
        return state.kind === 'current' ? 'ok' : `the schema is ${state.kind}: run "rrctl migrate"`;
      },
      watcher: () => (watcher.synced() ? 'ok' : 'not everything has been listed and registered yet'),
    },
    stop: async () => {
      stopping.abort();
      await watcher.stop();
      hints.stop();
      await temporal.close();
      await pool.end();
      client.close();
    },
  });
});
