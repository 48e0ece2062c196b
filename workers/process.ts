/** What every process of the product has in common: configuration, log, metrics, health, and an orderly end. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { Runtime } from '@temporalio/worker';
import { readConfig } from '../src/config/read.ts';
import type { Config } from '../src/config/read.ts';
import { fullMessage, InvalidRequestError } from '../src/errors.ts';
import { serveHealth } from '../src/health.ts';
import type { Check } from '../src/health.ts';
import type { RequestRecord } from '../src/kubernetes/transport.ts';
import { createLogger, temporalLogger } from '../src/logger.ts';
import type { Logger } from '../src/logger.ts';
import { createMetrics } from '../src/metrics.ts';
import type { Metrics } from '../src/metrics.ts';

export interface Frame {
  readonly config: Config;
  readonly kubeconfig: string | undefined;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Who this process is, for Temporal. */
  readonly identity: string;
  readonly version: string;
}

/** What a process does, and how ready it is. */
export interface Running {
  readonly checks: Readonly<Record<string, Check>>;
  readonly stop: () => Promise<void>;
}

/** Counts requests to the API server by verb, resource and status code. */
export const counting =
  (metrics: Metrics) =>
  ({ method, path, status }: RequestRecord): void => {
    const [plain = ''] = path.split('?');
    const resource = /\/namespaces\/[^/]+\/([^/]+)/.exec(plain)?.[1] ?? plain.split('/').at(-1) ?? '';
    metrics.apiRequested({ verb: method, resource, code: String(status) });
  };

const EXIT_WRONG_USAGE = 2;

/** Version of the program, as package.json has it. */
export const version = (): string => {
  const file = new URL(import.meta.url.includes('/dist/') ? '../../package.json' : '../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
};

/** Gives Temporal's native part our logger. Once per process, before anything else of Temporal is used. */
export function installRuntime(log: Logger): void {
  Runtime.install({
    logger: temporalLogger(log),
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
    shutdownSignals: [],
  });
}

/** Runs a process until SIGTERM or SIGINT. A configuration that cannot be used ends it with code 2 and one message. */
export async function runProcess(name: string, start: (frame: Frame) => Promise<Running>): Promise<void> {
  const { config, kubeconfig } = readArguments(name);
  const { logging, controller, pod } = config;
  const log = createLogger({ level: logging.level, format: logging.format, process: name, pod });
  const metrics = createMetrics({
    version: version(),
    commit: process.env['BUILD_COMMIT'] ?? '',
    processFigures: true,
  });
  installRuntime(log);
  const identity = `${String(process.pid)}@${pod ?? hostname()}`;
  log.info('Starting', { version: version(), namespace: config.namespace });
  for (const key of config.ignoredKeys) log.warn('Key has no effect', { key });

  const running = await start({ config, kubeconfig, log, metrics, identity, version: version() });
  const addresses = [controller.healthProbeAddr, controller.metricsAddr];
  const health = await serveHealth({ addresses, checks: running.checks, log, metrics });
  const signal = await ended();
  log.info('Stopping', { signal });
  await running.stop();
  await health.close();
  log.info('Stopped');
  process.exit(0);
}

function readArguments(name: string): Pick<Frame, 'config' | 'kubeconfig'> {
  try {
    const { values } = parseArgs({
      options: { config: { type: 'string' }, kubeconfig: { type: 'string' }, namespace: { type: 'string' } },
    });
    const config = readConfig({ file: values.config, env: process.env, flags: { namespace: values.namespace } });
    return { config, kubeconfig: values.kubeconfig ?? process.env['KUBECONFIG'] };
  } catch (error) {
    const isKnown = error instanceof InvalidRequestError || error instanceof TypeError;
    process.stderr.write(`${name}: ${isKnown ? error.message : fullMessage(error)}\n`);
    process.exit(EXIT_WRONG_USAGE);
  }
}

const ended = (): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => {
        resolve(signal);
      });
  });
