/** Runs what must hold before a commit, several things at once: on two idle cores this takes less than a minute. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { formatElapsed } from './servers/progress.ts';

/** The longest first. */
const SCRIPTS = ['lint', 'unit', 'format:check', 'types', 'replay'];

interface Ending {
  readonly name: string;
  readonly isFine: boolean;
}

/** Runs the script and prints what it said once it is over, in full only when it failed. */
async function run(name: string): Promise<Ending> {
  const started = Date.now();
  const child = spawn('npm', ['run', '--silent', name], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  child.stdout.on('data', (text: Buffer) => said.push(text));
  child.stderr.on('data', (text: Buffer) => said.push(text));
  const isFine = await new Promise<boolean>((resolve) => {
    child.on('close', (code) => {
      resolve(code === 0);
    });
  });
  const text = Buffer.concat(said).toString().trimEnd();
  const summary = /^\d+ passed, .*$/m.exec(text)?.[0] ?? (isFine ? 'fine' : 'failed');
  console.log(
    `${isFine ? '✔' : '✘'} ${name.padEnd(14)} ${formatElapsed(Date.now() - started).padStart(8)}   ${summary}`,
  );
  if (!isFine) console.log(`\n${text}\n`);
  return { name, isFine };
}

/** Goes on after a failure, so that one run tells all; the exit code is 1 then. */
async function main(): Promise<number> {
  const waiting = [...SCRIPTS];
  const endings: Ending[] = [];
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) endings.push(await run(name));
  };
  await Promise.all(Array.from({ length: Math.min(3, availableParallelism()) }, work));
  return endings.every(({ isFine }) => isFine) ? 0 : 1;
}

process.on('SIGINT', () => process.exit(130));
process.exitCode = await main();
