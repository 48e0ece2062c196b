import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { locateServers } from './locate.ts';
import { applyManifests } from './manifests.ts';
import { startStack, stopOnSignal, stopStack } from './stack.ts';
import type { Stack } from './stack.ts';

const USAGE = `usage: make servers [ARGS=...]
  (nothing)        find the servers' programs, and build those that are missing
  --keep           start them, print how to reach them, and run until Ctrl-C
  --state FOLDER   keep their data and logs there (default .state/servers)
  --stop FOLDER    end servers that another command left running`;

/** Runs the command and returns its exit code: 0 done, 1 failed, 2 wrong usage. */
async function main(args: readonly string[]): Promise<number> {
  const options = parse(args);
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  if (options.stop !== undefined) {
    const stopped = stopStack(resolve(options.stop));
    console.log(stopped ? 'The servers are stopped.' : `No servers run in ${options.stop}.`);
    return stopped ? 0 : 1;
  }
  if (options.keep) return await keep(options.state);
  for (const [name, path] of Object.entries(await locateServers())) console.log(`${name.padEnd(24)} ${path}`);
  return 0;
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        keep: { type: 'boolean', default: false },
        state: { type: 'string', default: '.state/servers' },
        stop: { type: 'string' },
      },
    });
    return values;
  } catch (error) {
    console.error((error as Error).message);
    return undefined;
  }
}

/** Runs until a signal ends this process, or until a server ends by itself. */
async function keep(stateFolder: string): Promise<number> {
  const crds = join(process.cwd(), 'deploy/crds');
  const stack = await startStack({
    stateFolder,
    temporalUi: true,
    temporalDurable: true,
    prepareCluster: (cluster) => applyManifests(cluster, crds),
  });
  console.log(describe(stack));
  const stopping = new AbortController();
  stopOnSignal(() => {
    stopping.abort();
    return stack.stop();
  });
  const servers = [stack.etcd, stack.apiserver, stack.controllers, stack.temporal, stack.postgres];
  while (servers.every((server) => server.isRunning())) await sleep(500);
  // After a signal the servers end because they are told to, and this process with them.
  if (stopping.signal.aborted) return await new Promise(() => undefined);
  for (const server of servers.filter((candidate) => !candidate.isRunning())) {
    console.error(`${server.name} has ended; its log is ${server.logFile}`);
  }
  await stack.stop();
  return 1;
}

function describe(stack: Stack): string {
  return `
The servers run until Ctrl-C. In another terminal:

  export KUBECONFIG=${stack.kubeconfig}
  export KUBERNAUT_STACK=${stack.stateFolder}    # npm run integration and npm run e2e use these servers

  Temporal UI  ${stack.temporalUi ?? ''}
  Temporal     ${stack.temporalAddress}, namespace ${stack.temporalNamespace}
  PostgreSQL   ${stack.postgresUrl}
  audit log    ${stack.auditLog}`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
