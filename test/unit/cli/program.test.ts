import assert from 'node:assert/strict';
import { COMMANDS, runProgram } from '../../../src/cli/program.ts';
import type { World } from '../../../src/cli/program.ts';
import { InvalidRequestError, UnavailableError } from '../../../src/errors.ts';
import { NOW, aRequest, fakeDependencies } from './fakes.ts';

/** Runs a command line against fakes. `fail` is thrown when the command asks for its namespace. */
async function rrctl(line: string, fail?: Error) {
  const out: string[] = [];
  const err: string[] = [];
  let closed = 0;
  const dependencies = fakeDependencies({ objects: [aRequest({ overallPhase: 'Completed' })] });
  const namespace = () => {
    if (fail !== undefined) throw fail;
    return 'ro';
  };
  const world: World = {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    now: () => NOW,
    open: () =>
      Promise.resolve({
        dependencies: { ...dependencies, namespace },
        close: () => {
          closed += 1;
          return Promise.resolve();
        },
      }),
  };
  const code = await runProgram(line.split(' ').filter(Boolean), world);
  return { code, out: out.join('\n'), err: err.join('\n'), closed };
}

describe('rrctl', () => {
  it('runs a command and closes what it opened', async () => {
    const { code, out, closed } = await rrctl('get rr-a --json');
    assert.equal(code, 0);
    assert.equal((JSON.parse(out) as { phase: string }).phase, 'Completed');
    assert.equal(closed, 1);
  });

  it('exits with 1 when something is not there, with one line that says what to do', async () => {
    const { code, err, closed } = await rrctl('get rr-x');
    assert.equal(code, 1);
    assert.equal(
      err,
      'rrctl: RemediationRequest rr-x not found in namespace ro: list those that are there with: rrctl get -n ro',
    );
    assert.equal(closed, 1);
  });

  it('exits with 1 when a server is away, and tells the cause', async () => {
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:6443');
    const { code, err } = await rrctl('get', new UnavailableError('KUBERNETES_UNAVAILABLE', 'No answer', { cause }));
    assert.equal(code, 1);
    assert.equal(err, 'rrctl: No answer: connect ECONNREFUSED 127.0.0.1:6443');
  });

  it('exits with 2 when the configuration is invalid', async () => {
    const { code } = await rrctl('get', new InvalidRequestError('INVALID_CONFIG', 'config.yaml has 2 faults'));
    assert.equal(code, 2);
  });

  for (const [line, expected] of [
    ['aprove rr-a', /unknown command 'aprove'\n?.*Did you mean approve/s],
    ['get --jsn', /unknown option '--jsn'\n?.*Did you mean --json/s],
    ['trail', /missing required argument 'request'/],
    ['get a b', /too many arguments/],
    ['cancel rr-a', /rrctl cancel: --reason is missing.*rrctl help cancel/],
    ['verify', /name one RemediationRequest, or give --all/],
    ['', /Usage: rrctl/],
  ] as const)
    it(`exits with 2 on wrong usage: rrctl ${line}`, async () => {
      const { code, err } = await rrctl(line);
      assert.equal(code, 2);
      assert.match(err, expected);
    });

  it('exits with 0 on help and version', async () => {
    const help = await rrctl('--help');
    assert.equal(help.code, 0);
    for (const { name } of COMMANDS) assert.ok(help.out.includes(name.split(' ')[0] ?? ''), name);
    assert.equal((await rrctl('help approve')).code, 0);
    assert.match((await rrctl('version')).out, /^rrctl \d+\.\d+\.\d+/);
  });

  it('shows where a bug is with --verbose only', async () => {
    const bug = new TypeError('x is undefined');
    const plain = await rrctl('get', bug);
    assert.equal(plain.err, 'rrctl: x is undefined (this is a bug; --verbose shows where)');
    assert.match((await rrctl('get --verbose', bug)).err, /TypeError: x is undefined\n +at /);
  });
});
