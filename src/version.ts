import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The version that package.json states. */
export const VERSION = readVersion();

/** package.json is above this file, however deep in the sources or in the build that lies. */
function readVersion(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return version;
}
