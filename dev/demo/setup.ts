/** Brings the product up on the servers, and the requests of the demo into the cluster. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerProcess } from '../servers/process.ts';
import { startSimulators } from '../simulators/simulators.ts';
import type { DemoOptions } from './options.ts';
import { rrctl, runCommand, startProgram, untilProgramIsReady } from './product.ts';
import type { ProductPlaces } from './product.ts';
import type { DemoServers } from './servers.ts';
import { say, sayCommand } from './terminal.ts';

/** Names of the two requests: the first runs by itself, the second asks a person. */
export const NAMES = ['demo-direct', 'demo-approval'] as const;

const NAMESPACES = 'deploy/examples/namespaces.yaml';
const REQUESTS = ['deploy/examples/rr-direct.yaml', 'deploy/examples/rr-approval.yaml'];

/** Keeps what has to be ended, last opened first ended. */
export type Closing = (close: () => Promise<unknown>) => void;

/** Migrates the stores and starts watcher, orchestrator and simulators; resolves when they are ready. */
export async function startProduct(
  options: DemoOptions,
  places: ProductPlaces,
  servers: DemoServers,
  closing: Closing,
): Promise<readonly ServerProcess[]> {
  await makeRoom(places, servers);
  const migrated = await rrctl(['migrate', '--temporal'], places);
  if (migrated.code !== 0) throw new Error(migrated.err.trim());
  const programs = await Promise.all([startProgram('watcher', places), startProgram('orchestrator', places)]);
  closing(() => Promise.all(programs.map((program) => program.stop())));
  const simulators = await startSimulators({
    kubeconfig: places.kubeconfig,
    namespace: places.namespace,
    delayMs: options.delayMs,
    onProblem: (problem) => {
      writeFileSync(join(places.folder, 'simulators.log'), `${problem}\n`, { flag: 'a' });
    },
  });
  closing(() => simulators.stop());
  await Promise.all(programs.map((program) => untilProgramIsReady(program)));
  return programs;
}

/** Creates the namespaces and removes what an earlier demo left there; refuses to answer for the children of others. */
async function makeRoom(places: ProductPlaces, servers: DemoServers): Promise<void> {
  await kubectl(['apply', '-f', manifestFor(NAMESPACES, places)], places, servers);
  const answer = await kubectl(['get', 'rr', '-n', places.namespace, '-o', 'name'], places, servers);
  const names = answer.split('\n').map((line) => line.replace(/^.*\//, ''));
  const foreign = names.filter((name) => name !== '' && !NAMES.some((own) => own === name));
  if (foreign.length > 0)
    throw new Error(
      `Namespace ${places.namespace} has RemediationRequests of others (${foreign.slice(0, 3).join(', ')}): choose another with --namespace`,
    );
  const waiting = ['--ignore-not-found', '--cascade=foreground', '--timeout=60s'];
  await kubectl(['delete', 'rr', ...NAMES, '-n', places.namespace, ...waiting], places, servers);
}

async function kubectl(args: readonly string[], places: ProductPlaces, servers: DemoServers): Promise<string> {
  const { code, out, err } = await runCommand(servers.kubectl, args, { KUBECONFIG: places.kubeconfig });
  if (code !== 0) throw new Error(`kubectl ${args[0] ?? ''} failed: ${err.trim()}`);
  return out;
}

/** The example, or a copy of it for another namespace. */
function manifestFor(file: string, places: ProductPlaces): string {
  if (places.namespace === 'kubernaut-system') return file;
  const copy = join(places.folder, file.replace(/^.*\//, ''));
  writeFileSync(copy, readFileSync(file, 'utf8').replaceAll('kubernaut-system', places.namespace));
  return copy;
}

/** Applies the two requests the way a person would. */
export async function applyRequests(places: ProductPlaces, servers: DemoServers): Promise<void> {
  const files = REQUESTS.map((file) => manifestFor(file, places)).flatMap((file) => ['-f', file]);
  sayCommand(`kubectl apply ${files.join(' ')}`);
  say((await kubectl(['apply', ...files], places, servers)).trim());
}
