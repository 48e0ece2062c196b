/** `make demo`: two remediations on real servers, from kubectl apply to Completed, for somebody to watch. */
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKubernetesClient } from '../../src/kubernetes/client.ts';
import { openTemporal } from '../../src/temporal/connection.ts';
import { queryView } from '../../src/temporal/starter.ts';
import type { ServerProcess } from '../servers/process.ts';
import { showProgress } from '../servers/progress.ts';
import { stopOnSignal } from '../servers/stack.ts';
import { decide } from './approval.ts';
import { follow, header } from './following.ts';
import { claim, sayHowToPlay, stopRunning } from './kept.ts';
import { USAGE, readOptions } from './options.ts';
import type { DemoOptions } from './options.ts';
import type { ProductPlaces } from './product.ts';
import { report } from './report.ts';
import { startServers } from './servers.ts';
import type { DemoServers } from './servers.ts';
import { NAMES, applyRequests, startProduct } from './setup.ts';
import { canAsk, say, styled } from './terminal.ts';

const GIVE_UP_MS = 180_000;

const closing: (() => Promise<unknown>)[] = [];
const closeLater = (close: () => Promise<unknown>): void => void closing.push(close);

async function close(): Promise<void> {
  for (const each of closing.splice(0).reverse()) await each().catch(() => undefined);
}

/** Runs the command and returns its exit code: 0 all went well, 1 it did not, 2 wrong usage. */
async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (typeof options === 'string') {
    console.error(`${options}\n${USAGE}`);
    return 2;
  }
  if (options.stop) {
    say((await stopRunning(options.stateFolder)) ? 'The demo is stopped.' : 'No demo is running.');
    return 0;
  }
  claim(options.stateFolder);
  stopOnSignal(close);
  try {
    return await play(options);
  } finally {
    await close();
  }
}

async function play(options: DemoOptions): Promise<number> {
  const servers = await showProgress('servers', 'starting', () => startServers(options));
  closeLater(() => servers.stop());
  const places: ProductPlaces = {
    folder: resolve(options.stateFolder),
    namespace: options.namespace,
    kubeconfig: servers.kubeconfig,
    databaseUrl: servers.databaseUrl,
    temporalAddress: servers.temporalAddress,
    temporalNamespace: servers.temporalNamespace,
    temporalUi: servers.temporalUi,
  };
  const programs = await showProgress('product', 'starting watcher, orchestrator and simulators', () =>
    startProduct(options, places, servers, closeLater),
  );
  say();
  const faults = await Promise.race([
    remediate(options, places, servers),
    trouble([...servers.running, ...programs]),
    ...(options.yes || !canAsk() ? [tooLate(places)] : []),
  ]);
  for (const fault of faults) say(styled('red', `✘ ${fault}`));
  if (faults.length === 0)
    say(styled('green', '✔ Both are remediated, and what the trails tell is what the cluster shows.'));
  if (options.keep) {
    say();
    sayHowToPlay(places, servers);
    const [fault = ''] = await trouble([...servers.running, ...programs]);
    say(styled('red', fault));
    return 1;
  }
  say(
    faults.length === 0
      ? 'Everything is stopped again; make demo ARGS=--keep leaves it running.'
      : `Logs are in ${places.folder}`,
  );
  if (faults.length === 0) closing.unshift(() => rm(places.folder, { recursive: true, force: true }));
  return faults.length === 0 ? 0 : 1;
}

/** Lets both requests run; returns what is not as it should be. */
async function remediate(
  options: DemoOptions,
  places: ProductPlaces,
  servers: DemoServers,
): Promise<readonly string[]> {
  const { kubeconfig, namespace } = places;
  const client = createKubernetesClient({ kubeconfig });
  const temporal = openTemporal({
    address: places.temporalAddress,
    namespace: places.temporalNamespace,
    callTimeoutMs: 3000,
  });
  const view = (uid: string) => queryView(temporal, uid).catch(() => undefined);
  const following = follow({ client, namespace, names: NAMES, view });
  closeLater(async () => {
    await following.stop();
    client.close();
    await temporal.close();
  });
  await applyRequests(places, servers);
  say();
  say(header());
  const [direct, approval] = NAMES;
  const ended = following.untilPhase(direct);
  await Promise.all([options.yes ? undefined : ended, following.untilPhase(approval, 'AwaitingApproval')]);
  await following.pausing(() => decide(approval, client, places, options.yes));
  const sights = [await ended, await following.untilPhase(approval)];
  const faults: string[] = [];
  for (const sight of sights) faults.push(...(await report(sight, places, servers)));
  return faults;
}

/** Resolves, with what is wrong, when a process has ended that must run. */
async function trouble(processes: readonly ServerProcess[]): Promise<readonly string[]> {
  for (;;) {
    const gone = processes.find((each) => !each.isRunning());
    if (gone !== undefined) return [`${gone.name} has ended; its log is ${gone.logFile}`];
    await sleep(300, undefined, { ref: false });
  }
}

/** Resolves when nobody would wait any longer. */
async function tooLate({ folder }: ProductPlaces): Promise<readonly string[]> {
  await sleep(GIVE_UP_MS, undefined, { ref: false });
  return [`not finished after ${String(GIVE_UP_MS / 60_000)} minutes; logs are in ${folder}`];
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
