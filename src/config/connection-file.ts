/** How a running `rrctl up`, or a demo, tells other commands where its servers are: connection.json in its state folder. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface ConnectionFile {
  /** The process that the servers belong to. */
  readonly pid: number;
  readonly postgresUrl: string;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly taskQueue: string;
  readonly temporalUi?: string;
  readonly healthUrl?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The folder for what must outlive a process: KUBERNAUT_STATE, else kubernaut-temporal in the user's state folder. */
export function stateFolder(env: Environment): string {
  const named = env['KUBERNAUT_STATE'];
  if (named !== undefined && named !== '') return named;
  const state = env['XDG_STATE_HOME'];
  return join(state === undefined || state === '' ? join(homedir(), '.local/state') : state, 'kubernaut-temporal');
}

/** Writes the file, for its owner's eyes only. */
export function writeConnection(folder: string, connection: ConnectionFile): void {
  mkdirSync(folder, { recursive: true });
  const draft = join(folder, `.connection.${String(process.pid)}.json`);
  writeFileSync(draft, `${JSON.stringify(connection, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, fileIn(folder));
}

/** Removes the file, unless another process has written it since. */
export function removeConnection(folder: string): void {
  if (readFile(folder)?.pid === process.pid) rmSync(fileIn(folder), { force: true });
}

/** What the file says; undefined when there is none, or when the process that wrote it is gone. */
export function readConnection(folder: string): ConnectionFile | undefined {
  const connection = readFile(folder);
  return connection !== undefined && isAlive(connection.pid) ? connection : undefined;
}

const fileIn = (folder: string): string => join(folder, 'connection.json');

function readFile(folder: string): ConnectionFile | undefined {
  try {
    return JSON.parse(readFileSync(fileIn(folder), 'utf8')) as ConnectionFile;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
