/** The servers that the demo runs on: started for it, or its user's own. */
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { findBinary, locateServers } from '../servers/locate.ts';
import { applyManifests } from '../servers/manifests.ts';
import { startPostgres } from '../servers/postgres.ts';
import type { ServerProcess } from '../servers/process.ts';
import { startStack } from '../servers/stack.ts';
import { startTemporal } from '../servers/temporal.ts';
import type { DemoOptions } from './options.ts';

export interface DemoServers {
  readonly kubeconfig: string;
  readonly kubectl: string;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly temporalUi: string | undefined;
  /** The API server's audit log, when the API server is ours. */
  readonly auditLog: string | undefined;
  /** Servers of ours that have to run. */
  readonly running: readonly ServerProcess[];
  stop(): Promise<void>;
}

const run = promisify(execFile);
const CRDS = join(process.cwd(), 'deploy/crds');

/** Starts every server that the options do not name, and makes the CRDs and the database ready. */
export async function startServers(options: DemoOptions): Promise<DemoServers> {
  const servers = options.kubeconfig === undefined ? await startAll(options) : await startMissing(options);
  if (options.postgres !== undefined) return servers;
  const databaseUrl = await createDatabase(servers.databaseUrl);
  return { ...servers, databaseUrl };
}

async function startAll(options: DemoOptions): Promise<DemoServers> {
  const stack = await startStack({
    stateFolder: options.stateFolder,
    temporalUi: true,
    prepareCluster: (cluster) => applyManifests(cluster, CRDS),
  });
  return {
    kubeconfig: stack.kubeconfig,
    kubectl: stack.kubectl,
    databaseUrl: options.postgres ?? stack.postgresUrl,
    ...temporalOf(options, stack.temporal),
    auditLog: stack.auditLog,
    running: [stack.etcd, stack.apiserver, stack.controllers, stack.temporal, stack.postgres],
    stop: () => stack.stop(),
  };
}

/** The cluster is the user's: its CRDs stay as they are when it has them already. */
async function startMissing(options: DemoOptions): Promise<DemoServers> {
  const kubeconfig = resolve(options.kubeconfig ?? '');
  const kubectl = (await findBinary('kubectl')) ?? (await locateServers()).kubectl;
  if (!(await hasCrds(kubeconfig, kubectl))) await applyManifests({ kubeconfig, kubectl }, CRDS);
  const folder = (name: string): string => join(resolve(options.stateFolder), name);
  const postgres = options.postgres === undefined ? await startPostgres({ folder: folder('postgres') }) : undefined;
  const temporal =
    options.temporal === undefined
      ? await startTemporal({ binary: await temporalProgram(), folder: folder('temporal'), ui: true })
      : undefined;
  const running = [temporal, postgres].filter((server) => server !== undefined);
  return {
    kubeconfig,
    kubectl,
    databaseUrl: options.postgres ?? postgres?.url ?? '',
    ...temporalOf(options, temporal),
    auditLog: undefined,
    running,
    async stop() {
      for (const server of running) await server.stop();
    },
  };
}

async function hasCrds(kubeconfig: string, kubectl: string): Promise<boolean> {
  const crd = 'remediationrequests.kubernaut.ai';
  const { stdout } = await run(kubectl, [`--kubeconfig=${kubeconfig}`, 'get', 'crd', crd, '--ignore-not-found']);
  return stdout !== '';
}

const temporalProgram = async (): Promise<string> => (await findBinary('temporal')) ?? (await locateServers()).temporal;

/** The server that the user names, else ours. */
const temporalOf = (
  { temporal, temporalNamespace, temporalUi }: DemoOptions,
  ours: { readonly address: string; readonly namespace: string; readonly uiUrl: string | undefined } | undefined,
) =>
  temporal === undefined
    ? { temporalAddress: ours?.address ?? '', temporalNamespace: ours?.namespace ?? '', temporalUi: ours?.uiUrl }
    : { temporalAddress: temporal, temporalNamespace, temporalUi };

async function createDatabase(adminUrl: string): Promise<string> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await admin.query('create database kubernaut');
  } finally {
    await admin.end();
  }
  const url = new URL(adminUrl);
  url.pathname = '/kubernaut';
  return url.href;
}
