/** What the demo may be asked to do. */
import { parseArgs } from 'node:util';

export interface DemoOptions {
  readonly yes: boolean;
  readonly keep: boolean;
  readonly stop: boolean;
  /** Servers of your own, to be used instead of ones started for the demo. */
  readonly kubeconfig: string | undefined;
  readonly temporal: string | undefined;
  readonly temporalNamespace: string;
  readonly temporalUi: string | undefined;
  readonly postgres: string | undefined;
  readonly namespace: string;
  readonly stateFolder: string;
  readonly delayMs: number;
}

export const USAGE = `usage: make demo [ARGS="..."]
  --yes              approve without asking
  --keep             leave everything running afterwards, until Ctrl-C
  --stop             stop a demo that another terminal keeps running
  --delay MS         time between two answers of the simulated controllers (default 1000)

Servers of your own instead of ones that are started for the demo:
  --kubeconfig FILE  a cluster; the demo refuses a namespace that has RemediationRequests of others
  --namespace NAME   where the demo puts its RemediationRequests (default kubernaut-system)
  --temporal ADDRESS a Temporal server, with --temporal-namespace NAME (default kubernaut) and --temporal-ui URL
  --postgres URL     a PostgreSQL database; the demo creates its tables there`;

/** The options of a command line; a text that says what is wrong with it. */
export function readOptions(args: readonly string[]): DemoOptions | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        yes: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        stop: { type: 'boolean', default: false },
        kubeconfig: { type: 'string' },
        temporal: { type: 'string' },
        'temporal-namespace': { type: 'string', default: 'kubernaut' },
        'temporal-ui': { type: 'string' },
        postgres: { type: 'string' },
        namespace: { type: 'string', default: 'kubernaut-system' },
        state: { type: 'string', default: '.state/demo' },
        delay: { type: 'string', default: '1000' },
      },
    });
    if (!/^\d+$/.test(values.delay)) return `--delay wants milliseconds, not ${values.delay}`;
    const { yes, keep, stop, kubeconfig, temporal, postgres, namespace } = values;
    return {
      ...{ yes, keep, stop, kubeconfig, temporal, postgres, namespace },
      temporalNamespace: values['temporal-namespace'],
      temporalUi: values['temporal-ui'],
      stateFolder: values.state,
      delayMs: Number(values.delay),
    };
  } catch (error) {
    return (error as Error).message;
  }
}
