import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'mocha';
import { InvalidRequestError, fullMessage } from '../../../src/errors.ts';
import { createKubernetesClient } from '../../../src/kubernetes/client.ts';
import type { ClientOptions, KubernetesClient, KubernetesObject } from '../../../src/kubernetes/client.ts';
import { ApiError, ApiUnavailableError } from '../../../src/kubernetes/errors.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import { toRequestSnapshot } from '../../../src/remediation/projections.ts';
import { useServers } from '../../support/servers.ts';
import { aRequestNamed } from './objects.ts';

const KIND = 'RemediationRequest';

/** The kind of a refusal, or the error itself. */
const refusalOf = (request: Promise<unknown>): Promise<unknown> =>
  request.then(
    () => 'accepted',
    (error: unknown) => (error instanceof ApiError ? error.kind : error),
  );

describe('the Kubernetes client', function () {
  this.timeout(60_000);
  const servers = useServers({ migrate: () => Promise.resolve() });
  const folder = mkdtempSync(join(tmpdir(), 'kubernaut-client-'));
  const requests: string[] = [];
  let client: KubernetesClient;
  let namespace = '';
  let count = 0;
  let request: KubernetesObject;

  before(() => {
    client = createKubernetesClient({
      kubeconfig: servers().kubeconfigFile,
      onRequest: ({ method, status }) => requests.push(`${method} ${String(status)}`),
    });
    ({ namespace } = servers());
  });
  beforeEach(async () => {
    request = await client.create(KIND, namespace, aRequestNamed(`rr-${String((count += 1))}`));
    requests.length = 0;
  });
  after(() => {
    client.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const kubeconfigWith = (change: (text: string) => string): string => {
    const file = join(folder, `kubeconfig-${String(Math.random())}`);
    writeFileSync(file, change(readFileSync(servers().kubeconfigFile, 'utf8')));
    return file;
  };
  const failing = async (options: ClientOptions): Promise<unknown> => {
    const other = createKubernetesClient(options);
    const refusal = await refusalOf(other.get(KIND, namespace, 'x'));
    other.close();
    return refusal;
  };
  const patch = (status: JsonObject, metadata: JsonObject = {}) =>
    client.mergePatchStatus(KIND, namespace, request.metadata.name, { metadata, status });
  const kubectl = (status: JsonObject): void => {
    const { kubectl: program, kubeconfigFile } = servers();
    const target = ['patch', 'rr', request.metadata.name, '--subresource=status', '--type=merge'];
    const body = JSON.stringify({ status });
    execFileSync(program, [`--kubeconfig=${kubeconfigFile}`, '-n', namespace, ...target, '-p', body]);
  };
  const foreign = async () =>
    toRequestSnapshot((await client.get(KIND, namespace, request.metadata.name)) ?? {})?.foreign;

  it('answers what is absent with a value, and tells an unknown object from an unknown kind', async () => {
    assert.equal(await client.get(KIND, namespace, 'nobody'), undefined);
    assert.equal(await client.getPath(`/apis/nobody.io/v1/namespaces/${namespace}/things/x`), undefined);
    assert.equal(await refusalOf(client.list('RemediationRequest', 'nowhere').then(({ items }) => items)), 'accepted');
    const watch = client.watch('/apis/kubernaut.ai/v1alpha1/nothings?watch=true', new AbortController().signal);
    assert.equal(await refusalOf(watch), 'no-resource');
  });

  it('names what it refuses: taken names, stale versions, invalid objects', async () => {
    const { name, resourceVersion } = request.metadata;
    assert.equal(await refusalOf(client.create(KIND, namespace, aRequestNamed(name))), 'already-exists');
    await patch({ overallPhase: 'Pending' }, { resourceVersion });
    assert.equal(await refusalOf(patch({ overallPhase: 'Processing' }, { resourceVersion })), 'conflict');
    const invalid = client.create(KIND, namespace, { metadata: { name: 'x' }, spec: { severity: 'odd' } });
    await assert.rejects(invalid, (error: unknown) => {
      assert.ok(error instanceof ApiError, 'a refusal');
      assert.equal(error.kind, 'invalid');
      assert.match(error.message, /Creating RemediationRequest .*\/x: .*signalFingerprint: Required value/);
      return true;
    });
  });

  it('is not protected by the uid of a status patch: the server ignores it, so the version must guard', async () => {
    const uid = '00000000-0000-0000-0000-000000000000';
    const { status } = await patch({ overallPhase: 'Pending' }, { uid });
    assert.equal(status?.['overallPhase'], 'Pending');
  });

  it('deletes the object that is meant and no other', async () => {
    const { name, uid } = request.metadata;
    assert.equal(await client.delete(KIND, namespace, name, '00000000-0000-0000-0000-000000000000'), 'absent');
    assert.equal((await client.get(KIND, namespace, name))?.metadata.uid, uid);
    assert.equal(await client.delete(KIND, namespace, name, uid), 'deleted');
    assert.equal(await client.delete(KIND, namespace, name, uid), 'absent');
  });

  it('makes one Kubernetes Event of a repeated call', async () => {
    const { name, uid } = request.metadata;
    const event = {
      name: `${name}.1`,
      namespace,
      involved: { kind: KIND, name, uid },
      type: 'Normal',
      reason: 'RemediationCreated',
      message: 'x'.repeat(5000),
      at: Date.parse('2026-11-24T10:00:00Z'),
    } as const;
    assert.equal(await client.createEvent(event), 'created');
    assert.equal(await client.createEvent(event), 'exists');
    const stored = (await client.getPath(`/api/v1/namespaces/${namespace}/events/${event.name}`)) as JsonObject;
    assert.deepEqual(
      [stored['source'], stored['firstTimestamp']],
      [{ component: 'remediationorchestrator-controller' }, '2026-11-24T10:00:00Z'],
    );
  });

  it('tells every request to whoever counts them', async () => {
    await client.get(KIND, namespace, 'nobody');
    await patch({ overallPhase: 'Pending' });
    assert.deepEqual(requests, ['GET 404', 'PATCH 200']);
  });

  it('reads from managedFields which inputs others wrote, as the server keeps them', async () => {
    await patch({ overallPhase: 'Processing', timeoutConfig: { global: '1h0m0s' }, startTime: '2026-11-24T10:00:00Z' });
    assert.deepEqual(await foreign(), []);
    kubectl({ startTime: '2026-11-24T10:00:00Z' });
    assert.deepEqual(await foreign(), [], 'a write of the same value changes nothing');
    kubectl({ timeoutConfig: { analyzing: '2m' } });
    assert.deepEqual(await foreign(), ['timeoutConfig']);
    kubectl({ overallPhase: 'Cancelled' });
    assert.deepEqual(await foreign(), ['overallPhase', 'timeoutConfig']);
    await patch({ overallPhase: 'Processing' });
    assert.deepEqual(await foreign(), ['timeoutConfig'], 'what we put back is ours again');
  });

  it('says in a sentence why there is no answer', async () => {
    const nobodyThere = kubeconfigWith((text) => text.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1'));
    const refused = await failing({ kubeconfig: nobodyThere });
    assert.ok(refused instanceof ApiUnavailableError, 'unavailable');
    assert.match(fullMessage(refused), /^Reading .*: no answer from the API server at https:.*: connect ECONNREFUSED/);
    const wrongToken = kubeconfigWith((text) => text.replace(/("?token"?: "?)[^"\n]+/, '$1wrong'));
    assert.match(
      fullMessage(await failing({ kubeconfig: wrongToken })),
      /refuses our credentials; check the kubeconfig/,
    );
  });

  it('gives up on a server that is silent, and obeys one that asks it to wait (G-18)', async () => {
    let silent = true;
    const server = createServer((_, response) => {
      if (!silent) response.writeHead(429, { 'retry-after': '5' }).end('{"message":"too many requests"}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const clusters = [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }];
    const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u' } }];
    const users = [{ name: 'u', user: { token: 't' } }];
    const kubeconfig = kubeconfigWith(() => JSON.stringify({ clusters, contexts, users, 'current-context': 'x' }));
    const late = await failing({ kubeconfig, timeoutMs: 100 });
    assert.match(fullMessage(late), /no answer within 0\.1 s/);
    silent = false;
    const throttled = await failing({ kubeconfig });
    assert.ok(throttled instanceof ApiUnavailableError, 'unavailable');
    assert.equal(throttled.retryAfterMs, 5000);
    server.closeAllConnections();
    server.close();
  });

  it('refuses a kubeconfig or a context that is not there, and names what there is', () => {
    const broken = (options: ClientOptions, message: RegExp): void => {
      assert.throws(
        () => createKubernetesClient(options),
        (error) => error instanceof InvalidRequestError && message.test(error.message),
      );
    };
    broken({ kubeconfig: join(folder, 'nothing') }, /^Cannot read .*nothing$/);
    broken({ kubeconfig: servers().kubeconfigFile, context: 'nowhere' }, /has no context nowhere; it has \S+/);
  });
});
