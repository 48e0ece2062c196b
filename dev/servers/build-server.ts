import { spawn } from 'node:child_process';
import { accessSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Binary, Server } from './catalogue.ts';
import { withLock } from './lock.ts';
import { showLine, showProgress } from './progress.ts';

/**
 * Builds binaries of one server from the Go module proxy into `folder`. A second process that asks for the same
 * waits for the first; a binary appears in the folder only when it is whole.
 */
export async function buildServer(server: Server, binaries: readonly Binary[], folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const waiting = (owner: string): void => {
    showLine(server.name, `waiting for process ${owner}, which builds it`);
  };
  await withLock(`${folder}.lock`, waiting, async () => {
    const missing = binaries.filter((binary) => !exists(join(folder, binary.name)));
    if (missing.length === 0) return;
    const logFile = `${folder}.build.log`;
    const activity = `building ${missing.map((binary) => binary.name).join(', ')} ${server.version} from Go modules`;
    await showProgress(server.name, activity, async (setActivity) => {
      const watch = setInterval(() => {
        setActivity(`${activity}, ${describeLog(logFile)}`);
      }, 1000);
      const target = mkdtempSync(`${folder}.building-`);
      try {
        await compile(server, missing, target, logFile);
        for (const binary of missing) renameSync(join(target, binary.name), join(folder, binary.name));
        setActivity(activity);
      } finally {
        clearInterval(watch);
        rmSync(target, { recursive: true, force: true });
      }
    });
  });
}

async function compile(server: Server, binaries: readonly Binary[], target: string, logFile: string): Promise<void> {
  const module = moduleFolder(server);
  const log = openSync(logFile, 'w');
  try {
    for (const binary of binaries) {
      const args = ['build', '-v', '-mod=readonly', '-trimpath', `-ldflags=${server.linkerFlags}`];
      await run('go', [...args, '-o', join(target, binary.name), binary.goPackage], module, log);
    }
  } catch (error) {
    throw new Error(failure(server, binaries, logFile, (error as Error).message), { cause: error });
  } finally {
    closeSync(log);
  }
}

/** The modules are no TypeScript, so they stay beside the sources when this file runs from dist. */
function moduleFolder(server: Server): string {
  const beside = join(import.meta.dirname, server.name);
  return exists(join(beside, 'go.mod')) ? beside : join(import.meta.dirname, '../../../dev/servers', server.name);
}

async function run(command: string, args: readonly string[], cwd: string, log: number): Promise<void> {
  const env = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' };
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', log, log] });
  await new Promise<void>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? new Error('Go is not installed (https://go.dev/dl)') : error);
    });
    child.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`go build ended with ${signal ?? `exit code ${String(code)}`}`));
    });
  });
}

function failure(server: Server, binaries: readonly Binary[], logFile: string, reason: string): string {
  const tail = readLog(logFile).slice(-5);
  const skip = binaries.map((binary) => `  ${binary.variable}=/path/to/${binary.name}`);
  return [
    `Cannot build ${server.name} ${server.version}: ${reason}.`,
    ...tail.map((text) => `  | ${text}`),
    `The whole log is in ${logFile}. To skip the build, name a binary of your own:`,
    ...skip,
  ].join('\n');
}

function describeLog(logFile: string): string {
  const lines = readLog(logFile);
  const downloads = lines.filter((text) => text.startsWith('go: downloading')).length;
  const packages = lines.length - downloads;
  return packages === 0 ? `${String(downloads)} modules fetched` : `${String(packages)} packages compiled`;
}

function readLog(logFile: string): readonly string[] {
  try {
    return readFileSync(logFile, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
