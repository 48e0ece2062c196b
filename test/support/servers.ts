import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { after, before } from 'mocha';
import { applyManifests } from '../../dev/servers/manifests.ts';
import { readStack, startStack } from '../../dev/servers/stack.ts';
import type { Stack, StackAddresses } from '../../dev/servers/stack.ts';
import { createDatabase, dropDatabase, migrateToLatest } from './database.ts';
import type { Migrate } from './database.ts';

const ROOT = join(import.meta.dirname, '../..');
const CRDS = join(ROOT, 'deploy/crds');

/** The variable that names the state folder of a running stack, to use instead of starting one. */
const STACK_VARIABLE = 'KUBERNAUT_STACK';

/** Real servers as one test file sees them: shared processes, own database, own namespace, own task queue. */
export interface TestServers {
  readonly kubeConfig: KubeConfig;
  /** The same as a file, for kubectl and for processes. */
  readonly kubeconfigFile: string;
  readonly kubectl: string;
  readonly namespace: string;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly taskQueue: string;
  /** The API server's audit log, a JSON object for each request: dev/servers/audit-policy.ts says which. */
  readonly auditLog: string;
  readonly stateFolder: string;
}

let ownStack: Stack | undefined;

/** Mocha calls this once a run, before any test: starts the servers, or checks those that the variable names. */
export async function mochaGlobalSetup(): Promise<void> {
  const named = process.env[STACK_VARIABLE];
  if (named !== undefined && named !== '') {
    await applyManifests(runningStack(named), CRDS);
    return;
  }
  const stateFolder = join(ROOT, '.state', `test-${String(process.pid)}`);
  rmSync(stateFolder, { recursive: true, force: true });
  const survive = asks('PRESERVE_E2E_CLUSTER') || asks('PRESERVE_ON_FAILURE');
  ownStack = await startStack({
    stateFolder,
    survive,
    temporalUi: survive,
    prepareCluster: (cluster) => applyManifests(cluster, CRDS),
  });
  // Test files may run in processes of their own.
  process.env[STACK_VARIABLE] = stateFolder;
}

/** Mocha calls this once a run, after the last test, with the runner as `this`. */
export async function mochaGlobalTeardown(this: { readonly failures?: number }): Promise<void> {
  if (ownStack === undefined) return;
  const failed = (this.failures ?? 0) > 0;
  if (asks('PRESERVE_E2E_CLUSTER') || (asks('PRESERVE_ON_FAILURE') && failed)) {
    console.log(howToReach(ownStack));
    return;
  }
  await ownStack.stop();
  if (failed) console.log(`Server logs are in ${ownStack.stateFolder}`);
  else rmSync(ownStack.stateFolder, { recursive: true, force: true });
}

/**
 * Gives the calling suite its own database and namespace before its first test. The returned function may be called
 * in hooks and tests. The database is migrated as the product does it, unless another `migrate` is given.
 */
export function useServers(options: { readonly migrate?: Migrate } = {}): () => TestServers {
  let servers: TestServers | undefined;
  before(async function () {
    this.timeout(60_000);
    servers = await prepare(options.migrate ?? migrateToLatest);
  });
  after(async function () {
    this.timeout(60_000);
    if (servers !== undefined && !asks('PRESERVE_E2E_CLUSTER') && !asks('PRESERVE_ON_FAILURE')) await cleanUp(servers);
  });
  return () => {
    if (servers === undefined) throw new Error('The servers can be used in hooks and tests only.');
    return servers;
  };
}

async function prepare(migrate: Migrate): Promise<TestServers> {
  const stack = runningStack(process.env[STACK_VARIABLE] ?? '');
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(stack.kubeconfig);
  const id = randomBytes(4).toString('hex');
  const namespace = `ro-e2e-p${process.env['MOCHA_WORKER_ID'] ?? '0'}-${id}`;
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const [databaseUrl] = await Promise.all([
    createDatabase(stack.postgresUrl, `test_${id}`, migrate),
    core.createNamespace({ body: { metadata: { name: namespace } } }),
  ]);
  return {
    kubeConfig,
    kubeconfigFile: stack.kubeconfig,
    kubectl: stack.kubectl,
    namespace,
    databaseUrl,
    temporalAddress: stack.temporalAddress,
    temporalNamespace: stack.temporalNamespace,
    taskQueue: namespace,
    auditLog: stack.auditLog,
    stateFolder: stack.stateFolder,
  };
}

async function cleanUp(servers: TestServers): Promise<void> {
  await dropDatabase(servers.databaseUrl);
  await servers.kubeConfig.makeApiClient(CoreV1Api).deleteNamespace({ name: servers.namespace });
}

function runningStack(stateFolder: string): StackAddresses {
  const stack = readStack(stateFolder);
  if (stack !== undefined) return stack;
  throw new Error(
    stateFolder === ''
      ? 'No servers are running: require test/support/servers.ts, as npm run integration does.'
      : `${STACK_VARIABLE} names ${stateFolder}, where no servers run: unset it, or start them with make servers ARGS=--keep.`,
  );
}

function howToReach(stack: StackAddresses): string {
  return [
    'The servers are left running:',
    `  kubectl      KUBECONFIG=${stack.kubeconfig} kubectl get rr -A`,
    `  PostgreSQL   ${stack.postgresUrl}`,
    `  Temporal     ${stack.temporalAddress}, ${stack.temporalUi ?? 'without UI'}`,
    `  stop them    make servers ARGS="--stop ${stack.stateFolder}"`,
  ].join('\n');
}

function asks(variable: string): boolean {
  return process.env[variable] === '1';
}
