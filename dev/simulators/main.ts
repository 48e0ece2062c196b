/** The simulators as a process of their own: `node dist/dev/simulators/main.js --namespace NAME`. */
import { parseArgs } from 'node:util';
import { loadKubeconfig } from '../../src/kubernetes/kubeconfig.ts';
import { startSimulators } from './simulators.ts';

const USAGE = `usage: node dist/dev/simulators/main.js [--namespace NAME] [--delay MS] [--kubeconfig FILE] [--context NAME]
  --namespace NAME   where the RemediationRequests are (default: the namespace of the context, else default)
  --delay MS         time between two statuses (default 1000; 0 goes to the end at once)`;

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        namespace: { type: 'string', short: 'n' },
        delay: { type: 'string', default: '1000' },
        kubeconfig: { type: 'string' },
        context: { type: 'string' },
      },
    });
    if (!/^\d+$/.test(values.delay)) throw new Error(`--delay wants milliseconds, not ${values.delay}`);
    return values;
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return undefined;
  }
}

/** Starts the simulators; they run until SIGINT or SIGTERM. Returns 2 for wrong usage, 1 for a missing cluster. */
async function main(args: readonly string[]): Promise<number> {
  const options = parse(args);
  if (options === undefined) return 2;
  try {
    const { kubeconfig, context } = options;
    const kubeConfig = loadKubeconfig({ kubeconfig, context });
    const namespace = options.namespace ?? kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace;
    const simulators = await startSimulators({
      kubeconfig,
      context,
      namespace: namespace ?? 'default',
      delayMs: Number(options.delay),
      onProblem: (problem) => {
        console.error(problem);
      },
    });
    console.log(`Simulating the child controllers in namespace ${namespace ?? 'default'} until Ctrl-C`);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void simulators.stop());
    return 0;
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
