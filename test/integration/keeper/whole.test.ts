import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'mocha';
import type pg from 'pg';
import { startSimulators } from '../../../dev/simulators/simulators.ts';
import type { Simulators } from '../../../dev/simulators/simulators.ts';
import { createKubernetesClient } from '../../../src/kubernetes/client.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client.ts';
import { remediationOf } from '../../../src/postgres/ledger.ts';
import { createPool } from '../../../src/postgres/pool.ts';
import { trailOf } from '../../../src/postgres/trail.ts';
import { verifyTrail } from '../../../src/postgres/verify.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import { ensureKeeperSchedule, keeperScheduleId } from '../../../src/temporal/schedule.ts';
import { describeRun } from '../../../src/temporal/starter.ts';
import { customObjectsIn } from '../../fixtures/custom-objects.ts';
import type { CustomObjects } from '../../fixtures/custom-objects.ts';
import { eventually } from '../../support/eventually.ts';
import { managedNamespace } from '../../support/managed-namespace.ts';
import { useServers } from '../../support/servers.ts';
import { aRequestNamed } from '../kubernetes/objects.ts';
import { bundleFile, startWhole } from './whole.ts';
import type { Whole } from './whole.ts';

/** So seldom that what happens within seconds happens because somebody rang. */
const SELDOM = { intervalMs: 30_000, beginMs: 1000, compareMs: 300_000 };
const OFTEN = { intervalMs: 1000, beginMs: 1000, compareMs: 1000 };
const SOON = { timeoutMs: 5000 };
const PATIENT = { timeoutMs: 45_000 };

describe('the keeper in the whole product', function () {
  this.timeout(120_000);
  let pool: pg.Pool;
  let client: KubernetesClient;
  let others: CustomObjects;
  let simulators: Simulators;
  let bundle: string;
  let product: Whole;
  after(async () => {
    await simulators.stop();
    await product.stop();
    client.close();
    await pool.end();
  });
  const servers = useServers();

  before(async () => {
    const { kubeconfigFile, kubeConfig, namespace, databaseUrl, temporalNamespace } = servers();
    pool = createPool(databaseUrl);
    client = createKubernetesClient({ kubeconfig: kubeconfigFile });
    others = customObjectsIn(kubeConfig, namespace);
    await managedNamespace(kubeConfig, 'payments');
    simulators = await startSimulators({ kubeconfig: kubeconfigFile, namespace });
    bundle = await bundleFile(servers());
    product = await startWhole(servers(), bundle, temporalNamespace, SELDOM);
    product.startWatcher();
    await eventually(() => assert.ok(product.isWatching()), PATIENT);
  });

  async function create(name: string, simulate?: string): Promise<string> {
    const spec: JsonObject = {
      signalFingerprint: createHash('sha256').update(name).digest('hex'),
      targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name, namespace: 'payments' },
      signalLabels: simulate === undefined ? {} : { simulate },
    };
    const { metadata } = await client.create('RemediationRequest', servers().namespace, aRequestNamed(name, spec));
    return metadata.uid;
  }
  const statusOf = async (name: string): Promise<JsonObject> =>
    (await client.get('RemediationRequest', servers().namespace, name))?.status ?? {};
  const reaches = (name: string, phase: string) =>
    eventually(async () => {
      const status = await statusOf(name);
      assert.equal(status['overallPhase'], phase);
    }, PATIENT);
  const isNoted = (uid: string) =>
    eventually(async () => assert.ok((await remediationOf(pool, { uid }))?.terminalAt), PATIENT);
  const assertWhole = async (uid: string): Promise<void> => {
    assert.deepEqual((await verifyTrail(pool, uid)).findings, []);
    const types = (await trailOf(pool, { uid })).map(({ event_type: type }) => type);
    assert.equal(types.filter((type) => type === 'orchestrator.lifecycle.completed').length, 1);
  };
  /** The analysis ends as that of another request did, for a target of its own. */
  const analyse = async (name: string, like: string): Promise<void> => {
    const { status } = (await client.get('AIAnalysis', servers().namespace, `ai-${like}`)) ?? {};
    const { conditions: _, ...answer } = JSON.parse(JSON.stringify(status).replaceAll(like, name)) as JsonObject;
    await others.patchStatus('AIAnalysis', `ai-${name}`, answer);
  };

  it('is scheduled by the product, once, and runs', async () => {
    const { taskQueue } = servers();
    const handle = product.temporal.client.schedule.getHandle(keeperScheduleId(taskQueue));
    await eventually(async () => {
      const { policies, spec } = await handle.describe();
      assert.deepEqual([policies.overlap, spec.intervals?.[0]?.every], ['SKIP', 30_000]);
    }, PATIENT);
    const again = { taskQueue, intervalMs: 30_000 };
    assert.equal(await ensureKeeperSchedule(product.temporal, again), 'unchanged');
    assert.equal(await ensureKeeperSchedule(product.temporal, { ...again, intervalMs: 20_000 }), 'updated');
    assert.equal(await ensureKeeperSchedule(product.temporal, again), 'updated');
    await handle.trigger();
    await eventually(async () => {
      assert.match(await product.metrics.registry.metrics(), /keeper_last_run_seconds \d/);
    }, PATIENT);
  });

  it('E-114: serves within 5 s who moves the end of a retention into the past', async () => {
    const uid = await create('rr-over');
    await reaches('rr-over', 'Completed');
    await others.patchStatus('RemediationRequest', 'rr-over', { retentionExpiryTime: '2026-01-01T00:00:00Z' });
    await eventually(async () => {
      assert.equal(await client.get('RemediationRequest', servers().namespace, 'rr-over'), undefined);
    }, SOON);
    await eventually(async () => assert.ok((await remediationOf(pool, { uid }))?.deletedAt), SOON);
    const events = (await trailOf(pool, { uid })).map(
      ({ event_type: type, event_action: action }) => `${type} ${action}`,
    );
    assert.equal(events.at(-1), 'orchestrator.lifecycle.deleted retention_cleanup');
    assert.equal(events.filter((event) => event.startsWith('orchestrator.lifecycle.deleted')).length, 1);
    await assertWhole(uid);
  });

  it('E-146: puts back within 5 s what somebody writes over the end', async () => {
    const uid = await create('rr-revived');
    await reaches('rr-revived', 'Completed');
    await others.patchStatus('RemediationRequest', 'rr-revived', { overallPhase: 'Processing' });
    await eventually(async () => assert.equal((await statusOf('rr-revived'))['overallPhase'], 'Completed'), SOON);
    await assertWhole(uid);
  });

  it('CX-4: a request whose workflow was terminated goes on when there is news of it, and completes', async () => {
    const uid = await create('rr-terminated', 'ai-silent');
    await reaches('rr-terminated', 'Analyzing');
    await product.temporal.client.workflow.getHandle(`rr-${uid}`).terminate('by a test');
    await analyse('rr-terminated', 'rr-revived');
    await reaches('rr-terminated', 'Completed');
    assert.equal((await remediationOf(pool, { uid }))?.generation, 2);
    await assertWhole(uid);
  });

  it('goes on from the ledger when the whole database of Temporal is lost', async () => {
    const uid = await create('rr-survivor', 'ai-silent');
    await reaches('rr-survivor', 'Analyzing');
    const ended = (await client.get('RemediationRequest', servers().namespace, 'rr-revived'))?.metadata.uid ?? '';
    await isNoted(ended);
    await product.stop();
    product = await startWhole(servers(), bundle, `lost-${servers().namespace}`, OFTEN);
    await eventually(async () => {
      assert.equal((await describeRun(product.temporal, uid))?.status, 'RUNNING');
    }, PATIENT);
    assert.equal((await remediationOf(pool, { uid }))?.generation, 2);
    product.startWatcher();
    await eventually(() => assert.ok(product.isWatching()), PATIENT);
    await analyse('rr-survivor', 'rr-revived');
    await reaches('rr-survivor', 'Completed');
    await assertWhole(uid);
    // G-34: of what had ended there is no run here, and there will be none.
    assert.equal(await describeRun(product.temporal, ended), undefined);
    await assertWhole(ended);
  });

  it('G-34: starts no run for an ended request whose closed run Temporal has forgotten', async () => {
    const ended = (await client.get('RemediationRequest', servers().namespace, 'rr-terminated'))?.metadata.uid ?? '';
    await others.patch('RemediationRequest', 'rr-terminated', { metadata: { labels: { looked: 'at' } } });
    const uid = await create('rr-after');
    await reaches('rr-after', 'Completed');
    assert.ok(await describeRun(product.temporal, uid));
    assert.equal(await describeRun(product.temporal, ended), undefined);
    assert.equal((await statusOf('rr-terminated'))['overallPhase'], 'Completed');
  });
});
