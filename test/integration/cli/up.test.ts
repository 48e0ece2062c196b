import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '../../../dev/build.ts';
import { isAlive } from '../../../dev/servers/process.ts';
import type { ConnectionFile } from '../../../src/config/connection-file.ts';
import { createKubernetesClient } from '../../../src/kubernetes/client.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client.ts';
import type { TrailEvent } from '../../../src/postgres/event-row.ts';
import { eventually } from '../../support/eventually.ts';
import { managedNamespace } from '../../support/managed-namespace.ts';
import { useServers } from '../../support/servers.ts';

const ROOT = join(import.meta.dirname, '../../..');
const RRCTL = join(ROOT, 'dist/src/cli/main.js');

/** What is set outside must not lead the commands elsewhere. */
const CLEARED = {
  KUBERNAUT_POSTGRES_URL: '',
  TEMPORAL_ADDRESS: '',
  TEMPORAL_NAMESPACE: '',
  KUBERNAUT_CONTROLLER_NAMESPACE: undefined,
};

describe('rrctl up', function () {
  this.timeout(180_000);
  const servers = useServers();
  let state: string;
  let client: KubernetesClient;
  let running: ChildProcess | undefined;
  let output = '';

  before(async () => {
    await build(ROOT, () => undefined);
    state = join(servers().stateFolder, `up-${servers().namespace}`);
    client = createKubernetesClient({ kubeconfig: servers().kubeconfigFile });
    await managedNamespace(servers().kubeConfig, 'shop');
  });
  after(async () => {
    await stop();
    client.close();
    rmSync(state, { recursive: true, force: true });
  });

  const environment = (): NodeJS.ProcessEnv => ({
    ...process.env,
    ...CLEARED,
    KUBECONFIG: servers().kubeconfigFile,
    KUBERNAUT_STATE: state,
  });

  async function start(): Promise<void> {
    output = '';
    const started = spawn(process.execPath, [RRCTL, 'up', '-n', servers().namespace], { env: environment() });
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    started.stdout.on('data', collect);
    started.stderr.on('data', collect);
    running = started;
    await eventually(
      async () => {
        assert.equal(started.exitCode, null, output);
        const answer = await fetch(`${connection().healthUrl ?? ''}/readyz?verbose`);
        assert.equal(answer.status, 200, await answer.text());
      },
      { timeoutMs: 90_000, intervalMs: 200 },
    );
  }

  /** Ends it as a supervisor would, and returns its exit code. */
  async function stop(): Promise<number | null> {
    const ending = running;
    running = undefined;
    if (ending === undefined || ending.exitCode !== null) return ending?.exitCode ?? null;
    const exit = once(ending, 'exit');
    ending.kill('SIGTERM');
    const late = setTimeout(() => ending.kill('SIGKILL'), 60_000);
    const [code] = (await exit) as [number | null];
    clearTimeout(late);
    return code;
  }

  const connection = (): ConnectionFile =>
    JSON.parse(readFileSync(join(state, 'connection.json'), 'utf8')) as ConnectionFile;

  /** Runs a command that finds everything through the state folder. */
  const rrctl = (...words: readonly string[]): Promise<{ code: number; out: string; err: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [RRCTL, ...words], { env: environment() }, (error, out, err) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
      });
    });

  const phaseOf = async (name: string): Promise<string> => {
    const { out, err } = await rrctl('get', name, '--json');
    assert.notEqual(out, '', err);
    return (JSON.parse(out) as { readonly phase: string }).phase;
  };

  const createRequest = (name: string) =>
    client.create('RemediationRequest', servers().namespace, {
      metadata: { name },
      spec: {
        signalFingerprint: name.padEnd(64, '0').replaceAll(/[^0-9a-f]/g, 'e'),
        signalName: 'HighMemory',
        severity: 'critical',
        signalType: 'alert',
        targetType: 'kubernetes',
        targetResource: { kind: 'Deployment', name: 'cart', namespace: 'shop' },
        firingTime: '2026-11-24T10:00:00Z',
        receivedTime: '2026-11-24T10:00:01Z',
      },
    });

  it('runs the product with servers of its own, and the other commands find them', async () => {
    await start();
    await createRequest('rr-one');
    await eventually(async () => {
      assert.equal(await phaseOf('rr-one'), 'Processing');
    });
    const { out } = await rrctl('trail', 'rr-one');
    assert.match(out, /lifecycle\.transitioned +Pending -> Processing/);
  });

  it('H-09 refuses an approval that nobody asks for, and records that once', async () => {
    for (const _ of [1, 2]) {
      const { code, err } = await rrctl('approve', 'rr-one', '--by', 'ada');
      assert.equal(code, 1);
      assert.match(err, /Refused \(not_pending\)/);
    }
    const events = JSON.parse((await rrctl('trail', 'rr-one', '--json')).out) as readonly TrailEvent[];
    const refusals = events.filter(({ event_type: type }) => type === 'orchestrator.approval.refused');
    assert.equal(refusals.length, 1);
    const { attempted_by, decided_via, refusal_code } = refusals[0]?.event_data ?? {};
    assert.equal(attempted_by, 'ada');
    assert.ok(typeof decided_via === 'string' && decided_via !== 'ada' && decided_via !== '');
    assert.equal(refusal_code, 'not_pending');
  });

  it('refuses to run twice on one folder', async () => {
    const { code, err } = await rrctl('up', '-n', servers().namespace);
    assert.equal(code, 1);
    assert.match(err, /rrctl up runs already on .* \(process \d+\)/);
  });

  it('leaves nothing running when it is told to stop', async () => {
    const { pid } = connection();
    const own = readFileSync(join(state, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0];
    assert.ok(isAlive(pid) && isAlive(Number(own)));
    assert.equal(await stop(), 0, output);
    assert.ok(!isAlive(Number(own)));
    assert.ok(!existsSync(join(state, 'connection.json')));
  });

  it('goes on with its data when it is started again', async () => {
    await start();
    const { out, err } = await rrctl('cancel', 'rr-one', '--reason', 'maintenance');
    assert.match(out, /rr-one is cancelled/, err);
    await eventually(async () => {
      assert.equal(await phaseOf('rr-one'), 'Cancelled');
    });
    await eventually(async () => {
      const { code, out: findings, err: verdict } = await rrctl('verify', '--all');
      assert.equal(code, 0, findings);
      assert.match(verdict, /^Intact: 1 remediation, \d+ events/);
    });
    const again = await rrctl('cancel', 'rr-one', '--reason', 'again');
    assert.equal(again.code, 1);
    assert.match(again.err, /has ended already: it is Cancelled/);
  });

  it('says which server has ended, and ends itself', async () => {
    const own = readFileSync(join(state, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0];
    process.kill(Number(own), 'SIGKILL');
    await eventually(
      () => {
        assert.equal(running?.exitCode, 1, output);
      },
      { timeoutMs: 60_000 },
    );
    assert.match(output, /postgres has ended; its log is .*postgres\.log/);
  });
});
