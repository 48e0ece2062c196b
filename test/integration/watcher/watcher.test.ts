import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { NativeConnection, Worker } from '@temporalio/worker';
import { after, afterEach, before, describe, it } from 'mocha';
import { createKubernetesClient } from '../../../src/kubernetes/client.ts';
import type { KubernetesClient, KubernetesObject } from '../../../src/kubernetes/client.ts';
import { silentLogger } from '../../../src/logger.ts';
import type { Registration } from '../../../src/remediation/commit.ts';
import type { Settings } from '../../../src/remediation/settings.ts';
import { openTemporal } from '../../../src/temporal/connection.ts';
import type { Temporal } from '../../../src/temporal/connection.ts';
import { registerSearchAttributes } from '../../../src/temporal/search-attributes.ts';
import { describeRun, ensureWorkflow, sendSnapshots } from '../../../src/temporal/starter.ts';
import { startWatcher } from '../../../workers/watcher/watcher.ts';
import type { Watcher, WatcherOptions, Workflows } from '../../../workers/watcher/watcher.ts';
import { eventually } from '../../support/eventually.ts';
import { useServers } from '../../support/servers.ts';
import { aRequestNamed, aSignalProcessingNamed, setStatus } from '../kubernetes/objects.ts';
import { recording } from './recording-workflow.ts';
import type { Recording } from './recording-workflow.ts';

const settings = { dryRun: false } as Settings;

describe('the watcher', function () {
  this.timeout(60_000);
  const servers = useServers({ migrate: () => Promise.resolve() });
  let client: KubernetesClient;
  let temporal: Temporal;
  let connection: NativeConnection;
  let worker: Worker;
  let working: Promise<void>;
  let namespace = '';
  let workflows: Workflows;
  let registered: Registration[] = [];
  const running: Watcher[] = [];

  before(async () => {
    const { kubeconfigFile, temporalAddress, temporalNamespace, taskQueue } = servers();
    ({ namespace } = servers());
    client = createKubernetesClient({ kubeconfig: kubeconfigFile });
    temporal = openTemporal({ address: temporalAddress, namespace: temporalNamespace });
    await registerSearchAttributes(temporal);
    connection = await NativeConnection.connect({ address: temporalAddress });
    worker = await Worker.create({
      connection,
      namespace: temporalNamespace,
      taskQueue,
      workflowsPath: join(import.meta.dirname, 'recording-workflow.ts'),
    });
    working = worker.run();
    workflows = {
      ensure: (input) => ensureWorkflow(temporal, input, taskQueue),
      send: (uid, snapshots) => sendSnapshots(temporal, uid, snapshots),
    };
  });
  after(async () => {
    worker.shutdown();
    await working;
    await connection.close();
    await temporal.close();
    client.close();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((watcher) => watcher.stop()));
    const { items } = await client.list('RemediationRequest', namespace);
    for (const { metadata } of items) {
      await client.delete('RemediationRequest', namespace, metadata.name, metadata.uid);
      await temporal.client.workflow
        .getHandle(`rr-${metadata.uid}`)
        .terminate()
        .catch(() => undefined);
    }
  });

  const start = async (options: Partial<WatcherOptions> = {}): Promise<Watcher> => {
    registered = [];
    const watcher = startWatcher({
      client,
      workflows,
      register: (batch) => {
        registered.push(...batch);
        return Promise.resolve(batch.length);
      },
      namespace,
      settings,
      localFirst: true,
      log: silentLogger,
      ...options,
    });
    running.push(watcher);
    await eventually(
      () => {
        assert.deepEqual(watcher.readiness(), { kubernetes: 'ok', postgres: 'ok', temporal: 'ok' });
        assert.equal(watcher.synced(), true);
      },
      { timeoutMs: 45_000 },
    );
    return watcher;
  };

  const create = (name: string): Promise<KubernetesObject> =>
    client.create('RemediationRequest', namespace, aRequestNamed(name));
  const createChild = (owner: KubernetesObject): Promise<KubernetesObject> =>
    client.create('SignalProcessing', namespace, aSignalProcessingNamed(`sp-${owner.metadata.name}`, owner));
  const childSays = (owner: KubernetesObject, phase: string): Promise<KubernetesObject> =>
    setStatus(client, 'SignalProcessing', namespace, `sp-${owner.metadata.name}`, { phase });
  const handleOf = ({ metadata }: KubernetesObject) => temporal.client.workflow.getHandle(`rr-${metadata.uid}`);
  const recordedBy = (owner: KubernetesObject): Promise<Recording> => handleOf(owner).query(recording);
  const started = (owner: KubernetesObject, timeoutMs = 15_000) => eventually(() => recordedBy(owner), { timeoutMs });
  /** What the workflow was told, in order: kind and phase or decision. */
  const toldTo = async (owner: KubernetesObject): Promise<string[]> =>
    (await recordedBy(owner)).signals.flat().map(({ kind, gone, status }) => {
      const { overallPhase, phase, decision } = status as Readonly<Record<string, string | undefined>>;
      return `${kind} ${gone === true ? 'gone' : (overallPhase ?? phase ?? decision ?? '')}`;
    });

  it('registers a request, then starts its workflow with what it saw', async () => {
    const order: string[] = [];
    await start({
      register: (batch) => {
        order.push(...batch.map(({ name }) => `registered ${name}`));
        return Promise.resolve();
      },
      workflows: {
        ...workflows,
        ensure: (input) => {
          order.push(`started ${input.request.name}`);
          return workflows.ensure(input);
        },
      },
    });
    const request = await create('rr-a');
    const { input } = await started(request, 2000);
    assert.deepEqual(order, ['registered rr-a', 'started rr-a']);
    assert.equal(input.request.uid, request.metadata.uid);
    assert.equal(input.request.spec.signalName, 'HighMemory');
    const run = await describeRun(temporal, request.metadata.uid);
    assert.equal(run?.status, 'RUNNING');
  });

  it('tells of a child once it has ended, and of nothing before (F-33)', async () => {
    await start();
    const request = await create('rr-b');
    await started(request);
    await createChild(request);
    for (const phase of ['Pending', 'Enriching', 'Classifying', 'Completed']) await childSays(request, phase);
    await eventually(
      async () => {
        assert.deepEqual(await toldTo(request), ['SignalProcessing Completed']);
      },
      { timeoutMs: 1000 },
    );
  });

  it('says nothing of what the product wrote itself, but tells what others wrote', async () => {
    await start();
    const request = await create('rr-c');
    await started(request);
    await setStatus(client, 'RemediationRequest', namespace, 'rr-c', {
      overallPhase: 'Pending',
      timeoutConfig: { global: '1h0m0s' },
    });
    await setStatus(client, 'RemediationRequest', namespace, 'rr-c', { overallPhase: 'Processing' });
    const { kubectl, kubeconfigFile } = servers();
    const patch = JSON.stringify({ status: { timeoutConfig: { global: '2h' } } });
    const target = ['patch', 'rr', 'rr-c', '--subresource=status', '--type=merge', '-p', patch];
    execFileSync(kubectl, [`--kubeconfig=${kubeconfigFile}`, '-n', namespace, ...target]);
    await eventually(async () => {
      const { signals } = await recordedBy(request);
      assert.deepEqual(
        signals.flat().map((one) => (one.kind === 'RemediationRequest' ? one.foreign : one.kind)),
        [['timeoutConfig']],
      );
    });
  });

  it('tells of a deletion, which ends the workflow', async () => {
    await start();
    const request = await create('rr-d');
    await started(request);
    await client.delete('RemediationRequest', namespace, 'rr-d', request.metadata.uid);
    assert.equal(await handleOf(request).result(), 'gone');
  });

  it('starts and tells what happened while no watcher ran (G-04, G-05)', async () => {
    const request = await create('rr-e');
    await createChild(request);
    await childSays(request, 'Completed');
    await start();
    await started(request, 5000);
    await eventually(async () => {
      assert.deepEqual(await toldTo(request), ['SignalProcessing Completed']);
    });
  });

  it('tells a running workflow after a restart only what its phase has not consumed (G-03)', async () => {
    const [early, late] = [await create('rr-f'), await create('rr-g')];
    for (const request of [early, late]) {
      await createChild(request);
      await childSays(request, 'Completed');
    }
    await setStatus(client, 'RemediationRequest', namespace, 'rr-f', { overallPhase: 'Processing' });
    await setStatus(client, 'RemediationRequest', namespace, 'rr-g', { overallPhase: 'Executing' });
    await start();
    await started(late);
    await eventually(async () => {
      assert.deepEqual(await toldTo(early), ['SignalProcessing Completed']);
    });
    assert.deepEqual(await toldTo(late), []);
  });

  it('registers everything of its first list before it starts anything', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `rr-${String(i)}`);
    await Promise.all(names.map(create));
    const order: string[] = [];
    await start({
      register: async (batch) => {
        await new Promise((resolve) => setImmediate(resolve));
        order.push(...batch.map(() => 'registered'));
      },
      workflows: {
        ...workflows,
        ensure: () => {
          order.push('started');
          return Promise.resolve('started' as const);
        },
      },
    });
    await eventually(() => {
      assert.equal(order.filter((what) => what === 'started').length, 20);
    });
    assert.deepEqual(order.slice(0, 20), Array(20).fill('registered'));
  });

  it('only registers requests that have ended or are going away (G-32, G-34)', async () => {
    const over = await create('rr-over');
    await createChild(over);
    await childSays(over, 'Completed');
    await setStatus(client, 'RemediationRequest', namespace, 'rr-over', {
      overallPhase: 'Completed',
      completedAt: '2026-11-24T10:00:00Z',
      completionStatus: { outcome: 'Remediated' },
    });
    await start();
    const live = await create('rr-live');
    await started(live);
    assert.deepEqual(
      registered.map(({ name, phase, outcome }) => [name, phase, outcome]),
      [
        ['rr-over', 'Completed', 'Remediated'],
        ['rr-live', '', undefined],
      ],
    );
    assert.equal(await describeRun(temporal, over.metadata.uid), undefined);
  });

  it('starts nothing while the ledger cannot be reached, and everything when it is back', async () => {
    let down = true;
    await Promise.all(['rr-h', 'rr-i'].map(create));
    const watcher = startWatcher({
      client,
      workflows,
      register: () => (down ? Promise.reject(new Error('connection refused')) : Promise.resolve()),
      namespace,
      settings,
      localFirst: true,
      log: silentLogger,
    });
    running.push(watcher);
    await eventually(() => {
      assert.equal(watcher.readiness().postgres, 'connection refused');
    });
    assert.equal(watcher.synced(), false);
    const request = await create('rr-j');
    assert.equal(await describeRun(temporal, request.metadata.uid), undefined);
    down = false;
    await started(request);
    assert.equal(watcher.readiness().postgres, 'ok');
  });

  it('heals lost signals by its sweep, with pauses that grow', async () => {
    let lost = 0;
    await start({
      sweepMs: 200,
      sweepAgeMs: 100,
      workflows: {
        ...workflows,
        send: (uid, snapshots) => (lost++ < 2 ? Promise.resolve('sent' as const) : workflows.send(uid, snapshots)),
      },
    });
    const request = await create('rr-k');
    await started(request);
    await setStatus(client, 'RemediationRequest', namespace, 'rr-k', { overallPhase: 'Processing' });
    await createChild(request);
    await childSays(request, 'Completed');
    await eventually(async () => {
      assert.deepEqual((await toldTo(request)).slice(0, 1), ['SignalProcessing Completed']);
    });
    // Consumed: nothing is said again.
    await setStatus(client, 'RemediationRequest', namespace, 'rr-k', { overallPhase: 'Analyzing' });
    assert.ok(lost < 10, `${String(lost)} messages in all`);
  });

  it('heals a lost start by its sweep (F-34)', async () => {
    let lost = 0;
    await start({
      sweepMs: 200,
      sweepAgeMs: 100,
      workflows: {
        ...workflows,
        ensure: (input) => (lost++ < 1 ? Promise.resolve('started' as const) : workflows.ensure(input)),
      },
    });
    await started(await create('rr-l'));
  });

  it('retries what the Temporal server refused, without holding up others', async () => {
    let refused = 0;
    await start({
      workflows: {
        ...workflows,
        ensure: (input) => {
          if (input.request.name !== 'rr-m' || refused++ > 2) return workflows.ensure(input);
          return Promise.reject(new Error('unavailable'));
        },
      },
    });
    const [slow, other] = [await create('rr-m'), await create('rr-n')];
    await started(other, 5000);
    await started(slow);
    assert.ok(refused > 2, `refused ${String(refused)} times`);
  });

  it('does no harm when two of its kind watch (F-02, G-30)', async () => {
    const answers: string[] = [];
    const counting: Workflows = {
      ...workflows,
      ensure: async (input) => {
        const answer = await workflows.ensure(input);
        answers.push(answer);
        return answer;
      },
    };
    await Promise.all([start({ workflows: counting }), start({ workflows: counting })]);
    const request = await create('rr-o');
    await started(request);
    await createChild(request);
    await childSays(request, 'Completed');
    await eventually(async () => {
      assert.deepEqual(answers.toSorted(), ['running', 'started']);
      assert.deepEqual(await toldTo(request), ['SignalProcessing Completed', 'SignalProcessing Completed']);
    });
    await client.delete('RemediationRequest', namespace, 'rr-o', request.metadata.uid);
    assert.equal(await handleOf(request).result(), 'gone');
  });
});
