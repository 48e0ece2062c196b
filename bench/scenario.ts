/** One scenario: so many requests, one after another or all at once, through the built product. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { auditedRequests, isStatusWrite } from '../dev/demo/audit-log.ts';
import { runCommand, startProgram, untilProgramIsReady } from '../dev/demo/product.ts';
import type { ProductPlaces } from '../dev/demo/product.ts';
import type { Stack } from '../dev/servers/stack.ts';
import { startSimulators } from '../dev/simulators/simulators.ts';
import { createKubernetesClient } from '../src/kubernetes/client.ts';
import { CONTROLLER_NAME } from '../src/remediation/names.ts';
import { openTemporal } from '../src/temporal/connection.ts';
import { describeRun } from '../src/temporal/starter.ts';
import { median, spread, usageOfTree } from './figures.ts';
import type { Spread, Usage } from './figures.ts';
import { follow } from './requests.ts';
import type { Followed } from './requests.ts';

export interface Scenario {
  readonly path: 'direct' | 'approval';
  readonly effects: 'local' | 'normal';
  readonly arrival: 'one at a time' | 'burst';
  readonly count: number;
}

export interface Result extends Scenario {
  readonly seconds: number;
  readonly perSecond: number;
  /** From the create call to the end as a watch shows it, milliseconds. */
  readonly latencyMs: Spread;
  /** Medians over the requests. */
  readonly statusWrites: number;
  readonly apiRequests: number;
  readonly stateTransitions: number;
  readonly historyEvents: number;
  readonly usage: Readonly<Record<string, Usage>>;
}

const WARM_UP = 5;
const LIMIT_MS = 300_000;
const CREATING_AT_ONCE = 20;
const DESCRIBED = 50;

/** Runs the scenario in a namespace and with processes of its own, and measures it at the servers. */
export async function run(scenario: Scenario, stack: Stack, databaseUrl: string): Promise<Result> {
  const { path, effects, arrival, count } = scenario;
  const namespace = `bench-${randomBytes(4).toString('hex')}`;
  const places: ProductPlaces = {
    folder: join(stack.stateFolder, namespace),
    kubeconfig: stack.kubeconfig,
    databaseUrl,
    temporalAddress: stack.temporalAddress,
    temporalNamespace: stack.temporalNamespace,
    namespace,
    taskQueue: namespace,
    configuration: {},
  };
  const configuration = {
    logging: { level: 'WARN', format: 'json' },
    temporal: {
      address: places.temporalAddress,
      namespace: places.temporalNamespace,
      taskQueue: namespace,
      localActivities: effects === 'local',
    },
  };
  const client = createKubernetesClient({ kubeconfig: stack.kubeconfig, userAgent: 'bench', timeoutMs: 30_000 });
  await createNamespace(stack, namespace);
  const simulators = await startSimulators({ kubeconfig: stack.kubeconfig, namespace });
  const programs = await Promise.all(
    (['watcher', 'orchestrator'] as const).map((program) => startProgram(program, { ...places, configuration })),
  );
  const follower = follow(client, namespace);
  const pids: Readonly<Record<string, number>> = {
    ...Object.fromEntries(programs.map(({ name, pid }) => [name, pid])),
    ...stack.pids,
  };
  const usage = () => Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, usageOfTree(pid)]));
  try {
    await Promise.all(programs.map((program) => untilProgramIsReady(program)));
    for (let i = 0; i < WARM_UP; i += 1) await one(follower, `warm-${String(i)}`, path);
    const before = usage();
    const began = performance.now();
    const names = Array.from({ length: count }, (_, i) => `rr-${String(i)}`);
    if (arrival === 'burst') await burst(follower, names, path);
    else for (const name of names) await one(follower, name, path);
    const seconds = (performance.now() - began) / 1000;
    const after = usage();
    const followed = names.map((name) => follower.seen.get(name)).filter((found) => found !== undefined);
    return {
      ...scenario,
      seconds,
      perSecond: count / seconds,
      latencyMs: spread(followed.map(({ createdAt, endedAt = NaN }) => endedAt - createdAt)),
      ...(await costs(stack, namespace, followed)),
      usage: Object.fromEntries(
        Object.entries(after).map(([name, { cpuSeconds, peakMiB }]) => [
          name,
          { cpuSeconds: (cpuSeconds - (before[name]?.cpuSeconds ?? 0)) / count, peakMiB },
        ]),
      ),
    };
  } finally {
    await follower.stop();
    await Promise.all(programs.map((program) => program.stop()));
    await simulators.stop();
    client.close();
  }
}

/** The namespace of the requests; that of their targets is managed, as remediation asks for. */
async function createNamespace(stack: Stack, namespace: string): Promise<void> {
  const kubectl = (...words: readonly string[]) =>
    runCommand(stack.kubectl, [`--kubeconfig=${stack.kubeconfig}`, ...words]);
  await kubectl('create', 'namespace', namespace);
  await kubectl('create', 'namespace', 'shop');
  await kubectl('label', 'namespace', 'shop', 'kubernaut.ai/managed=true', '--overwrite');
}

type Follower = ReturnType<typeof follow>;

async function one(follower: Follower, name: string, path: Scenario['path']): Promise<void> {
  await follower.create(name, path === 'approval');
  await follower.settled(LIMIT_MS);
}

async function burst(follower: Follower, names: readonly string[], path: Scenario['path']): Promise<void> {
  const left = [...names];
  const create = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift())
      await follower.create(name, path === 'approval');
  };
  await Promise.all(Array.from({ length: CREATING_AT_ONCE }, create));
  await follower.settled(LIMIT_MS);
}

/** What the requests cost at the servers, by the servers' own books. */
async function costs(stack: Stack, namespace: string, followed: readonly Followed[]) {
  const ours = auditedRequests(stack.auditLog, namespace).filter(
    ({ userAgent, verb }) => userAgent === CONTROLLER_NAME && verb !== 'watch' && verb !== 'list',
  );
  const temporal = openTemporal({ address: stack.temporalAddress, namespace: stack.temporalNamespace });
  const runs = await Promise.all(followed.slice(0, DESCRIBED).map(({ uid }) => describeRun(temporal, uid)));
  await temporal.close();
  const known = runs.filter((found) => found !== undefined);
  const all = followed.length + WARM_UP;
  return {
    statusWrites: median(followed.map(({ name }) => ours.filter((request) => isStatusWrite(request, name)).length)),
    apiRequests: Math.round((ours.length / all) * 10) / 10,
    stateTransitions: median(known.map(({ stateTransitions }) => stateTransitions)),
    historyEvents: median(known.map(({ historyLength }) => historyLength)),
  };
}
