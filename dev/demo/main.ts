/** `make demo`: two remediations on real servers, from kubectl apply to Completed, for somebody to watch. */
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKubernetesClient } from '../../src/kubernetes/client.ts';
import { openTemporal } from '../../src/temporal/connection.ts';
import { queryView } from '../../src/temporal/starter.ts';
import type { ServerProcess } from '../servers/process.ts';
import { showProgress } from '../servers/progress.ts';
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

/** Once it is kept everything was fine and goes on for as long as its user likes, so any end is a good one. */
let stage: 'playing' | 'kept' | 'ending' = 'playing';

const closing: (() => Promise<unknown>)[] = [];
const closeLater = (close: () => Promise<unknown>): void => void closing.push(close);

async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close().catch(() => undefined);
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
  const asked = askedToEnd();
  try {
    return await Promise.race([play(options), asked]);
  } finally {
    await closeAll();
  }
}

/** Resolves with the exit code when somebody wants this process to end. A second time it ends at once. */
async function askedToEnd(): Promise<number> {
  return new Promise((resolve) => {
    for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }))
      process.once(signal, () => {
        process.once(signal, () => process.exit(code));
        resolve(stage === 'kept' ? 0 : code);
        stage = 'ending';
        say('\nStopping …');
      });
  });
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
  const broken = untilOneEnds([...servers.running, ...programs]);
  const faults = await Promise.race([
    remediate(options, places, servers),
    broken,
    ...(options.yes || !canAsk() ? [tooLate()] : []),
  ]);
  for (const fault of faults) say(styled('red', `✘ ${fault}`));
  if (faults.length > 0) {
    say(`Logs are in ${places.folder}`);
    return 1;
  }
  say(styled('green', '✔ Both are remediated, and what the trails tell is what the cluster shows.'));
  closing.unshift(() => rm(places.folder, { recursive: true, force: true }));
  if (!options.keep) {
    say('Everything is stopped again; make demo ARGS=--keep leaves it running.');
    return 0;
  }
  say();
  sayHowToPlay(places, servers);
  stage = 'kept';
  for (const fault of await broken) say(styled('red', `✘ ${fault}`));
  return 1;
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
  const following = follow({ client, namespace, view });
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

/** Resolves, with what is wrong, when a process has ended that was not told to. */
async function untilOneEnds(processes: readonly ServerProcess[]): Promise<readonly string[]> {
  for (;;) {
    const gone = processes.find((each) => !each.isRunning());
    if (gone !== undefined && stage !== 'ending') return [`${gone.name} has ended; its log is ${gone.logFile}`];
    await sleep(300, undefined, { ref: false });
  }
}

/** Resolves when nobody would wait any longer. */
async function tooLate(): Promise<readonly string[]> {
  await sleep(GIVE_UP_MS, undefined, { ref: false });
  return [`not finished after ${String(GIVE_UP_MS / 60_000)} minutes`];
}

try {
  // A question that nobody will answer any more would keep the process alive.
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
