import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isObject } from '../../src/remediation/json.ts';
import type { Json, JsonObject } from '../../src/remediation/json.ts';
import { useProduct } from './support/product.ts';

interface Reference {
  readonly name: string;
  readonly uid: string;
}

describe('the notifications of the built product', () => {
  const product = useProduct();
  const statusOf = (name: string): JsonObject => product().sights.get('RemediationRequest', name)?.status ?? {};
  const completionOf = (name: string): JsonObject => {
    const found = statusOf(name)['completionStatus'];
    return isObject(found) ? found : {};
  };
  const refsOf = (name: string): readonly Reference[] =>
    (completionOf(name)['notificationRequestRefs'] ?? []) as unknown as readonly Reference[];
  const deliveredOf = (name: string): JsonObject | undefined =>
    ((statusOf(name)['conditions'] ?? []) as readonly JsonObject[]).find(
      (condition: Readonly<Record<string, Json | undefined>>) => condition['type'] === 'NotificationDelivered',
    );

  it('ring for an approval, show how that went, and tell the end, each once (E-147, E-149, E-161, E-168)', async () => {
    const name = 'rung';
    const { sights } = product();
    await product().create(name, 'approval');
    await sights.until(
      () => `${name} shows the delivery: ${JSON.stringify(completionOf(name))}`,
      () => deliveredOf(name)?.['status'] === 'True',
    );
    assert.equal(sights.phaseOf(name), 'AwaitingApproval');
    assert.equal(completionOf(name)['approvalNotificationSent'], true);
    await product().approve(name);
    await sights.until(
      () => `${name} is ${sights.phaseOf(name)}`,
      () => sights.phaseOf(name) === 'Completed',
    );
    assert.deepEqual(
      refsOf(name).map((ref) => ref.name),
      [`nr-approval-${name}`, `nr-completion-${name}`],
    );
    for (const ref of refsOf(name)) {
      const object = sights.get('NotificationRequest', ref.name);
      assert.equal(object?.metadata.uid, ref.uid);
    }
    assert.equal(deliveredOf(name)?.['reason'], 'DeliverySucceeded');
    const made = sights.all('NotificationRequest').filter(({ metadata }) => metadata.name.endsWith(`-${name}`));
    assert.equal(made.length, 2);
  });
});
