import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasSetpriv, runAs } from './run-as.ts';
import type { User } from './run-as.ts';

const PROBE_EVERY_MS = 50;

/** What to run and where its output goes. */
export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs as this user instead; only root can ask for it. */
  readonly user?: User | undefined;
  /** Lives on when this process ends. Without it the server dies with its parent, even a killed one. */
  readonly survive?: boolean;
  /** How the program is asked to end; it is killed when it does not within `graceMs`. */
  readonly stopSignal?: NodeJS.Signals;
  readonly graceMs?: number;
}

/** A running server. */
export interface ServerProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  isRunning(): boolean;
  /** Sends a signal to the server's whole process group: SIGKILL, SIGSTOP, SIGCONT. */
  signal(signal: NodeJS.Signals): void;
  /** Ends the process; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Starts a program in its own process group, with its output appended to the log file. */
export function startProcess(options: ProcessOptions): ServerProcess {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'a');
  const dieWithParent = options.survive !== true;
  const { command, args, identity } = runAs(options.command, options.args, { user: options.user, dieWithParent });
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...options.env },
    ...identity,
  });
  closeSync(log);
  let ending: string | undefined;
  const gone = new Promise<void>((resolve) => {
    const end = (reason: string): void => {
      ending ??= reason;
      resolve();
    };
    child.once('error', (error) => {
      end(error.message);
    });
    child.once('exit', (code, signal) => {
      end(signal ?? `exit code ${String(code)}`);
    });
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`Cannot start ${options.name}: ${options.command} does not run.`);
  const watchdog = dieWithParent && !hasSetpriv ? startWatchdog(pid) : undefined;
  if (!dieWithParent) child.unref();
  const isRunning = (): boolean => ending === undefined;
  const signal = (name: NodeJS.Signals): void => {
    if (isRunning()) signalGroup(pid, name);
  };
  return {
    name: options.name,
    pid,
    logFile: options.logFile,
    isRunning,
    signal,
    async stop() {
      watchdog?.kill('SIGKILL');
      child.ref();
      signal('SIGCONT');
      signal(options.stopSignal ?? 'SIGTERM');
      await Promise.race([gone, sleep(options.graceMs ?? 3000, undefined, { ref: false })]);
      signal('SIGKILL');
      await gone;
    },
  };
}

/** Resolves when `probe` first succeeds. Fails, naming the log, when the server ends or the time is up. */
export async function untilReady(
  server: ServerProcess,
  probe: () => Promise<unknown>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      await probe();
      return;
    } catch (error) {
      if (!server.isRunning()) throw notReady(server, 'ended while starting', error);
      if (Date.now() > deadline) {
        await server.stop();
        throw notReady(server, `was not ready within ${String(timeoutMs / 1000)} s`, error);
      }
    }
    await sleep(PROBE_EVERY_MS);
  }
}

/** Sends a signal to a process group; one that is gone already is fine. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Whether a process of this id runs, whoever owns it; one that has ended and waits for its parent does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const status = `/proc/${String(pid)}/status`;
    return !existsSync(status) || !/^State:\s+Z/m.test(readFileSync(status, 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A shell that reads until this process is gone, then kills the server. For systems without `setpriv`. */
function startWatchdog(pid: number): ChildProcess {
  const script = `cat >/dev/null; kill -KILL -- -${String(pid)}`;
  const watchdog = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  watchdog.unref();
  return watchdog;
}

function notReady(server: ServerProcess, what: string, cause: unknown): Error {
  const tail = readFileSync(server.logFile, 'utf8').trimEnd().split('\n').slice(-8);
  const lines = tail.map((line) => `  | ${line.slice(0, 300)}`);
  return new Error([`${server.name} ${what}; its log is ${server.logFile}`, ...lines].join('\n'), { cause });
}
