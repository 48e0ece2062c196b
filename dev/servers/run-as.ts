import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';

const SETPRIV = '/usr/bin/setpriv';

/** Someone other than the user of this process. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** A program as `spawn` takes it. */
export interface Invocation {
  readonly command: string;
  readonly args: readonly string[];
  /** What to add to the options of `spawn`. */
  readonly identity: Partial<User>;
}

/** How a program is to be run: as whom, and whether it dies with this process. */
export interface RunAs {
  readonly user?: User | undefined;
  readonly dieWithParent?: boolean;
}

/** The invocation that runs a program that way; without `setpriv` the death of the parent goes unnoticed. */
export function runAs(command: string, args: readonly string[], { user, dieWithParent = false }: RunAs): Invocation {
  if (!hasSetpriv || (user === undefined && !dieWithParent)) return { command, args, identity: user ?? {} };
  // One tool does both, since becoming another user would clear the signal.
  const flags = [...(dieWithParent ? ['--pdeathsig', 'KILL'] : []), ...(user === undefined ? [] : userFlags(user))];
  return { command: SETPRIV, args: [...flags, command, ...args], identity: {} };
}

/** Whether `runAs` can tie a program's life to this process. */
export const hasSetpriv = isExecutable(SETPRIV);

/**
 * For root a user without rights, `postgres` where there is one: PostgreSQL refuses to run as root.
 * Everybody else runs everything as themselves.
 */
export function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', name), gid: idOf('-g', name) };
    } catch {
      // No such user.
    }
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody: create one.');
}

function userFlags({ uid, gid }: User): readonly string[] {
  const plain = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups'];
  // A clone in root's home is closed to others, so the user keeps root's right to pass through folders.
  const passing = ['--securebits', '+no_setuid_fixup', '--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  return succeeds(SETPRIV, [...passing, ...plain, 'true']) ? [...passing, ...plain] : plain;
}

function idOf(flag: string, name: string): number {
  return Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
}

function succeeds(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
