import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { noteHint } from '../../../src/postgres/keeper/hints.ts';
import { verifyTrail } from '../../../src/postgres/verify.ts';
import type { NotificationOrder } from '../../../src/remediation/children.ts';
import type { Registration } from '../../../src/remediation/commit.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';
import { HOUR } from '../../builders/request.ts';
import { readObjects } from '../../fixtures/crds.ts';
import { anEndedRequest, look, toldOf, useKeeping } from './keeping.ts';

const LATER = toRfc3339(Date.now() + 2 * HOUR);
const samples = readObjects('test/fixtures/examples/children.yaml');
const specOf = (kind: string): JsonObject =>
  (samples.find((object) => object.kind === kind) ?? assert.fail(`no sample of ${kind}`)) as unknown as JsonObject;

describe('the keeper, showing what comes after the end', function () {
  this.timeout(60_000);
  const keeping = useKeeping();
  const keep = () => keeping().keep('lookAfterEnded');
  const look1 = async (of: Registration): Promise<void> => {
    await noteHint(keeping().pool, of.uid);
    await keep();
  };
  const statusOf = async (name: string) => (await look(keeping(), name))?.status ?? {};
  const versionOf = async (name: string) => (await look(keeping(), name))?.metadata.resourceVersion;
  const completionOf = async (name: string) => (await statusOf(name))['completionStatus'] as JsonObject | undefined;
  const conditionOf = async (name: string, type: string) => {
    const conditions = (await statusOf(name))['conditions'] as unknown as readonly JsonObject[];
    const { status, reason } = conditions.find((each) => each['type'] === type) ?? {};
    return { status, reason };
  };
  const create = async (kind: 'NotificationRequest' | 'EffectivenessAssessment', name: string, of: Registration) => {
    const owner = {
      apiVersion: 'kubernaut.ai/v1alpha1',
      kind: 'RemediationRequest',
      name: of.name,
      uid: of.uid,
      controller: true,
    };
    const spec = specOf(kind)['spec'] as JsonObject;
    return keeping().client.create(kind, keeping().namespace, { metadata: { name, ownerReferences: [owner] }, spec });
  };
  const refTo = (name: string, uid = 'u-1') => ({
    apiVersion: 'kubernaut.ai/v1alpha1',
    kind: 'NotificationRequest',
    name,
    namespace: keeping().namespace,
    uid,
  });
  const ended = (name: string, status: JsonObject): Promise<Registration> =>
    anEndedRequest(keeping(), name, { expiry: LATER, status });

  it('N5: shows how a notification was delivered, one write a change, and then leaves the request in peace', async () => {
    const of = await ended('rr-nr', { completionStatus: { notificationRequestRefs: [refTo('nr-completion-rr-nr')] } });
    await create('NotificationRequest', 'nr-completion-rr-nr', of);
    for (const [phase, word] of [
      ['Sending', 'InProgress'],
      ['Sent', 'Sent'],
    ] as const) {
      await keeping().others.patchStatus('NotificationRequest', 'nr-completion-rr-nr', { phase });
      await look1(of);
      assert.equal((await completionOf('rr-nr'))?.['notificationStatus'], word);
    }
    assert.deepEqual(await conditionOf('rr-nr', 'NotificationDelivered'), {
      status: 'True',
      reason: 'DeliverySucceeded',
    });
    assert.equal((await conditionOf('rr-nr', 'Ready')).reason, 'Cancelled');
    const version = await versionOf('rr-nr');
    await look1(of);
    await keeping().others.patchStatus('NotificationRequest', 'nr-completion-rr-nr', { phase: 'Failed' });
    const [nr] = (await keeping().client.list('NotificationRequest', keeping().namespace)).items;
    await keeping().client.delete(
      'NotificationRequest',
      keeping().namespace,
      'nr-completion-rr-nr',
      nr?.metadata.uid ?? '',
    );
    await look1(of);
    assert.equal(await versionOf('rr-nr'), version);
    assert.ok((await toldOf(keeping(), of)).every((event) => !event.startsWith('status.updated')));
    assert.deepEqual((await verifyTrail(keeping().pool, of.uid)).findings, []);
  });

  it('N6: shows that a notification was taken away before it was delivered', async () => {
    const of = await ended('rr-nr-gone', {
      completionStatus: { notificationStatus: 'Pending', notificationRequestRefs: [refTo('nr-completion-rr-nr-gone')] },
    });
    await look1(of);
    assert.equal((await completionOf('rr-nr-gone'))?.['notificationStatus'], 'Cancelled');
    assert.equal((await conditionOf('rr-nr-gone', 'NotificationDelivered')).reason, 'UserCancelled');
  });

  it('follows a notification that somebody else has added after the end', async () => {
    const of = await ended('rr-nr-theirs', {});
    await create('NotificationRequest', 'theirs', of);
    await keeping().others.patchStatus('NotificationRequest', 'theirs', { phase: 'Failed' });
    await keeping().others.patchStatus('RemediationRequest', 'rr-nr-theirs', {
      completionStatus: { notificationRequestRefs: [refTo('theirs'), { name: 'nowhere' }] },
    });
    await look1(of);
    const completion = await completionOf('rr-nr-theirs');
    assert.equal(completion?.['notificationStatus'], 'Failed');
    assert.equal((completion['notificationRequestRefs'] as readonly unknown[]).length, 2);
  });

  it('N3: makes a notification that the last step could not make, and names it', async () => {
    const name = 'nr-completion-rr-unsent';
    const { namespace } = keeping();
    const { body: _, ...spec } = specOf('NotificationRequest')['spec'] as JsonObject;
    const order = (uid: string, kind: NotificationOrder['kind'], called: string): NotificationOrder => ({
      kind,
      name: called,
      owner: { namespace, name: 'rr-unsent', uid },
      spec,
      body: ['It is done.'],
    });
    const unsent = [order('', 'completion', name), order('', 'approval', 'nr-approval-rr-unsent')];
    const memory = { state: { phase: 'Cancelled' }, unsent: unsent as unknown as JsonObject[] };
    const of = await anEndedRequest(keeping(), 'rr-unsent', { expiry: LATER, memory });
    const withOwner = [order(of.uid, 'completion', name), order(of.uid, 'approval', 'nr-approval-rr-unsent')];
    await keeping().pool.query(
      `update remediations set last_step_result = jsonb_set(last_step_result, '{memory,unsent}', $2) where uid = $1`,
      [of.uid, JSON.stringify(withOwner)],
    );
    await keep();
    const names = (await keeping().client.list('NotificationRequest', namespace)).items.map(
      ({ metadata }) => metadata.name,
    );
    assert.ok(names.includes(name));
    assert.ok(!names.includes('nr-approval-rr-unsent'), 'nobody is asked any more');
    const refs = (await completionOf('rr-unsent'))?.['notificationRequestRefs'] as readonly JsonObject[];
    assert.deepEqual(
      refs.map((ref) => ref['name']),
      [name],
    );
    const version = await versionOf('rr-unsent');
    await look1(of);
    assert.equal(await versionOf('rr-unsent'), version);
  });

  it('shows an assessment that came too late in its condition, and changes nothing of the outcome', async () => {
    const open = {
      type: 'EffectivenessAssessed',
      status: 'False',
      reason: 'AssessmentInProgress',
      message: '',
      lastTransitionTime: LATER,
    };
    const of = await ended('rr-late', {
      completionStatus: { outcome: 'VerificationTimedOut' },
      phaseProgress: { effectivenessAssessmentRef: { name: 'ea-rr-late', namespace: keeping().namespace } },
      conditions: [open],
    });
    await create('EffectivenessAssessment', 'ea-rr-late', of);
    await look1(of);
    const version = await versionOf('rr-late');
    await look1(of);
    assert.equal(await versionOf('rr-late'), version, 'it has not ended yet');
    await keeping().others.patchStatus('EffectivenessAssessment', 'ea-rr-late', { phase: 'Completed' });
    await look1(of);
    assert.deepEqual(await conditionOf('rr-late', 'EffectivenessAssessed'), {
      status: 'True',
      reason: 'AssessmentCompleted',
    });
    assert.equal((await completionOf('rr-late'))?.['outcome'], 'VerificationTimedOut');
    const shown = await versionOf('rr-late');
    await look1(of);
    assert.equal(await versionOf('rr-late'), shown);
  });
});
