import { mkdirSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './process.ts';

const HEARTBEAT_MS = 5_000;
const ABANDONED_MS = 60_000;

/**
 * Runs `work` while no other process holds the lock file, and returns its result.
 * `onWait` is called once when somebody else has it. A lock whose owner died is taken over.
 */
export async function withLock<T>(file: string, onWait: (owner: string) => void, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  let told = false;
  while (!tryLock(file)) {
    if (isAbandoned(file)) {
      discard(file);
      continue;
    }
    if (!told) onWait(ownerOf(file)?.pid ?? 'unknown');
    told = true;
    await sleep(200);
  }
  const heartbeat = setInterval(() => {
    touch(file);
  }, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    rmSync(file, { force: true });
  }
}

function tryLock(file: string): boolean {
  try {
    writeFileSync(file, `${String(process.pid)} ${hostname()}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isAbandoned(file: string): boolean {
  const age = ageOf(file);
  const owner = ownerOf(file);
  if (age === undefined) return false;
  if (age > ABANDONED_MS) return true;
  // A file without content may be one that its owner is about to write.
  return owner !== undefined && owner.host === hostname() && !isAlive(Number(owner.pid));
}

/** Renames first, so that of two processes that saw the same dead owner only one removes the file. */
function discard(file: string): void {
  const aside = `${file}.${String(process.pid)}`;
  try {
    renameSync(file, aside);
    unlinkSync(aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function ownerOf(file: string): { readonly pid: string; readonly host: string } | undefined {
  try {
    const [pid, host] = readFileSync(file, 'utf8').trim().split(' ');
    return pid && host ? { pid, host } : undefined;
  } catch {
    return undefined;
  }
}

function ageOf(file: string): number | undefined {
  const modified = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  return modified === undefined ? undefined : Date.now() - modified;
}

function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // Gone already: the work has just ended.
  }
}
