/** A demo that goes on running: how to use it, and how another terminal ends it. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopStack } from '../servers/stack.ts';
import { environmentOf } from './product.ts';
import type { ProductPlaces } from './product.ts';
import type { DemoServers } from './servers.ts';
import { say } from './terminal.ts';

const pidFile = (stateFolder: string): string => join(stateFolder, 'demo.pid');

/** Notes that this process is the demo of the folder; throws when another one is. */
export function claim(stateFolder: string): void {
  const other = runningDemo(stateFolder);
  if (other !== undefined)
    throw new Error(`A demo runs already (process ${String(other)}): stop it with make demo ARGS=--stop`);
  stopStack(stateFolder);
  rmSync(stateFolder, { recursive: true, force: true });
  mkdirSync(stateFolder, { recursive: true });
  writeFileSync(pidFile(stateFolder), `${String(process.pid)}\n`);
}

/** Ends the demo of the folder; false when none runs. */
export async function stopRunning(stateFolder: string): Promise<boolean> {
  const pid = runningDemo(stateFolder);
  if (pid === undefined) return stopStack(stateFolder);
  process.kill(pid, 'SIGTERM');
  while (runningDemo(stateFolder) !== undefined) await sleep(100);
  return true;
}

function runningDemo(stateFolder: string): number | undefined {
  if (!existsSync(pidFile(stateFolder))) return undefined;
  const pid = Number(readFileSync(pidFile(stateFolder), 'utf8'));
  try {
    process.kill(pid, 0);
    return isDemo(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** A process id may have been given to another program since; where that cannot be told, it has not. */
function isDemo(pid: number): boolean {
  const commandLine = `/proc/${String(pid)}/cmdline`;
  if (!existsSync('/proc/self/cmdline')) return true;
  return existsSync(commandLine) && readFileSync(commandLine, 'utf8').includes('demo');
}

/** Prints how to play with what runs. */
export function sayHowToPlay(places: ProductPlaces, servers: DemoServers): void {
  const variables = Object.entries(environmentOf(places)).map(([name, value]) => `  export ${name}=${value}`);
  say('Everything keeps running. In another terminal:');
  say();
  for (const variable of variables) say(variable);
  say(`  alias kubectl=${servers.kubectl}`);
  say(`  alias rrctl='node ${join(process.cwd(), 'dist/src/cli/main.js')}'`);
  say();
  say(
    '  kubectl get rr -n shop -w        # see dev/simulators/README.md for what a signal may ask for'.replace(
      'shop',
      places.namespace,
    ),
  );
  say('  rrctl get');
  if (servers.temporalUi !== undefined) say(`  open ${servers.temporalUi}`);
  say();
  say(`Logs are in ${places.folder}. Ctrl-C stops everything, and so does make demo ARGS=--stop elsewhere.`);
}
