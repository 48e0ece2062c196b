import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './build.ts';
import { locateServers } from './servers/locate.ts';
import { formatElapsed } from './servers/progress.ts';

const CHECKS = ['format:check', 'lint', 'types'];
const TIERS = ['unit', 'replay', 'integration', 'e2e'];

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Outcome extends Counts {
  readonly name: string;
  readonly milliseconds: number;
  /** Why it failed, beyond tests that did. */
  readonly problem?: string;
}

/**
 * Runs everything that must hold: build, checks, the four tiers of tests. Goes on after a failure, so that one run
 * tells all. The last line it prints sums up the tiers; a failed check or a tier without tests counts as one failure.
 */
async function main(): Promise<number> {
  const outcomes: Outcome[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'kubernaut-test-'));
  try {
    outcomes.push(await attempt('build', () => build(process.cwd(), console.log)));
    outcomes.push(await attempt('servers', locateServers));
    for (const name of CHECKS) outcomes.push(await runCheck(name));
    for (const name of TIERS) outcomes.push(await runTier(name, join(folder, `${name}.json`)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log('');
  for (const outcome of outcomes) console.log(describe(outcome));
  const total = outcomes.reduce(add, { passed: 0, failed: 0, skipped: 0 });
  console.log(inWords(total));
  return total.failed === 0 ? 0 : 1;
}

async function attempt(name: string, work: () => Promise<unknown>): Promise<Outcome> {
  const started = announce(name);
  try {
    await work();
    return outcomeOf(name, started);
  } catch (error) {
    console.error((error as Error).message);
    return outcomeOf(name, started, 'failed');
  }
}

async function runCheck(name: string): Promise<Outcome> {
  const started = announce(name);
  const ending = await runScript(name, {});
  return outcomeOf(name, started, ending);
}

async function runTier(name: string, countsFile: string): Promise<Outcome> {
  const started = announce(name);
  const ending = await runScript(name, { KUBERNAUT_TEST_COUNTS: countsFile });
  const counts = existsSync(countsFile) ? (JSON.parse(readFileSync(countsFile, 'utf8')) as Counts) : undefined;
  if (counts === undefined) return outcomeOf(name, started, ending ?? 'reported no counts');
  if (counts.failed > 0) return { ...outcomeOf(name, started), ...counts };
  const problem = ending ?? (counts.passed === 0 ? 'ran no test' : undefined);
  const { passed, skipped } = counts;
  return { ...outcomeOf(name, started, problem), passed, skipped };
}

/** Runs an npm script; says how it ended, undefined when it succeeded. */
async function runScript(name: string, env: Readonly<Record<string, string>>): Promise<string | undefined> {
  const child = spawn('npm', ['run', '--silent', name], { stdio: 'inherit', env: { ...process.env, ...env } });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code === 0 ? undefined : `ended with ${signal ?? `exit code ${String(code)}`}`;
}

function outcomeOf(name: string, started: number, problem?: string): Outcome {
  const counts = { passed: 0, failed: problem === undefined ? 0 : 1, skipped: 0 };
  return { name, milliseconds: Date.now() - started, ...counts, ...(problem === undefined ? {} : { problem }) };
}

function announce(name: string): number {
  console.log(`\n── ${name} ──`);
  return Date.now();
}

function describe(outcome: Outcome): string {
  const mark = outcome.failed === 0 ? '✔' : '✘';
  const result = outcome.problem ?? (TIERS.includes(outcome.name) ? inWords(outcome) : 'fine');
  return `${mark} ${outcome.name.padEnd(14)} ${formatElapsed(outcome.milliseconds).padStart(12)}   ${result}`;
}

function add(left: Counts, right: Counts): Counts {
  return {
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    skipped: left.skipped + right.skipped,
  };
}

function inWords({ passed, failed, skipped }: Counts): string {
  return `${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped`;
}

// The child gets the terminal's Ctrl-C too and ends by itself; nothing is to be started after it.
process.on('SIGINT', () => process.exit(130));
process.exitCode = await main();
