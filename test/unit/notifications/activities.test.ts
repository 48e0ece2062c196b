import assert from 'node:assert/strict';
import { mirrorActivities } from '../../../activities/mirror.ts';
import { notificationActivities } from '../../../activities/notifications.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client.ts';
import { ApiError, ApiUnavailableError } from '../../../src/kubernetes/errors.ts';
import { createMetrics } from '../../../src/metrics.ts';
import type { NotificationOrder } from '../../../src/remediation/children.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import { aCluster } from '../../builders/cluster.ts';
import { EXAMPLES, orderOf } from '../../builders/notifications.ts';
import type { Taken } from '../../builders/notifications.ts';
import { aRequest } from '../../builders/request.ts';

const { name, namespace, uid } = aRequest();

const ordered = (taken: Taken, kind: Parameters<typeof orderOf>[1]): NotificationOrder => {
  const order = orderOf(taken, kind);
  if (order === undefined) throw new Error(`no ${kind} is asked for`);
  return order;
};

/** The activities on a cluster in memory whose creates first answer with these errors. */
function aService(...errors: readonly Error[]) {
  const cluster = aCluster(namespace, () => undefined);
  const metrics = createMetrics({ version: 'test', commit: '', processFigures: false });
  const left = [...errors];
  const said: string[] = [];
  const creates: string[] = [];
  const create: KubernetesClient['create'] = (kind, ...rest) => {
    creates.push(kind);
    const error = left.shift();
    return error === undefined ? cluster.client.create(kind, ...rest) : Promise.reject(error);
  };
  const kubernetes = { ...cluster.client, create } as KubernetesClient;
  const log = { info: (message: string) => said.push(message), warn: (message: string) => said.push(message) };
  const activities = {
    ...notificationActivities({ kubernetes, metrics, log }),
    ...mirrorActivities({ kubernetes, metrics }),
  };
  return { ...activities, cluster, metrics, said, creates };
}

const refusal = (kind: ApiError['kind']) => new ApiError(kind, 400, '', `refused: ${kind}`);

describe('making a notification', () => {
  it('E-147, E-150, B-29: makes it owned by its request, without labels and extensions, and finds it the next time', async () => {
    const service = aService();
    const order = ordered(EXAMPLES.completion(), 'completion');
    assert.equal((await service.ensureNotification(order)).kind, 'created');
    assert.equal((await service.ensureNotification(order)).kind, 'found');
    const [made, ...more] = service.cluster.all('NotificationRequest');
    assert.deepEqual(more, []);
    const [owner] = made?.metadata.ownerReferences ?? [];
    assert.deepEqual([owner?.uid, owner?.controller], [uid, true]);
    assert.equal(made?.metadata['labels' as never], undefined);
    assert.equal(made?.spec?.['extensions'], undefined);
    assert.deepEqual((made?.spec?.['remediationRequestRef'] as JsonObject)['name'], name);
  });
  it('E-151: reads its last parts from the object of the same uid, and from no other', async () => {
    const service = aService();
    const taken = EXAMPLES['manual review']();
    const order = ordered(taken, 'manual review');
    const source = service.cluster.put('AIAnalysis', { metadata: { name: `ai-${name}` }, spec: {} });
    const alignmentVerdict = { result: 'suspicious', circuitBreakerActivated: false };
    service.cluster.patchStatus('ai', 'AIAnalysis', `ai-${name}`, { review: { alignmentVerdict } });
    await service.ensureNotification({
      ...order,
      source: { kind: 'AIAnalysis', name: `ai-${name}`, uid: source.metadata.uid },
    });
    const bodyOf = () => JSON.stringify(service.cluster.find('NotificationRequest', order.name)?.spec?.['body']);
    assert.match(bodyOf(), /Alignment check: suspicious/);
    service.cluster.remove('NotificationRequest', order.name);
    await service.ensureNotification(order);
    assert.doesNotMatch(bodyOf(), /suspicious/);
  });
  it('E-149: leaves an outage to whoever tries again', async () => {
    const service = aService(new ApiUnavailableError('HTTP 500', { status: 500 }));
    const order = ordered(EXAMPLES.escalation(), 'escalation');
    await assert.rejects(service.ensureNotification(order), ApiUnavailableError);
    assert.equal((await service.ensureNotification(order)).kind, 'created');
    assert.equal(service.cluster.all('NotificationRequest').length, 1);
  });
  it('E-162: answers that it is refused for good', async () => {
    const service = aService(refusal('invalid'));
    const answer = await service.ensureNotification(ordered(EXAMPLES.escalation(), 'escalation'));
    assert.deepEqual(answer, { kind: 'invalid', message: 'refused: invalid' });
  });
  it('answers that it is not allowed', async () => {
    const service = aService(refusal('forbidden'));
    const answer = await service.ensureNotification(ordered(EXAMPLES.escalation(), 'escalation'));
    assert.equal(answer.kind, 'forbidden');
    assert.match(
      await service.metrics.registry.metrics(),
      /notification_creations_total\{type="Escalation",result="forbidden"\} 1/,
    );
  });
  it('leaves an object of the same name alone that is not its own', async () => {
    const service = aService();
    const order = ordered(EXAMPLES.escalation(), 'escalation');
    service.cluster.put('NotificationRequest', { metadata: { name: order.name }, spec: { subject: 'theirs' } });
    assert.equal((await service.ensureNotification(order)).kind, 'foreign');
    assert.equal(service.cluster.find('NotificationRequest', order.name)?.spec?.['subject'], 'theirs');
  });
  it('says once that the cluster has no notifications, and does not ask again for a while', async () => {
    const service = aService(refusal('no-resource'));
    for (const kind of ['escalation', 'block'] as const) {
      const answer = await service.ensureNotification(ordered(EXAMPLES[kind](), kind));
      assert.equal(answer.kind, 'unavailable');
    }
    assert.equal(service.said.length, 1);
    assert.equal(service.creates.length, 1);
    assert.match(await service.metrics.registry.metrics(), /notifications_available 0/);
  });
  it('reads one that somebody else made', async () => {
    const service = aService();
    service.cluster.put('NotificationRequest', { metadata: { name: 'theirs' }, spec: {} });
    const found = await service.readNotification({ namespace, name: 'theirs' });
    assert.equal(found.kind === 'found' && found.child.name, 'theirs');
    assert.deepEqual(await service.readNotification({ namespace, name: 'nothing' }), { kind: 'absent' });
  });
});

describe('the mirror write', () => {
  const condition = { status: 'True', reason: 'DeliverySucceeded', message: 'm', lastTransitionTime: 't' } as const;
  const mirror = { notificationStatus: 'Sent', condition } as const;
  const request = { namespace, name, uid };

  function withRequest(status: JsonObject) {
    const service = aService();
    const object = service.cluster.put('RemediationRequest', { metadata: { name, uid }, spec: {}, status });
    return { service, resourceVersion: object.metadata.resourceVersion };
  }

  it('E-159: is one write of these fields, whatever the phase, and no event', async () => {
    const { service, resourceVersion } = withRequest({
      overallPhase: 'Completed',
      completionStatus: { outcome: 'Remediated' },
    });
    const answer = await service.writeMirror({ request, resourceVersion, mirror, conditions: {} });
    assert.equal(answer.kind, 'written');
    assert.deepEqual(service.cluster.find('RemediationRequest', name)?.status, {
      overallPhase: 'Completed',
      completionStatus: { outcome: 'Remediated', notificationStatus: 'Sent' },
      conditions: [{ type: 'NotificationDelivered', ...condition }],
    });
    assert.equal(service.cluster.writes.length, 1);
  });
  it('keeps what somebody else wrote meanwhile, and tells of it', async () => {
    const { service, resourceVersion } = withRequest({ overallPhase: 'Executing' });
    const theirs = { type: 'Theirs', status: 'True', reason: 'R', message: '', lastTransitionTime: '' };
    service.cluster.patchStatus('kubectl', 'RemediationRequest', name, { conditions: [theirs] });
    const answer = await service.writeMirror({ request, resourceVersion, mirror, conditions: {} });
    assert.ok(answer.kind === 'written' && answer.observed?.status.conditions?.['Theirs'] !== undefined);
    const found = service.cluster.find('RemediationRequest', name)?.status?.['conditions'] as readonly JsonObject[];
    assert.deepEqual(found.map((each) => each['type']).sort(), ['NotificationDelivered', 'Theirs']);
  });
  it('touches no condition where only the word changes', async () => {
    const { service, resourceVersion } = withRequest({ conditions: [] });
    await service.writeMirror({
      request,
      resourceVersion,
      mirror: { notificationStatus: 'InProgress' },
      conditions: {},
    });
    assert.deepEqual(service.cluster.find('RemediationRequest', name)?.status?.['conditions'], []);
  });
  it('answers that the request is gone', async () => {
    const service = aService();
    const answer = await service.writeMirror({ request, resourceVersion: '1', mirror, conditions: {} });
    assert.deepEqual(answer, { kind: 'gone' });
  });
});
