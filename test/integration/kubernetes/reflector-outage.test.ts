import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { startEtcd } from '../../../dev/servers/etcd.ts';
import { startKubeApiserver } from '../../../dev/servers/kube-apiserver.ts';
import type { KubeApiserver } from '../../../dev/servers/kube-apiserver.ts';
import { locateServers } from '../../../dev/servers/locate.ts';
import type { Binaries } from '../../../dev/servers/locate.ts';
import { applyManifests } from '../../../dev/servers/manifests.ts';
import type { ServerProcess } from '../../../dev/servers/process.ts';
import { createKubernetesClient } from '../../../src/kubernetes/client.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client.ts';
import { startReflector } from '../../../src/kubernetes/reflector.ts';
import type { Reflector } from '../../../src/kubernetes/reflector.ts';
import { eventually } from '../../support/eventually.ts';
import { aRequestNamed, setStatus } from './objects.ts';

const KIND = 'RemediationRequest';
const NAMESPACE = 'default';

describe('a reflector and an API server that goes away', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'kubernaut-reflector-'));
  let binaries: Binaries;
  let etcd: ServerProcess & { readonly url: string };
  let apiserver: KubeApiserver;
  let client: KubernetesClient;
  let reflector: Reflector<string> | undefined;
  const told: string[] = [];
  const states: string[] = [];

  const serve = (port?: number) =>
    startKubeApiserver({
      binary: binaries['kube-apiserver'],
      folder,
      etcdUrl: etcd.url,
      ...(port === undefined ? {} : { port }),
    });

  before(async () => {
    binaries = await locateServers();
    etcd = await startEtcd({ binary: binaries.etcd, folder });
    apiserver = await serve();
    client = createKubernetesClient({ kubeconfig: apiserver.kubeconfig, timeoutMs: 15_000 });
    reflector = startReflector({
      client,
      kind: KIND,
      namespace: NAMESPACE,
      keep: ({ metadata, status }) =>
        typeof status?.['message'] === 'string' ? `${metadata.name} ${status['message']}` : metadata.name,
      handle: ({ type, object }) => {
        told.push(`${type} ${object}`);
      },
      onState: ({ kind }) => states.push(kind),
      retry: { minMs: 50, maxMs: 500 },
    });
  });
  after(async () => {
    await reflector?.stop();
    client.close();
    await apiserver.stop();
    await etcd.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('waits for a kind whose CRD is not installed yet', async () => {
    await eventually(() => {
      assert.deepEqual(states, ['absent']);
    });
    const crds = join(import.meta.dirname, '../../../deploy/crds');
    await applyManifests({ kubeconfig: apiserver.kubeconfig, kubectl: binaries.kubectl }, crds);
    await eventually(() => {
      assert.equal(states.at(-1), 'connected');
    });
  });

  it('resumes after the API server was killed and started again, and loses nothing (G-16)', async () => {
    await client.create(KIND, NAMESPACE, aRequestNamed('kept'));
    await client.create(KIND, NAMESPACE, aRequestNamed('other'));
    await eventually(() => {
      assert.deepEqual(told, ['added kept', 'added other']);
    });
    await setStatus(client, KIND, NAMESPACE, 'kept', { message: 'before' });
    await eventually(() => {
      assert.equal(told.at(-1), 'modified kept before');
    });
    await apiserver.stop();
    await eventually(() => {
      assert.equal(states.at(-1), 'disconnected');
    });
    apiserver = await serve(apiserver.port);
    await setStatus(client, KIND, NAMESPACE, 'kept', { message: 'after' });
    await eventually(() => {
      assert.equal(told.at(-1), 'modified kept after');
    });
    assert.equal(states.at(-1), 'connected');
    assert.deepEqual(
      told.filter((text) => text.includes('deleted')),
      [],
      'an outage is never taken for a deletion',
    );
  });

  it('finds what was deleted by another client while its own connection was down', async () => {
    const { metadata } = (await client.get(KIND, NAMESPACE, 'other')) ?? assert.fail();
    const { port } = apiserver;
    await apiserver.stop();
    await eventually(() => {
      assert.equal(states.at(-1), 'disconnected');
    });
    // The reflector looks for the former port; the deletion comes through another.
    apiserver = await serve();
    const elsewhere = createKubernetesClient({ kubeconfig: apiserver.kubeconfig });
    await elsewhere.delete(KIND, NAMESPACE, 'other', metadata.uid);
    elsewhere.close();
    await apiserver.stop();
    apiserver = await serve(port);
    await eventually(() => {
      assert.equal(told.at(-1), 'deleted other');
    });
    assert.deepEqual([...(reflector?.objects() ?? [])], ['kept after']);
  });
});
