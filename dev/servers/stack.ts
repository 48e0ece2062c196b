import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startControllerManager } from './kube-controller-manager.ts';
import { startEtcd } from './etcd.ts';
import type { Etcd } from './etcd.ts';
import { startKubeApiserver } from './kube-apiserver.ts';
import type { KubeApiserver } from './kube-apiserver.ts';
import { locateServers } from './locate.ts';
import type { Binaries } from './locate.ts';
import { startPostgres } from './postgres.ts';
import type { Postgres } from './postgres.ts';
import { isAlive, signalGroup } from './process.ts';
import type { ServerProcess } from './process.ts';
import { startTemporal } from './temporal.ts';
import type { Temporal } from './temporal.ts';

/** Which servers to bring up, and where they keep everything. */
export interface StackOptions {
  readonly stateFolder: string;
  /** The Temporal web UI, on a free or a given port. */
  readonly temporalUi?: boolean | number;
  readonly temporalDurable?: boolean;
  readonly temporalDynamicConfig?: Readonly<Record<string, string | number | boolean>>;
  readonly searchAttributes?: Readonly<Record<string, string>>;
  readonly fsync?: boolean;
  /** Runs between API server and garbage collector: install custom kinds here, so that they are collected at once. */
  readonly prepareCluster?: (cluster: Cluster) => Promise<void>;
  /** Servers live on when this process ends, until `stopStack` is called for the folder. */
  readonly survive?: boolean;
}

/** An API server, as somebody with every right sees it. */
export interface Cluster {
  readonly kubeconfig: string;
  readonly kubectl: string;
}

/** How to reach a running stack: also in `stack.json` of its state folder, for other processes. */
export interface StackAddresses extends Cluster {
  readonly stateFolder: string;
  readonly postgresUrl: string;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly temporalUi: string | undefined;
  readonly auditLog: string;
  /** Process ids by server name. */
  readonly pids: Readonly<Record<string, number>>;
}

/** A running stack of this process. */
export interface Stack extends StackAddresses {
  readonly etcd: Etcd;
  readonly apiserver: KubeApiserver;
  readonly controllers: ServerProcess;
  readonly temporal: Temporal;
  readonly postgres: Postgres;
  /** Ends every server; resolves when they are gone. The state folder stays. */
  stop(): Promise<void>;
}

/** Starts PostgreSQL, Temporal and a Kubernetes API server with garbage collection; all of them or none. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const stateFolder = resolve(options.stateFolder);
  if (readStack(stateFolder) !== undefined) {
    throw new Error(`Servers run in ${stateFolder} already: end them with make servers ARGS="--stop ${stateFolder}".`);
  }
  const binaries = await locateServers();
  mkdirSync(stateFolder, { recursive: true });
  const started: ServerProcess[] = [];
  const noted = <T extends ServerProcess>(server: T): T => {
    started.push(server);
    return server;
  };
  const stop = async (): Promise<void> => {
    // Clients before what they are clients of.
    const order = ['kube-controller-manager', 'temporal', 'postgres', 'kube-apiserver', 'etcd'];
    for (const name of order) await started.find((server) => server.name === name)?.stop();
    rmSync(join(stateFolder, 'stack.json'), { force: true });
  };
  const results = await Promise.allSettled([
    startCluster(options, binaries, stateFolder, noted),
    startTemporal(temporalOptions(options, binaries, stateFolder)).then(noted),
    startPostgres({
      folder: join(stateFolder, 'postgres'),
      fsync: options.fsync ?? false,
      survive: options.survive ?? false,
    }).then(noted),
  ]);
  const [cluster, temporal, postgres] = results;
  if (cluster.status !== 'fulfilled' || temporal.status !== 'fulfilled' || postgres.status !== 'fulfilled') {
    await stop();
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    throw new Error(reasons.map((reason) => reason.message).join('\n'), { cause: reasons[0] });
  }
  const { kubeconfig, auditLog } = cluster.value.apiserver;
  const addresses: StackAddresses = {
    stateFolder,
    kubeconfig,
    kubectl: binaries.kubectl,
    auditLog,
    postgresUrl: postgres.value.url,
    temporalAddress: temporal.value.address,
    temporalNamespace: temporal.value.namespace,
    temporalUi: temporal.value.uiUrl,
    pids: Object.fromEntries(started.map((server) => [server.name, server.pid])),
  };
  writeFileSync(join(stateFolder, 'stack.json'), `${JSON.stringify(addresses, null, 2)}\n`, { mode: 0o600 });
  return { ...addresses, ...cluster.value, temporal: temporal.value, postgres: postgres.value, stop };
}

/** The addresses of a stack that another process started in the folder; undefined when it does not run. */
export function readStack(stateFolder: string): StackAddresses | undefined {
  const stack = recorded(stateFolder);
  return stack !== undefined && Object.values(stack.pids).every(isAlive) ? stack : undefined;
}

/** Ends what still runs of a stack that another process started; false when nothing does. */
export function stopStack(stateFolder: string): boolean {
  const running = Object.entries(recorded(stateFolder)?.pids ?? {}).filter(([, pid]) => isAlive(pid));
  // PostgreSQL would leave its shared memory behind; the others lose nothing.
  for (const [name, pid] of running) signalGroup(pid, name === 'postgres' ? 'SIGINT' : 'SIGKILL');
  rmSync(join(stateFolder, 'stack.json'), { force: true });
  return running.length > 0;
}

function recorded(stateFolder: string): StackAddresses | undefined {
  const file = join(stateFolder, 'stack.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as StackAddresses) : undefined;
}

/** Calls `stop` once when the terminal or a supervisor asks this process to end, then ends it with the usual code. */
export function stopOnSignal(stop: () => Promise<void>): void {
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  let stopping = false;
  for (const [signal, code] of Object.entries(codes)) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      void stop().finally(() => process.exit(code));
    });
  }
}

async function startCluster(
  options: StackOptions,
  binaries: Binaries,
  stateFolder: string,
  noted: <T extends ServerProcess>(server: T) => T,
): Promise<Pick<Stack, 'etcd' | 'apiserver' | 'controllers'>> {
  const survive = options.survive ?? false;
  const folder = (name: string): string => join(stateFolder, name);
  const etcd = noted(await startEtcd({ binary: binaries.etcd, folder: folder('etcd'), survive }));
  const apiserver = noted(
    await startKubeApiserver({
      binary: binaries['kube-apiserver'],
      folder: folder('kube-apiserver'),
      etcdUrl: etcd.url,
      survive,
    }),
  );
  await options.prepareCluster?.({ kubeconfig: apiserver.kubeconfig, kubectl: binaries.kubectl });
  const controllers = noted(
    await startControllerManager({
      binary: binaries['kube-controller-manager'],
      folder: folder('kube-controller-manager'),
      kubeconfig: apiserver.controllersKubeconfig,
      survive,
    }),
  );
  return { etcd, apiserver, controllers };
}

function temporalOptions(options: StackOptions, binaries: Binaries, stateFolder: string) {
  return {
    binary: binaries.temporal,
    folder: join(stateFolder, 'temporal'),
    ui: options.temporalUi ?? false,
    durable: options.temporalDurable ?? false,
    searchAttributes: options.searchAttributes ?? {},
    dynamicConfig: options.temporalDynamicConfig ?? {},
    survive: options.survive ?? false,
  };
}
