import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { mirrorActivities } from '../../../activities/mirror.ts';
import { notificationActivities } from '../../../activities/notifications.ts';
import { createKubernetesClient } from '../../../src/kubernetes/client.ts';
import type { KubernetesClient, KubernetesObject } from '../../../src/kubernetes/client.ts';
import { silentLogger } from '../../../src/logger.ts';
import { createMetrics } from '../../../src/metrics.ts';
import type { NotificationKind } from '../../../src/remediation/children.ts';
import { toRequest, toRequestSnapshot } from '../../../src/remediation/projections.ts';
import type { BlockReason } from '../../../src/remediation/status.ts';
import { blocked, EXAMPLES, failedExecution, orderOf } from '../../builders/notifications.ts';
import { customObjectsIn } from '../../fixtures/custom-objects.ts';
import { eventually } from '../../support/eventually.ts';
import { useServers } from '../../support/servers.ts';
import { aRequestNamed } from '../kubernetes/objects.ts';

const KINDS = Object.keys(EXAMPLES) as readonly NotificationKind[];
const BLOCKS: readonly BlockReason[] = [
  'ConsecutiveFailures',
  'DuplicateInProgress',
  'ResourceBusy',
  'RecentlyRemediated',
  'ExponentialBackoff',
  'UnmanagedResource',
];
const MOMENT = '2026-11-24T10:00:00Z';

describe('notifications on a real API server', () => {
  const servers = useServers();
  let client: KubernetesClient;
  let activities: ReturnType<typeof notificationActivities> & ReturnType<typeof mirrorActivities>;
  before(() => {
    client = createKubernetesClient({ kubeconfig: servers().kubeconfigFile });
    const metrics = createMetrics({ version: 'test', commit: '', processFigures: false });
    activities = {
      ...notificationActivities({ kubernetes: client, metrics, log: silentLogger }),
      ...mirrorActivities({ kubernetes: client, metrics }),
    };
  });
  after(() => client.close());

  const aRequestHere = async (name: string) => {
    const object = await client.create('RemediationRequest', servers().namespace, aRequestNamed(name));
    const request = toRequest(object, 'abcdef0123');
    assert.ok(request !== undefined);
    return { object, request };
  };
  const statusOf = async (name: string) => (await client.get('RemediationRequest', servers().namespace, name))?.status;

  for (const kind of KINDS)
    it(`take one of kind ${kind}, owned by its request, and find it again (E-150, E-151, E-152, E-153)`, async () => {
      const { request } = await aRequestHere(`rr-${kind.replace(' ', '-')}`);
      const order = orderOf(EXAMPLES[kind]({ request }), kind);
      assert.ok(order !== undefined);
      const made = await activities.ensureNotification(order);
      assert.equal(made.kind, 'created', 'message' in made ? made.message : '');
      assert.equal((await activities.ensureNotification(order)).kind, 'found');
      const object = await client.get('NotificationRequest', request.namespace, order.name);
      assert.equal(object?.metadata.ownerReferences?.[0]?.uid, request.uid);
      assert.equal(object.spec?.['extensions'], undefined);
    });

  for (const reason of BLOCKS)
    it(`take one about a block for ${reason} (E-157, F-75)`, async () => {
      const { request } = await aRequestHere(`rr-block-${reason.toLowerCase()}`);
      const order = orderOf(blocked(reason, { request }), 'block');
      assert.ok(order !== undefined);
      assert.equal((await activities.ensureNotification(order)).kind, 'created');
    });

  it('take reviews of executions and of chains that do not help (B-28, E-087, E-088)', async () => {
    const { request } = await aRequestHere('rr-reviews');
    const other = await aRequestHere('rr-chain');
    const taken = failedExecution();
    for (const example of [
      { ...taken, r: { ...taken.r, request } },
      blocked('IneffectiveChain', { request: other.request }),
    ]) {
      const order = orderOf(example, 'manual review');
      assert.ok(order !== undefined);
      const answer = await activities.ensureNotification(order);
      assert.equal(answer.kind, 'created', 'message' in answer ? answer.message : '');
    }
  });

  it('are found by the name of their request, without labels (B-29)', async () => {
    const { request } = await aRequestHere('rr-listed');
    const order = orderOf(EXAMPLES.escalation({ request }), 'escalation');
    assert.ok(order !== undefined);
    await activities.ensureNotification(order);
    const others = customObjectsIn(servers().kubeConfig, servers().namespace);
    assert.deepEqual(await others.select('NotificationRequest', `spec.remediationRequestRef.name=${request.name}`), [
      order.name,
    ]);
  });

  it('go with their request (C-24, C-25)', async function () {
    this.timeout(40_000);
    const { request } = await aRequestHere('rr-deleted');
    for (const kind of ['approval', 'escalation'] as const) {
      const order = orderOf(EXAMPLES[kind]({ request }), kind);
      assert.ok(order !== undefined);
      await activities.ensureNotification(order);
    }
    await client.delete('RemediationRequest', request.namespace, request.name, request.uid);
    await eventually(
      async () => {
        for (const prefix of ['nr-approval', 'nr-escalation'])
          assert.equal(
            await client.get('NotificationRequest', request.namespace, `${prefix}-${request.name}`),
            undefined,
          );
      },
      { timeoutMs: 30_000 },
    );
  });

  it('answer for good what the schema refuses (E-162)', async () => {
    const { request } = await aRequestHere('rr-invalid');
    const order = orderOf(EXAMPLES.escalation({ request }), 'escalation');
    assert.ok(order !== undefined);
    const answer = await activities.ensureNotification({ ...order, spec: { ...order.spec, priority: 'Extreme' } });
    assert.equal(answer.kind, 'invalid');
    assert.match('message' in answer ? answer.message : '', /priority/);
  });

  it('show their delivery in the status of an ended request in one write, and never its phase (E-159, B-36, B-37)', async () => {
    for (const [name, phase, notificationStatus] of [
      ['rr-completed', 'Completed', 'Sent'],
      ['rr-failed', 'Failed', 'Failed'],
    ] as const) {
      const { object, request } = await aRequestHere(name);
      const ended = await client.mergePatchStatus('RemediationRequest', request.namespace, name, {
        status: { overallPhase: phase },
      });
      const condition = {
        status: notificationStatus === 'Sent' ? 'True' : 'False',
        reason: notificationStatus === 'Sent' ? 'DeliverySucceeded' : 'DeliveryFailed',
        message: 'SMTP server unreachable',
        lastTransitionTime: MOMENT,
      } as const;
      const answer = await activities.writeMirror({
        request,
        resourceVersion: ended.metadata.resourceVersion,
        mirror: { notificationStatus, condition },
        conditions: {},
      });
      assert.equal(answer.kind, 'written');
      const { status } = snapshotOf(await client.get('RemediationRequest', request.namespace, name));
      assert.equal(status.overallPhase, phase);
      assert.equal(status.completionStatus?.notificationStatus, notificationStatus);
      assert.deepEqual(status.conditions, { NotificationDelivered: condition });
      assert.equal(object.metadata.generation, 1);
    }
  });

  it('show their delivery beside what somebody else wrote meanwhile', async () => {
    const { object, request } = await aRequestHere('rr-conflict');
    const theirs = { type: 'Theirs', status: 'True', reason: 'R', message: 'm', lastTransitionTime: MOMENT };
    const others = customObjectsIn(servers().kubeConfig, servers().namespace);
    await others.patchStatus('RemediationRequest', request.name, { overallPhase: 'Processing', conditions: [theirs] });
    const condition = {
      status: 'True',
      reason: 'DeliverySucceeded',
      message: 'm',
      lastTransitionTime: MOMENT,
    } as const;
    const mirror = { notificationStatus: 'Sent', condition } as const;
    const { resourceVersion } = object.metadata;
    const answer = await activities.writeMirror({ request, resourceVersion, mirror, conditions: {} });
    assert.ok(answer.kind === 'written' && answer.observed?.status.conditions?.['Theirs'] !== undefined);
    const status = await statusOf(request.name);
    assert.equal(status?.['overallPhase'], 'Processing');
    assert.equal((status['conditions'] as unknown[]).length, 2);
  });

  it('refuse nothing when the request is gone', async () => {
    const { request } = await aRequestHere('rr-gone');
    await client.delete('RemediationRequest', request.namespace, request.name, request.uid);
    const mirror = { notificationStatus: 'Sent' } as const;
    assert.deepEqual(await activities.writeMirror({ request, resourceVersion: '1', mirror, conditions: {} }), {
      kind: 'gone',
    });
  });
});

const snapshotOf = (object: KubernetesObject | undefined) => {
  const snapshot = object === undefined ? undefined : toRequestSnapshot(object);
  assert.ok(snapshot !== undefined);
  return snapshot;
};
