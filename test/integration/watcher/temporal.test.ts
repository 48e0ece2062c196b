import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { UnavailableError, fullMessage } from '../../../src/errors.ts';
import { createKubernetesClient } from '../../../src/kubernetes/client.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client.ts';
import { silentLogger } from '../../../src/logger.ts';
import { toRequest, toRequestSnapshot } from '../../../src/remediation/projections.ts';
import type { Settings } from '../../../src/remediation/settings.ts';
import { openTemporal, waitForTemporal } from '../../../src/temporal/connection.ts';
import type { Temporal } from '../../../src/temporal/connection.ts';
import { registerSearchAttributes } from '../../../src/temporal/search-attributes.ts';
import { describeRun, ensureWorkflow, queryView, requestCancel, sendSnapshots } from '../../../src/temporal/starter.ts';
import { startWatcher } from '../../../workers/watcher/watcher.ts';
import type { RemediationInput } from '../../../workflows/input.ts';
import { eventually } from '../../support/eventually.ts';
import { useServers } from '../../support/servers.ts';
import { aRequestNamed } from '../kubernetes/objects.ts';
import { startTcpProxy } from './tcp-proxy.ts';

const settings = { dryRun: false } as Settings;

const inputOf = (uid: string, severity = 'critical'): RemediationInput => {
  const object = { ...aRequestNamed('rr-a', { severity }), status: {} };
  const raw = { ...object, metadata: { name: 'rr-a', namespace: 'shop', uid, resourceVersion: '1' } };
  return {
    request: toRequest(raw, 'd') ?? assert.fail(),
    observed: toRequestSnapshot(raw) ?? assert.fail(),
    settings,
    generation: 1,
    localFirst: true,
  };
};

describe('the way to Temporal', function () {
  this.timeout(60_000);
  const servers = useServers({ migrate: () => Promise.resolve() });
  let temporal: Temporal;
  let taskQueue = '';
  let prefix = '';
  const handleOf = (uid: string) => temporal.client.workflow.getHandle(`rr-${uid}`);

  before(async () => {
    const { temporalAddress: address, temporalNamespace, namespace } = servers();
    prefix = namespace;
    taskQueue = `${namespace}-nobody`;
    temporal = openTemporal({ address, namespace: temporalNamespace, workerTimeoutMs: 1000 });
    await registerSearchAttributes(temporal);
  });
  after(() => temporal.close());

  it('starts a workflow once, and tells a running one from one that has ended', async () => {
    const uid = `${prefix}-1`;
    assert.equal(await ensureWorkflow(temporal, inputOf(uid), taskQueue), 'started');
    assert.equal(await ensureWorkflow(temporal, inputOf(uid), taskQueue), 'running');
    await handleOf(uid).terminate();
    assert.equal(await ensureWorkflow(temporal, inputOf(uid), taskQueue), 'closed');
  });

  it('describes the workflow for people and for searches', async () => {
    const uid = `${prefix}-2`;
    await ensureWorkflow(temporal, inputOf(uid), taskQueue);
    const { staticSummary, staticDetails } = await handleOf(uid).describe();
    assert.equal(await staticSummary(), 'critical HighMemory on payments/Deployment/api');
    assert.match((await staticDetails()) ?? '', /\| Look \| kubectl -n shop get rr rr-a \|/);
    const query = `WorkflowId = "rr-${uid}" AND RrPhase = "Pending" AND RrTarget = "payments/Deployment/api"`;
    await eventually(async () => {
      assert.equal((await temporal.client.workflow.count(query)).count, 1);
    });
    const run = await describeRun(temporal, uid);
    assert.deepEqual([run?.status, run?.pendingActivities], ['RUNNING', []]);
  });

  it('says when there is no workflow to talk to', async () => {
    const uid = `${prefix}-nobody`;
    assert.equal(await sendSnapshots(temporal, uid, [inputOf(uid).observed]), 'no-workflow');
    assert.deepEqual(await requestCancel(temporal, uid, { by: 'ada', reason: '' }, 'c'), { kind: 'no-workflow' });
    assert.equal(await queryView(temporal, uid), undefined);
    assert.equal(await describeRun(temporal, uid), undefined);
  });

  it('takes signals without a worker, and says that an update needs one', async () => {
    const uid = `${prefix}-3`;
    await ensureWorkflow(temporal, inputOf(uid), taskQueue);
    assert.equal(await sendSnapshots(temporal, uid, [inputOf(uid).observed]), 'sent');
    await assert.rejects(requestCancel(temporal, uid, { by: 'ada', reason: '' }, 'c'), (error: unknown) => {
      assert.ok(error instanceof UnavailableError, 'unavailable');
      assert.match(error.message, /to cancel: no answer in time; check that an orchestrator runs/);
      return true;
    });
  });

  it('registers its search attributes any number of times at once', async () => {
    await Promise.all([registerSearchAttributes(temporal), registerSearchAttributes(temporal)]);
  });

  it('waits for a server that is not there, and says why', async () => {
    const nowhere = openTemporal({ address: '127.0.0.1:1', namespace: 'default', callTimeoutMs: 300 });
    const stopping = new AbortController();
    const failures: string[] = [];
    const waiting = waitForTemporal(nowhere, {
      signal: stopping.signal,
      onFailure: (error) => {
        failures.push(fullMessage(error));
        if (failures.length === 2) stopping.abort();
      },
    });
    await assert.rejects(waiting, { name: 'AbortError' });
    assert.match(failures[0] ?? '', /^Looking for the namespace default: .* Temporal server at 127\.0\.0\.1:1/);
    await nowhere.close();
  });

  describe('when it is cut', () => {
    let client: KubernetesClient;
    before(() => {
      client = createKubernetesClient({ kubeconfig: servers().kubeconfigFile });
    });
    after(() => {
      client.close();
    });

    it('starts what was made meanwhile within ten seconds after it is back, once (G-14)', async () => {
      const { temporalAddress, temporalNamespace, namespace } = servers();
      const proxy = await startTcpProxy(temporalAddress);
      const throughProxy = openTemporal({
        address: proxy.address,
        namespace: temporalNamespace,
        callTimeoutMs: 2000,
      });
      const answers: string[] = [];
      const watcher = startWatcher({
        client,
        workflows: {
          async ensure(input) {
            const answer = await ensureWorkflow(throughProxy, input, taskQueue);
            answers.push(answer);
            return answer;
          },
          send: (uid, snapshots) => sendSnapshots(throughProxy, uid, snapshots),
        },
        register: () => Promise.resolve(),
        namespace,
        settings,
        localFirst: true,
        log: silentLogger,
      });
      try {
        await eventually(() => {
          assert.equal(watcher.synced(), true);
        });
        proxy.cut();
        const { metadata } = await client.create('RemediationRequest', namespace, aRequestNamed('rr-cut'));
        await eventually(() => {
          assert.match(watcher.readiness().temporal, /Temporal server at/);
        });
        assert.equal(await describeRun(temporal, metadata.uid), undefined);
        proxy.restore();
        await eventually(
          async () => {
            assert.equal((await describeRun(temporal, metadata.uid))?.status, 'RUNNING');
            assert.equal(watcher.readiness().temporal, 'ok');
          },
          { timeoutMs: 10_000 },
        );
        assert.equal(answers.length, 1);
        await client.delete('RemediationRequest', namespace, 'rr-cut', metadata.uid);
      } finally {
        await watcher.stop();
        await throughProxy.close();
        await proxy.close();
      }
    });
  });
});
