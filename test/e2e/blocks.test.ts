import assert from 'node:assert/strict';
import { CoreV1Api, setHeaderOptions } from '@kubernetes/client-node';
import { describe, it } from 'mocha';
import { managedNamespace } from '../support/managed-namespace.ts';
import { useProduct } from './support/product.ts';
import { unleash, untilBlocked } from './support/signal-storm.ts';
import type { Storm } from './support/signal-storm.ts';

describe('a blocked remediation', () => {
  const product = useProduct();

  const routingOf = (name: string): Readonly<Record<string, unknown>> =>
    (product().sights.get('RemediationRequest', name)?.status?.['routingStatus'] ?? {}) as Record<string, unknown>;
  const untilPhase = (name: string, phase: string, timeoutMs = 30_000): Promise<void> =>
    product().sights.until(
      () => `${name} is ${product().sights.phaseOf(name)}, not ${phase}`,
      () => product().sights.phaseOf(name) === phase,
      timeoutMs,
    );

  it('of a target that is not managed goes on once the namespace is labelled (D-42, D-43, D-45)', async () => {
    const { kubeConfig, namespace } = product().servers;
    const bare = `${namespace}-bare`;
    await managedNamespace(kubeConfig, bare, false);
    await unleash(product(), { name: 'bare', count: 1, targetNamespace: bare }, 0, 1);
    await untilPhase('bare-0000', 'Blocked');
    const { blockReason, blockMessage, blockedUntil } = routingOf('bare-0000');
    assert.equal(blockReason, 'UnmanagedResource');
    assert.match(String(blockMessage), /kubernaut\.ai\/managed=true/);
    assert.ok(Date.parse(String(blockedUntil)) - Date.now() < 30_000);
    const body = { metadata: { labels: { 'kubernaut.ai/managed': 'true' } } };
    const merge = setHeaderOptions('Content-Type', 'application/merge-patch+json');
    await kubeConfig.makeApiClient(CoreV1Api).patchNamespace({ name: bare, body }, merge);
    await untilPhase('bare-0000', 'Completed', 60_000);
    assert.equal(routingOf('bare-0000')['blockReason'], undefined);
  });

  it('fails as a duplicate when its original is deleted (D-63)', async () => {
    const storm: Storm = { name: 'orphan', count: 2, labels: { simulate: 'ai-silent' } };
    const { client, servers, sights } = product();
    await unleash(product(), storm, 0, 1);
    await untilPhase('orphan-0000', 'Analyzing');
    await unleash(product(), storm, 1, 2);
    await untilBlocked(product(), storm, 1);
    assert.equal(routingOf('orphan-0001')['duplicateOf'], 'orphan-0000');
    const uid = sights.get('RemediationRequest', 'orphan-0000')?.metadata.uid ?? '';
    await client.delete('RemediationRequest', servers.namespace, 'orphan-0000', uid);
    await untilPhase('orphan-0001', 'Failed');
    const status = sights.get('RemediationRequest', 'orphan-0001')?.status?.['completionStatus'] as Record<
      string,
      string
    >;
    assert.equal(status['failurePhase'], 'Deduplicated');
    assert.match(status['failureReason'] ?? '', /orphan-0000.*deleted/);
  });

  it('by a person is lifted by rrctl, with who and why in the trail', async () => {
    const { namespace, kubeConfig } = product().servers;
    const bare = `${namespace}-never`;
    await managedNamespace(kubeConfig, bare, false);
    await unleash(product(), { name: 'lifted', count: 1, targetNamespace: bare }, 0, 1);
    await untilPhase('lifted-0000', 'Blocked');
    const told = await product().rrctl('why', 'lifted-0000');
    assert.match(told.out, /Check +UnmanagedResource/);
    const lifted = await product().rrctl('unblock', 'lifted-0000', '--reason', 'known');
    assert.equal(lifted.code, 0, lifted.err);
    await untilPhase('lifted-0000', 'Completed');
  });
});
