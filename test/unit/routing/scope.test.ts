import assert from 'node:assert/strict';
import { createScope } from '../../../activities/scope.ts';
import type { ObjectMeta } from '../../../src/kubernetes/client.ts';
import { ApiError } from '../../../src/kubernetes/errors.ts';

const NAMESPACE = '/api/v1/namespaces/shop';
const POD = '/api/v1/namespaces/shop/pods/web-1';
const pod = { kind: 'Pod', name: 'web-1', namespace: 'shop' };

const metadata = (label: string | undefined): ObjectMeta => ({
  name: 'x',
  uid: 'x',
  resourceVersion: '1',
  ...(label === undefined ? {} : { labels: { 'kubernaut.ai/managed': label } }),
});

/** A cluster in which these paths have these labels; `undefined` is an object without the label. */
function cluster(labels: Readonly<Record<string, string | undefined | Error>>) {
  const asked: string[] = [];
  const getMetadata = (path: string): Promise<ObjectMeta | undefined> => {
    asked.push(path);
    const label = labels[path];
    if (label instanceof Error) return Promise.reject(label);
    return Promise.resolve(path in labels ? metadata(label) : undefined);
  };
  return { asked, getMetadata };
}

const isManaged = async (labels: Parameters<typeof cluster>[0], target = pod) =>
  (await createScope(cluster(labels))(target, undefined)).managed;

describe('the scope of a target', () => {
  it('is told by its namespace, unless the object says otherwise (D-36, D-39)', async () => {
    assert.equal(await isManaged({ [NAMESPACE]: 'true', [POD]: undefined }), true);
    assert.equal(await isManaged({ [NAMESPACE]: undefined, [POD]: undefined }), false);
    assert.equal(await isManaged({ [NAMESPACE]: undefined, [POD]: 'true' }), true);
    assert.equal(await isManaged({ [NAMESPACE]: 'true', [POD]: 'false' }), false);
    assert.equal(await isManaged({ [NAMESPACE]: 'true' }), true);
  });

  it('of a cluster-scoped object is told by its own label alone (D-39)', async () => {
    const node = { kind: 'Node', name: 'worker-1', namespace: 'shop' };
    assert.equal(await isManaged({ '/api/v1/nodes/worker-1': 'true' }, node), true);
    assert.equal(await isManaged({ [NAMESPACE]: 'true', '/api/v1/nodes/worker-1': undefined }, node), false);
  });

  it('of a kind whose label does not count is told by the namespace', async () => {
    const custom = { kind: 'Database', name: 'orders', namespace: 'shop' };
    assert.equal(await isManaged({ [NAMESPACE]: 'true' }, custom), true);
  });

  it('falls back to the namespace where the object may not be read', async () => {
    const forbidden = new ApiError('forbidden', 403, 'Forbidden', 'pods are off limits');
    assert.equal(await isManaged({ [NAMESPACE]: 'true', [POD]: forbidden }), true);
  });

  it('that cannot be found out is none, and says why (D-38)', async () => {
    const scope = createScope(cluster({ [NAMESPACE]: new Error('no answer within 5 s'), [POD]: undefined }));
    const verdict = await scope(pod, undefined);
    assert.ok(!verdict.managed);
    assert.match(verdict.why, /looking up its label failed: .*no answer within 5 s/);
  });

  it('in another cluster is none while no fleet service is configured (E-181)', async () => {
    const verdict = await createScope(cluster({ [NAMESPACE]: 'true' }))(pod, 'cluster-b');
    assert.ok(!verdict.managed);
    assert.match(verdict.why, /cluster-b/);
  });

  it('is read once for all who ask within five seconds (I-16)', async () => {
    const { asked, getMetadata } = cluster({ [NAMESPACE]: 'true', [POD]: undefined });
    let now = 0;
    const scope = createScope({ getMetadata }, () => now);
    await Promise.all(Array.from({ length: 200 }, () => scope(pod, undefined)));
    assert.deepEqual(asked, [POD, NAMESPACE]);
    now = 5_001;
    await scope(pod, undefined);
    assert.equal(asked.length, 4);
  });
});
