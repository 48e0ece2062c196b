import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { buildServer } from './build-server.ts';
import { SERVERS } from './catalogue.ts';
import type { Binary, BinaryName, Server } from './catalogue.ts';

const run = promisify(execFile);

/** Paths of executables by name. */
export type Binaries = Readonly<Record<BinaryName, string>>;

/**
 * Finds every server binary, and builds those that are nowhere: environment variable, the user's cache,
 * PATH (if the version fits), the Go module proxy.
 */
export async function locateServers(): Promise<Binaries> {
  const found: Record<string, string> = {};
  for (const server of SERVERS) Object.assign(found, await locateServer(server));
  return found as Binaries;
}

/** Finds one binary without building anything; undefined when it is nowhere. */
export async function findBinary(name: BinaryName): Promise<string | undefined> {
  for (const server of SERVERS) {
    const binary = server.binaries.find((candidate) => candidate.name === name);
    if (binary) return await find(server, binary);
  }
  return undefined;
}

/** The folder that keeps a server's binaries for all clones of this user. */
export function cacheFolder(server: Server): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'kubernaut-temporal', `${server.name}-${server.version}`);
}

async function locateServer(server: Server): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const missing: Binary[] = [];
  for (const binary of server.binaries) {
    const path = await find(server, binary);
    if (path === undefined) missing.push(binary);
    else found[binary.name] = path;
  }
  if (missing.length > 0) {
    const folder = cacheFolder(server);
    await buildServer(server, missing, folder);
    for (const binary of missing) found[binary.name] = join(folder, binary.name);
  }
  return found;
}

async function find(server: Server, binary: Binary): Promise<string | undefined> {
  const named = process.env[binary.variable];
  if (named !== undefined && named !== '') {
    if (isExecutable(named)) return named;
    throw new Error(`${binary.variable} names ${named}, which is no executable file: correct it or unset it.`);
  }
  const cached = join(cacheFolder(server), binary.name);
  if (isExecutable(cached)) return cached;
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const candidate = join(folder, binary.name);
    if (folder !== '' && isExecutable(candidate) && (await isAcceptable(binary, candidate))) return candidate;
  }
  return undefined;
}

async function isAcceptable(binary: Binary, path: string): Promise<boolean> {
  try {
    const { stdout } = await run(path, [...binary.versionArguments], { timeout: 10_000 });
    const [, major, minor] = /(\d+)\.(\d+)\.\d+/.exec(stdout) ?? [];
    return major !== undefined && minor !== undefined && binary.accepts(Number(major), Number(minor));
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
