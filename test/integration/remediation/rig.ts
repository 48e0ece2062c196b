/** The product in this process, on real servers, with simulated child controllers, for one suite. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before } from 'mocha';
import type pg from 'pg';
import { startSimulators } from '../../../dev/simulators/simulators.ts';
import type { SimulatorOptions, Simulators } from '../../../dev/simulators/simulators.ts';
import { createKubernetesClient } from '../../../src/kubernetes/client.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client.ts';
import { silentLogger } from '../../../src/logger.ts';
import { createMetrics } from '../../../src/metrics.ts';
import { register } from '../../../src/postgres/ledger.ts';
import { createPool } from '../../../src/postgres/pool.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import { toRequestSnapshot } from '../../../src/remediation/projections.ts';
import type { Settings } from '../../../src/remediation/settings.ts';
import type { Status } from '../../../src/remediation/status.ts';
import { openTemporal } from '../../../src/temporal/connection.ts';
import type { Temporal } from '../../../src/temporal/connection.ts';
import { registerSearchAttributes } from '../../../src/temporal/search-attributes.ts';
import { ensureWorkflow, sendSnapshots } from '../../../src/temporal/starter.ts';
import { startOrchestrator } from '../../../workers/orchestrator/start.ts';
import type { Orchestrator } from '../../../workers/orchestrator/start.ts';
import { startWatcher } from '../../../workers/watcher/watcher.ts';
import type { Watcher } from '../../../workers/watcher/watcher.ts';
import { aSettings } from '../../builders/request.ts';
import { customObjectsIn } from '../../fixtures/custom-objects.ts';
import type { CustomObjects } from '../../fixtures/custom-objects.ts';
import { workflowBundleFile } from '../../support/bundle.ts';
import { eventually } from '../../support/eventually.ts';
import { managedNamespace } from '../../support/managed-namespace.ts';
import { quietRuntime } from '../../support/quiet-runtime.ts';
import { useServers } from '../../support/servers.ts';
import type { TestServers } from '../../support/servers.ts';

export interface Rig {
  readonly servers: TestServers;
  readonly client: KubernetesClient;
  /** Writes as somebody else. */
  readonly objects: CustomObjects;
  readonly pool: pg.Pool;
  readonly temporal: Temporal;
  /** Creates a request with a fingerprint and a target of its own; `simulate` says what its children do. Returns its uid. */
  create(name: string, simulate?: string, status?: JsonObject): Promise<string>;
  status(name: string): Promise<Status>;
  /** Waits until the status shows the phase. */
  untilPhase(name: string, phase: string): Promise<Status>;
  startWorker(): Promise<void>;
  stopWorker(): Promise<void>;
}

export interface RigOptions {
  readonly timeouts?: Partial<Settings['timeouts']>;
  readonly delayMs?: SimulatorOptions['delayMs'];
}

/** The namespace of all targets. */
const TARGETS = 'payments';

/** Starts it before the first test of the calling suite. The returned function may be called in hooks and tests. */
export function useRig(options: RigOptions = {}): () => Rig {
  const servers = useServers();
  let rig: Rig | undefined;
  let simulators: Simulators | undefined;
  let watcher: Watcher | undefined;
  before(async function () {
    this.timeout(120_000);
    quietRuntime();
    await managedNamespace(servers().kubeConfig, TARGETS);
    const opened = await open(servers());
    rig = opened;
    const { kubeconfigFile, namespace, taskQueue } = servers();
    const { temporal, pool, client } = opened;
    await registerSearchAttributes(temporal);
    simulators = await startSimulators({ kubeconfig: kubeconfigFile, namespace, delayMs: options.delayMs ?? 0 });
    const defaults = aSettings();
    watcher = startWatcher({
      client,
      workflows: {
        ensure: (input) => ensureWorkflow(temporal, input, taskQueue),
        send: (uid, snapshots) => sendSnapshots(temporal, uid, snapshots),
      },
      register: (batch) => register(pool, batch),
      namespace,
      settings: { ...defaults, timeouts: { ...defaults.timeouts, ...options.timeouts } },
      localFirst: true,
      log: silentLogger,
    });
    await opened.startWorker();
  });
  after(async function () {
    this.timeout(60_000);
    await watcher?.stop();
    await Promise.all([rig?.stopWorker(), simulators?.stop()]);
    await rig?.temporal.close();
    await rig?.pool.end();
    rig?.client.close();
  });
  return () => rig ?? assert.fail('The rig can be used in hooks and tests only.');
}

async function open(servers: TestServers): Promise<Rig> {
  const { kubeconfigFile, namespace, databaseUrl, temporalAddress, temporalNamespace, taskQueue } = servers;
  const client = createKubernetesClient({ kubeconfig: kubeconfigFile });
  const pool = createPool(databaseUrl, { max: 8 });
  const temporal = openTemporal({ address: temporalAddress, namespace: temporalNamespace });
  const objects = customObjectsIn(servers.kubeConfig, namespace);
  const bundle = await workflowBundleFile();
  const metrics = createMetrics({ version: 'test', commit: '', processFigures: false });
  let worker: Orchestrator | undefined;

  const status = async (name: string): Promise<Status> => {
    const object = await client.get('RemediationRequest', namespace, name);
    const snapshot = object === undefined ? undefined : toRequestSnapshot(object);
    return snapshot === undefined
      ? assert.fail(`${name} is not there`)
      : { ...(object?.status as Status), conditions: snapshot.status.conditions ?? {} };
  };
  return {
    servers,
    client,
    objects,
    pool,
    temporal,
    status,
    create: async (name, simulate, first) => {
      const created = await client.create('RemediationRequest', namespace, requestOf(name, simulate));
      if (first !== undefined) await objects.patchStatus('RemediationRequest', name, first);
      return created.metadata.uid;
    },
    untilPhase: (name, phase) =>
      eventually(
        async () => {
          const found = await status(name);
          assert.equal(found.overallPhase, phase, `${name}: ${found.message ?? ''}`);
          return found;
        },
        { timeoutMs: 45_000 },
      ),
    startWorker: async () => {
      const started = startOrchestrator({
        pool,
        kubernetes: client,
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
          shutdownGrace: 100,
        },
        metrics,
        log: silentLogger,
      });
      worker = started;
      await eventually(() => {
        assert.equal(started.state(), 'ok');
      });
    },
    stopWorker: async () => {
      await worker?.stop();
      worker = undefined;
    },
  };
}

function requestOf(name: string, simulate: string | undefined) {
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  return {
    metadata: { name },
    spec: {
      signalFingerprint: createHash('sha256').update(name).digest('hex'),
      signalName: 'HighMemory',
      severity: 'critical',
      signalType: 'alert',
      signalSource: 'test',
      targetType: 'kubernetes',
      targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: `api-${name}`, namespace: TARGETS },
      firingTime: now,
      receivedTime: now,
      signalLabels: simulate === undefined ? {} : { simulate },
    },
  };
}
