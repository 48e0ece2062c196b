import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from '../../dev/servers/ports.ts';
import { startProcess } from '../../dev/servers/process.ts';
import type { ServerProcess } from '../../dev/servers/process.ts';
import { eventually } from '../support/eventually.ts';
import { loginAs } from '../integration/datastorage/service.ts';
import { useProduct } from './support/product.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const TOKEN = 'a-token-of-the-console';

interface Page {
  readonly data: readonly { readonly event_type: string; readonly correlation_id: string }[];
}

describe('DataStorage and signer as built', function () {
  this.timeout(120_000);
  const started: ServerProcess[] = [];
  const logins: { end: () => Promise<void> }[] = [];
  // Before the servers' own hook, which removes the database.
  after(async () => {
    for (const server of started) await server.stop();
    for (const login of logins) await login.end();
  });
  const product = useProduct();
  let [url, healthUrl, folder, publicKey] = ['', '', '', ''];

  const program = (name: string, args: readonly string[]): ServerProcess => {
    const server = startProcess({
      name,
      command: process.execPath,
      args: [join(ROOT, `dist/workers/${name}.js`), ...args],
      logFile: join(folder, `${name}.log`),
      env: { KUBERNAUT_CONTROLLER_NAMESPACE: product().servers.namespace },
    });
    started.push(server);
    return server;
  };
  const events = async (correlation: string): Promise<Page['data']> => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const answer = await fetch(`${url}/api/v1/audit/events?correlation_id=${correlation}`, { headers });
    assert.equal(answer.status, 200);
    return ((await answer.json()) as Page).data;
  };

  before(async () => {
    folder = join(product().places.folder, 'storage');
    mkdirSync(folder, { recursive: true });
    const [ds, signer] = [
      await loginAs(product().servers.databaseUrl, 'kubernaut_ds'),
      await loginAs(product().servers.databaseUrl, 'kubernaut_signer'),
    ];
    logins.push(ds, signer);
    const file = (name: string, content: string): string => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const ports = await freePorts('api', 'health', 'metrics', 'signer', 'signerMetrics');
    const database = new URL(ds.url);
    const digest = createHash('sha256').update(TOKEN).digest('hex');
    const config = {
      environment: 'test',
      server: {
        host: '127.0.0.1',
        port: ports.api,
        healthPort: ports.health,
        metricsPort: ports.metrics,
        endpointPropagationDelay: '0s',
      },
      database: {
        host: database.hostname,
        port: Number(database.port),
        name: database.pathname.slice(1),
        user: database.username,
        sslMode: 'disable',
        secretsFile: file('secrets.yaml', 'password: secret\n'),
      },
      auth: {
        mode: 'static',
        staticTokensFile: file(
          'tokens.yaml',
          JSON.stringify({ tokens: { [digest]: { name: 'console', verbs: ['get', 'create'] } } }),
        ),
      },
    };
    program('datastorage', ['--config', file('datastorage.yaml', JSON.stringify(config))]);
    [url, healthUrl] = [`http://127.0.0.1:${String(ports.api)}`, `http://127.0.0.1:${String(ports.health)}`];
    const pair = generateKeyPairSync('ed25519');
    publicKey = file('audit.pub', pair.publicKey.export({ type: 'spki', format: 'pem' }).toString());
    const signing = {
      environment: 'test',
      controller: {
        healthProbeAddr: `127.0.0.1:${String(ports.signer)}`,
        metricsAddr: `127.0.0.1:${String(ports.signerMetrics)}`,
      },
      postgres: { url: signer.url, sslMode: 'disable' },
      audit: {
        checkpoint: {
          keyFile: file('audit.key', pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
          interval: '1s',
          sinks: ['log', join(folder, 'checkpoints.jsonl')],
        },
      },
    };
    program('audit-signer', ['--config', file('signer.yaml', JSON.stringify(signing))]);
    await eventually(async () => assert.equal((await fetch(`${url}/readyz`)).status, 200), { timeoutMs: 30_000 });
  });

  it('C-04: the beginning of a remediation can be read over HTTP within 5 s', async () => {
    await product().create('rr-first', 'direct');
    const found = await eventually(async () => {
      const rows = await events('rr-first');
      assert.equal(
        rows.some(({ event_type: type }) => type === 'orchestrator.lifecycle.started'),
        true,
      );
      return rows;
    });
    assert.equal(
      found.every(({ correlation_id: id }) => id === 'rr-first'),
      true,
    );
  });

  it('C-05: its changes of phase as well, and at the end one completed event', async () => {
    await eventually(
      async () => {
        const types = (await events('rr-first')).map(({ event_type: type }) => type);
        assert.equal(types.filter((type) => type === 'orchestrator.lifecycle.completed').length, 1);
        assert.equal(types.filter((type) => type === 'orchestrator.lifecycle.transitioned').length, 5);
      },
      { timeoutMs: 30_000 },
    );
  });

  it('C-06: DataStorage is alive and ready, and so are the processes beside it', async () => {
    assert.equal((await fetch(`${healthUrl}/healthz`)).status, 200);
    assert.equal((await fetch(`${healthUrl}/readyz`)).status, 200);
    assert.equal(await product().orchestrator.answerOf('/readyz'), 200);
    assert.equal(await product().watcher.answerOf('/readyz'), 200);
  });

  it('H-18: nobody reads or writes without a token', async () => {
    for (const [method, path] of [
      ['GET', 'events'],
      ['POST', 'events'],
      ['POST', 'events/batch'],
      ['GET', 'checkpoints'],
    ] as const) {
      const body = method === 'POST' ? { body: '{}', headers: { 'content-type': 'application/json' } } : {};
      assert.equal((await fetch(`${url}/api/v1/audit/${path}`, { method, ...body })).status, 401, path);
    }
  });

  it('the signer covers the trail, and what it signed verifies from a file, from a sink and in place', async () => {
    const bundle = join(folder, 'bundle.jsonl');
    const checks = [
      ['--bundle', bundle],
      ['--all', '--checkpoints', join(folder, 'checkpoints.jsonl')],
    ];
    await eventually(
      async () => {
        const { code, err } = await product().rrctl(
          'audit',
          'export',
          '--rr',
          `${product().servers.namespace}/rr-first`,
          '--out',
          bundle,
        );
        assert.equal(code, 0, err);
        const verified = await product().rrctl(
          'audit',
          'verify',
          '--bundle',
          bundle,
          '--key',
          publicKey,
          '--require-checkpoint',
        );
        assert.equal(verified.code, 0, verified.err + verified.out);
      },
      { timeoutMs: 30_000, intervalMs: 500 },
    );
    for (const check of checks) {
      const verified = await product().rrctl('audit', 'verify', ...check, '--key', publicKey);
      assert.equal(verified.code, 0, verified.err + verified.out);
    }
  });

  it('9.1: a configuration with a wrong key ends the process with code 2 and names the key that was meant', async () => {
    const file = join(folder, 'wrong.yaml');
    writeFileSync(file, 'server: {prot: 8080}\n');
    const wrong = run(process.execPath, [join(ROOT, 'dist/workers/datastorage.js'), '--config', file]);
    await assert.rejects(wrong, { code: 2, stderr: /unknown key "server.prot"; did you mean "server.port"/ });
  });
});
