/** The product as its users run it: built programs with a configuration file, each a process of its own. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePorts } from '../servers/ports.ts';
import { startProcess, untilReady } from '../servers/process.ts';
import type { ServerProcess } from '../servers/process.ts';

/** Where the product finds its servers, and where it works. */
export interface ProductPlaces {
  /** Folder for configuration files and logs. */
  readonly folder: string;
  readonly kubeconfig: string;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly namespace: string;
  readonly temporalUi?: string | undefined;
  readonly taskQueue?: string;
  /** Sections of the configuration file beside the addresses. */
  readonly configuration?: Readonly<Record<string, unknown>>;
}

/** One of the product's processes. */
export interface ProductProcess extends ServerProcess {
  readonly healthUrl: string;
}

export type ProgramName = 'watcher' | 'orchestrator';

const DIST = join(process.cwd(), 'dist');

/** Starts the watcher or the orchestrator; resolves when the process serves its health, ready or not. */
export async function startProgram(program: ProgramName, places: ProductPlaces): Promise<ProductProcess> {
  const { port } = await freePorts('port');
  const config = writeConfiguration(program, places, port);
  const server = startProcess({
    name: program,
    command: process.execPath,
    args: [join(DIST, 'workers', `${program}.js`), '--config', config],
    env: environmentOf(places),
    logFile: join(places.folder, `${program}.log`),
    graceMs: 10_000,
  });
  const healthUrl = `http://127.0.0.1:${String(port)}`;
  await untilReady(server, () => fetch(`${healthUrl}/healthz`));
  return { ...server, healthUrl };
}

/** Resolves when the process says that it is ready. */
export const untilProgramIsReady = (program: ProductProcess, timeoutMs = 30_000): Promise<void> =>
  untilReady(program, () => readinessOf(program), timeoutMs);

async function readinessOf({ healthUrl }: ProductProcess): Promise<void> {
  const answer = await fetch(`${healthUrl}/readyz?verbose`);
  if (!answer.ok) throw new Error(await answer.text());
}

/** What the environment of `rrctl` and of the processes has to say. */
export const environmentOf = (places: ProductPlaces): Readonly<Record<string, string>> => ({
  KUBECONFIG: places.kubeconfig,
  KUBERNAUT_CONTROLLER_NAMESPACE: places.namespace,
  KUBERNAUT_POSTGRES_URL: places.databaseUrl,
  TEMPORAL_ADDRESS: places.temporalAddress,
  TEMPORAL_NAMESPACE: places.temporalNamespace,
  ...(places.temporalUi === undefined ? {} : { KUBERNAUT_TEMPORAL_UI: places.temporalUi }),
});

/** What a command printed, and its exit code. */
export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `rrctl` with these words. */
export const rrctl = (words: readonly string[], places: ProductPlaces): Promise<Answer> =>
  runCommand(process.execPath, [join(DIST, 'src/cli/main.js'), ...words], environmentOf(places));

/** Runs a program to its end. */
export const runCommand = (
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
    execFile(command, args, options, (error, out, err) => {
      if (error === null) resolve({ code: 0, out, err });
      else if (typeof error.code === 'number') resolve({ code: error.code, out, err });
      else reject(new Error(`${command} cannot be run: ${error.message}`, { cause: error }));
    });
  });

/** Writes the file that a process is started with, and returns its path. */
function writeConfiguration(program: ProgramName, places: ProductPlaces, port: number): string {
  const { folder, databaseUrl, temporalAddress, temporalNamespace, taskQueue } = places;
  const database = new URL(databaseUrl);
  const isPlain = database.hostname === '127.0.0.1' && !database.searchParams.has('sslmode');
  const addresses = {
    controller: { metricsAddr: `127.0.0.1:${String(port)}`, healthProbeAddr: `127.0.0.1:${String(port)}` },
    logging: { format: 'console' },
    temporal: {
      address: temporalAddress,
      namespace: temporalNamespace,
      ...(taskQueue === undefined ? {} : { taskQueue }),
    },
    postgres: { url: databaseUrl, ...(isPlain ? { sslMode: 'disable' } : {}) },
  };
  const file = join(folder, `${program}.yaml`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, stringify({ ...addresses, ...places.configuration }), { mode: 0o600 });
  return file;
}
