/** `rrctl up`: brings up what is missing, runs the product, and takes everything down again when it is told to stop. */
import { resolve } from 'node:path';
import { installRuntime } from '../../../workers/process.ts';
import { removeConnection, readConnection, stateFolder, writeConnection } from '../../config/connection-file.ts';
import { connectionString, withoutSecrets } from '../../config/postgres.ts';
import { isGiven } from '../../config/read.ts';
import type { Config } from '../../config/read.ts';
import { temporalSecurity } from '../../config/temporal.ts';
import { InvalidRequestError, fullMessage } from '../../errors.ts';
import { serveHealth } from '../../health.ts';
import type { CheckState, Health } from '../../health.ts';
import { createLogger, silentLogger } from '../../logger.ts';
import type { Logger } from '../../logger.ts';
import { createMetrics } from '../../metrics.ts';
import { migrate } from '../../postgres/migrate.ts';
import { ensureNamespace, openTemporal } from '../../temporal/connection.ts';
import { VERSION } from '../../version.ts';
import type { ExitCode, Io } from '../command.ts';
import { startProduct } from './product.ts';
import { ownPostgres, ownTemporal } from './servers.ts';
import type { OwnServer } from './servers.ts';
import { inTime, stopSignal, untilDone, untilEnd } from './until.ts';
import { wantedOf } from './wanted.ts';
import type { Environment, UpOptions, Wanted } from './wanted.ts';

/** Resolves when everything is stopped again: after SIGTERM or SIGINT with 0, after the end of a server of its own with 1. */
export async function runUp(options: UpOptions, env: Environment, io: Io): Promise<ExitCode> {
  const folder = options.state ?? stateFolder(env);
  const other = readConnection(folder);
  if (other !== undefined)
    throw new InvalidRequestError(
      'INVALID_REQUEST',
      `rrctl up runs already on ${folder} (process ${String(other.pid)}): stop it, or name another folder with --state`,
    );
  const wanted = wantedOf(options, env);
  const stopping = stopSignal(io);
  const closing: (() => Promise<void>)[] = [];
  try {
    return await up({ options, wanted, folder, io, stopping, closing, env });
  } catch (error) {
    if (stopping.aborted) return 0;
    throw error;
  } finally {
    for (const close of closing.reverse())
      await inTime(close()).catch((error: unknown) => {
        io.err(fullMessage(error));
      });
    io.out('Stopped.');
  }
}

interface Run {
  readonly options: UpOptions;
  readonly wanted: Wanted;
  readonly folder: string;
  readonly io: Io;
  readonly env: Environment;
  readonly stopping: AbortSignal;
  readonly closing: (() => Promise<void>)[];
}

async function up({ options, wanted, folder, io, stopping, closing, env }: Run): Promise<ExitCode> {
  const { needsPostgres, needsTemporal, configWith } = wanted;
  const temporalNamespace = configWith({ postgres: 'postgres://postgres@127.0.0.1/kubernaut' }).temporal.namespace;
  io.out(`Starting in ${folder}.`);
  const postgres = needsPostgres ? await kept(ownPostgres(folder), closing) : undefined;
  stopping.throwIfAborted();
  const temporal = needsTemporal ? await kept(ownTemporal(folder, temporalNamespace), closing) : undefined;
  const config = configWith({
    ...(postgres === undefined ? {} : { postgres: postgres.url }),
    ...(temporal === undefined ? {} : { temporal: temporal.address }),
  });
  const log = loggerOf(config, options);
  const database = connectionString(config.postgres);
  await untilDone('PostgreSQL', io, stopping, () => migrate(database));
  await untilDone('Temporal', io, stopping, () => namespaceIn(config));
  installRuntime(log);
  const metrics = createMetrics({ version: VERSION, commit: '', processFigures: true });
  const product = startProduct({ config, cluster: wanted.cluster, log, metrics });
  closing.push(() => product.stop());
  const addresses = [options.health ?? '127.0.0.1:0'];
  const onChange = (state: CheckState): void => {
    io.out(state.ok ? `ready: ${state.check}` : `not ready: ${state.check}: ${state.reason ?? ''}`);
  };
  const health = await serveHealth({
    addresses,
    checks: product.checks,
    metrics,
    log: silentLogger,
    onChange,
    everyMs: 1000,
  });
  closing.push(() => health.close());
  const kubeconfig = wanted.cluster.kubeconfig ?? env['KUBECONFIG'];
  writeConnection(folder, {
    pid: process.pid,
    postgresUrl: database,
    temporalAddress: config.temporal.address,
    temporalNamespace: config.temporal.namespace,
    taskQueue: config.temporal.taskQueue,
    namespace: config.namespace,
    ...(temporal?.uiUrl === undefined ? {} : { temporalUi: temporal.uiUrl }),
    ...(health.urls[0] === undefined ? {} : { healthUrl: health.urls[0] }),
    ...(kubeconfig === undefined ? {} : { kubeconfig: resolve(kubeconfig) }),
    ...(wanted.cluster.context === undefined ? {} : { context: wanted.cluster.context }),
  });
  closing.push(() => {
    removeConnection(folder);
    return Promise.resolve();
  });
  io.out(places(config, database, temporal?.uiUrl, health));
  return untilEnd([postgres, temporal], stopping, io);
}

function places(config: Config, database: string, ui: string | undefined, health: Health): string {
  return [
    '',
    `  Namespace    ${config.namespace}`,
    `  PostgreSQL   ${withoutSecrets(database)}`,
    `  Temporal     ${config.temporal.address}, namespace ${config.temporal.namespace}`,
    ...(ui === undefined ? [] : [`  Temporal UI  ${ui}`]),
    `  Readiness    ${health.urls[0] ?? ''}/readyz?verbose`,
    '',
    'Look at remediations with rrctl get, in another terminal. Ctrl-C stops everything; data stays.',
    '',
  ].join('\n');
}

/** Standard output is for what people want to know; log lines go beside it. */
function loggerOf({ logging, pod }: Config, { config: file, verbose }: UpOptions): Logger {
  const level = verbose ? 'INFO' : isGiven(file, 'logging.level') ? logging.level : 'WARN';
  const destination = {
    write: (line: string): void => {
      process.stderr.write(line);
    },
  };
  const format = isGiven(file, 'logging.format') ? logging.format : 'console';
  return createLogger({ level, format, process: 'up', pod, destination });
}

async function kept<S extends OwnServer>(starting: Promise<S>, closing: (() => Promise<void>)[]): Promise<S> {
  const server = await starting;
  closing.push(() => server.stop());
  return server;
}

async function namespaceIn(config: Config): Promise<void> {
  const { address, namespace } = config.temporal;
  const temporal = openTemporal({ address, namespace, ...temporalSecurity(config) });
  try {
    await ensureNamespace(temporal);
  } finally {
    await temporal.close();
  }
}
