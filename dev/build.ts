import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { withLock } from './servers/lock.ts';

const FOLDERS = ['src', 'activities', 'workflows', 'workers', 'dev', 'bench'];
const SETTINGS = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
const COMMAND = 'dist/src/cli/main.js';
const BUNDLE = 'dist/workflow-bundle.js';
const WORKFLOWS = 'workflows/index.ts';

interface Stamp {
  readonly sources: string;
  readonly bundled: string;
}

/** Brings `dist` up to date with the sources in `root`: compiled modules, the command, the workflow bundle. */
export async function build(root: string, say: (line: string) => void): Promise<void> {
  const waiting = (owner: string): void => {
    say(`build: waiting for another build (process ${owner})`);
  };
  await withLock(join(root, 'dist/.build.lock'), waiting, async () => {
    const started = Date.now();
    const stampFile = join(root, 'dist/.build-stamp.json');
    const before = readStamp(stampFile);
    const files = sourceFiles(root);
    const now: Stamp = { sources: digest(root, [...files, ...SETTINGS]), bundled: digest(root, bundledBy(files)) };
    const complete = files.every((file) => existsSync(join(root, outputOf(file))));
    const hasWorkflows = files.includes(WORKFLOWS);
    const bundleIsDue = hasWorkflows && (before?.bundled !== now.bundled || !existsSync(join(root, BUNDLE)));
    if (before?.sources === now.sources && complete && !bundleIsDue) {
      say('build: dist is up to date');
      return;
    }
    rmSync(stampFile, { force: true });
    removeStaleOutputs(root, files);
    await compile(root, complete);
    if (existsSync(join(root, COMMAND))) chmodSync(join(root, COMMAND), 0o755);
    if (bundleIsDue) await bundle(root);
    if (!hasWorkflows) {
      rmSync(join(root, BUNDLE), { force: true });
      say(`build: no ${WORKFLOWS}, so no workflow bundle`);
    }
    writeFileSync(stampFile, JSON.stringify(now));
    say(`build: ${String(files.length)} files compiled in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  });
}

function sourceFiles(root: string): readonly string[] {
  return FOLDERS.filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
    )
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .sort();
}

/** What the bundle is made of: the workflows, the pure core they import, and the packages. */
function bundledBy(files: readonly string[]): readonly string[] {
  return [...files.filter((file) => /^(workflows|activities|src)\//.test(file)), ...SETTINGS];
}

function digest(root: string, files: readonly string[]): string {
  const hash = createHash('sha256').update(process.version);
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function outputOf(source: string): string {
  return join('dist', source.replace(/\.ts$/, '.js'));
}

function removeStaleOutputs(root: string, files: readonly string[]): void {
  const wanted = new Set(files.map(outputOf));
  for (const folder of FOLDERS) {
    const outputs = join(root, 'dist', folder);
    if (!existsSync(outputs)) continue;
    for (const file of readdirSync(outputs, { recursive: true, encoding: 'utf8' })) {
      const script = join('dist', folder, file).replace(/\.js\.map$/, '.js');
      if (script.endsWith('.js') && !wanted.has(script)) rmSync(join(outputs, file), { force: true });
    }
  }
}

async function compile(root: string, complete: boolean): Promise<void> {
  // The compiler's own record says nothing about outputs that somebody deleted.
  if (!complete) rmSync(join(root, 'dist/.tsbuildinfo'), { force: true });
  const compiler = createRequire(join(root, 'package.json')).resolve('typescript/bin/tsc');
  const compilation = spawn(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  const [code] = (await once(compilation, 'exit')) as [number | null];
  if (code !== 0) throw new BuildError('build: the sources do not compile; the errors are listed above');
}

async function bundle(root: string): Promise<void> {
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({ workflowsPath: join(root, WORKFLOWS), logger: quiet() });
  mkdirSync(dirname(join(root, BUNDLE)), { recursive: true });
  writeFileSync(join(root, BUNDLE), code);
}

/** The bundler reports its progress as information; only warnings and errors are worth a line here. */
function quiet() {
  const nothing = (): void => undefined;
  const print = (message: string): void => {
    console.error(message);
  };
  return { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: print, error: print };
}

function readStamp(file: string): Stamp | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Stamp) : undefined;
}

class BuildError extends Error {
  override readonly name = 'BuildError';
}

if (process.argv[1] === import.meta.filename) {
  const root = process.cwd();
  try {
    await build(root, (line) => {
      console.log(line);
    });
  } catch (error) {
    console.error(error instanceof BuildError ? error.message : error);
    process.exitCode = 1;
  }
}
