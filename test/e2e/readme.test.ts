import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, describe, it } from 'mocha';
import { runCommand } from '../../dev/demo/product.ts';
import { eventually } from '../support/eventually.ts';

const readme = readFileSync('README.md', 'utf8');

/** The lines of the blocks of shell commands, without comments. */
const commands = [...readme.matchAll(/^```sh\n(.*?)^```/gms)]
  .flatMap(([, block = '']) => block.split('\n'))
  .map((line) => line.replace(/\s+#.*/, '').trim())
  .filter((line) => line !== '');

const ASKING = [
  'kubectl get rr -n kubernaut-system',
  'rrctl get demo-direct',
  'rrctl trail demo-direct',
  'rrctl verify --all',
];
const KEEPING = 'make demo ARGS=--keep';
const ENDING = 'make demo ARGS=--stop';

/** A command of the README as its reader types it, running. */
function type(command: string, env: Readonly<Record<string, string>> = {}) {
  const child = spawn('sh', ['-c', command], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { output: () => output, ended };
}

describe('README', function () {
  this.timeout(240_000);
  const bin = mkdtempSync(join(tmpdir(), 'kubernaut-readme-'));
  after(async () => {
    await type(ENDING).ended;
    rmSync(bin, { recursive: true, force: true });
  });

  it('has no command that is not tried here', () => {
    assert.deepEqual(commands, ['make demo', 'make test', KEEPING, ...ASKING]);
    assert.ok(readme.includes(`\`${ENDING}\``));
  });

  it('make demo ends well, and shows every phase of both remediations', async () => {
    const { output, ended } = type('make demo');
    assert.equal(await ended, 0, output());
    const steps = [...output().matchAll(/^\d\d:\d\d:\d\d {2}(demo-\w+) +(\w+)/gm)].map(
      ([, name, phase]) => `${name ?? ''} ${phase ?? ''}`,
    );
    const phases = ['Pending', 'Processing', 'Analyzing', 'Executing', 'Verifying', 'Completed'];
    for (const name of ['demo-direct', 'demo-approval'])
      assert.deepEqual(
        phases.filter((phase) => !steps.includes(`${name} ${phase}`)),
        [],
        `phases of ${name} that were not shown`,
      );
    assert.ok(steps.includes('demo-approval AwaitingApproval'));
    assert.match(output(), /✔ Both are remediated/);
    assert.ok(!existsSync('.state/demo'), 'it leaves its folder behind');
  });

  it('make demo ARGS=--keep stays until it is stopped, and every command after it works', async () => {
    const demo = type(KEEPING);
    await eventually(() => assert.match(demo.output(), /Ctrl-C stops everything/), { timeoutMs: 120_000 });
    const exported = [...demo.output().matchAll(/^ {2}export (\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]);
    for (const [, name = '', command = ''] of demo.output().matchAll(/^ {2}alias (\w+)='?(.*?)'?$/gm)) {
      writeFileSync(join(bin, name), `#!/bin/sh\nexec ${command} "$@"\n`);
      chmodSync(join(bin, name), 0o755);
    }
    const env = {
      ...(Object.fromEntries(exported) as Record<string, string>),
      PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
    };
    for (const command of ASKING) {
      const { output, ended } = type(command, env);
      assert.equal(await ended, 0, `${command}: ${output()}`);
      assert.match(output(), /demo-direct|lifecycle\.completed|Intact: 2 remediations/);
    }
    assert.equal(await type(ENDING).ended, 0);
    assert.equal(await demo.ended, 0, 'a kept demo that is stopped has ended well');
  });

  it('make test is what runs this test', async () => {
    const { out } = await runCommand('make', ['--dry-run', 'test']);
    assert.match(out, /dev\/test\.ts/);
    assert.match(readFileSync('dev/test.ts', 'utf8'), /'e2e'/);
    assert.match(readFileSync('.ci/run', 'utf8'), /make test/);
  });

  it('links to files and names folders that exist', () => {
    const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path = '']) => path);
    const folders = [...readme.matchAll(/^\| (`.*?`) +\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path),
    );
    assert.deepEqual(
      [...links, ...folders].filter((path) => !existsSync(path)),
      [],
    );
    assert.ok(links.length > 5 && folders.length > 10);
  });
});
