/** The built product on real servers, with simulated child controllers, for one suite. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { after, before } from 'mocha';
import type pg from 'pg';
import { rrctl } from '../../../dev/demo/product.ts';
import type { Answer, ProductPlaces } from '../../../dev/demo/product.ts';
import { startSimulators } from '../../../dev/simulators/simulators.ts';
import type { SimulatorOptions, Simulators } from '../../../dev/simulators/simulators.ts';
import { createKubernetesClient } from '../../../src/kubernetes/client.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client.ts';
import { createPool } from '../../../src/postgres/pool.ts';
import { openTemporal } from '../../../src/temporal/connection.ts';
import type { Temporal } from '../../../src/temporal/connection.ts';
import { customObjectsIn } from '../../fixtures/custom-objects.ts';
import { managedNamespace } from '../../support/managed-namespace.ts';
import { useServers } from '../../support/servers.ts';
import type { TestServers } from '../../support/servers.ts';
import { createProgram } from './program.ts';
import type { Program } from './program.ts';
import { watchSights } from './sights.ts';
import type { Sights } from './sights.ts';
import type { Path } from './trails.ts';

export interface TestProduct {
  readonly servers: TestServers;
  readonly places: ProductPlaces;
  readonly watcher: Program;
  readonly orchestrator: Program;
  readonly sights: Sights;
  /** Reaches the servers directly, whatever stands between them and the product. */
  readonly client: KubernetesClient;
  readonly pool: pg.Pool;
  readonly temporal: Temporal;
  /** Creates a request with a fingerprint and a target of its own; returns its uid. */
  create(name: string, path: Path, labels?: Readonly<Record<string, string>>): Promise<string>;
  /** Writes a decision the way kubectl does. */
  approve(name: string): Promise<void>;
  rrctl(...words: readonly string[]): Promise<Answer>;
}

export interface ProductOptions {
  /** Time between two answers of the children; at once by default. */
  readonly delayMs?: SimulatorOptions['delayMs'];
  /** Programs that are started before the first test; both by default. */
  readonly start?: readonly ('watcher' | 'orchestrator')[];
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** Puts something between the product and its servers. */
  readonly detour?: (places: ProductPlaces) => Promise<ProductPlaces>;
}

/** Starts the product for the calling suite. The returned function may be called in hooks and tests. */
export function useProduct(options: ProductOptions = {}): () => TestProduct {
  const servers = useServers();
  let product: TestProduct | undefined;
  let simulators: Simulators | undefined;
  before(async function () {
    this.timeout(90_000);
    await managedNamespace(servers().kubeConfig, 'shop');
    product = await open(servers(), options);
    const { kubeconfigFile, namespace } = servers();
    simulators = await startSimulators({ kubeconfig: kubeconfigFile, namespace, delayMs: options.delayMs ?? 0 });
    const wanted = options.start ?? ['watcher', 'orchestrator'];
    const programs = [product.watcher, product.orchestrator].filter(({ name }) => wanted.includes(name));
    await Promise.all(programs.map((program) => program.start()));
    await Promise.all(programs.map((program) => program.untilReady()));
  });
  after(async function () {
    this.timeout(60_000);
    await Promise.all([product?.watcher.stop(), product?.orchestrator.stop(), simulators?.stop()]);
    await product?.sights.stop();
    await product?.pool.end();
    await product?.temporal.close();
    product?.client.close();
  });
  return () => {
    if (product === undefined) throw new Error('The product can be used in hooks and tests only.');
    return product;
  };
}

async function open(servers: TestServers, options: ProductOptions): Promise<TestProduct> {
  const direct: ProductPlaces = {
    folder: join(servers.stateFolder, servers.namespace),
    kubeconfig: servers.kubeconfigFile,
    databaseUrl: servers.databaseUrl,
    temporalAddress: servers.temporalAddress,
    temporalNamespace: servers.temporalNamespace,
    namespace: servers.namespace,
    taskQueue: servers.taskQueue,
    ...(options.configuration === undefined ? {} : { configuration: options.configuration }),
  };
  const places = (await options.detour?.(direct)) ?? direct;
  const client = createKubernetesClient({ kubeconfig: servers.kubeconfigFile });
  const objects = customObjectsIn(servers.kubeConfig, servers.namespace);
  return {
    servers,
    places,
    watcher: createProgram('watcher', places),
    orchestrator: createProgram('orchestrator', places),
    sights: watchSights(client, servers.namespace),
    client,
    pool: createPool(servers.databaseUrl, { max: 4 }),
    temporal: openTemporal({ address: servers.temporalAddress, namespace: servers.temporalNamespace }),
    create: async (name, path, labels = {}) => {
      const created = await client.create('RemediationRequest', servers.namespace, requestOf(name, path, labels));
      return created.metadata.uid;
    },
    approve: async (name) => {
      const decision = { decision: 'Approved', decidedBy: 'approver@example.org' };
      await objects.patchStatus('RemediationApprovalRequest', `rar-${name}`, decision);
    },
    rrctl: (...words) => rrctl(words, direct),
  };
}

function requestOf(name: string, path: Path, labels: Readonly<Record<string, string>>) {
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  return {
    metadata: { name },
    spec: {
      signalFingerprint: createHash('sha256').update(name).digest('hex'),
      signalName: 'PodsRestarting',
      severity: 'high',
      signalType: 'alert',
      signalSource: 'test',
      targetType: 'kubernetes',
      targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name, namespace: 'shop' },
      firingTime: now,
      receivedTime: now,
      signalLabels: { environment: path === 'approval' ? 'production' : 'staging', ...labels },
    },
  };
}
