import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseUrl, readStorageConfig } from '../../../src/datastorage/config.ts';
import { createStorageMetrics } from '../../../src/datastorage/metrics.ts';

describe('the configuration of DataStorage', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubernaut-config-'));
  after(() => rmSync(folder, { recursive: true }));
  const file = (text: string): string => {
    const path = join(folder, 'config.yaml');
    writeFileSync(path, text);
    return path;
  };

  it('has a default for every key, so that an empty file is one', () => {
    const { server, redis, auth, database } = readStorageConfig(file(''));
    assert.deepEqual(
      [server.port, server.healthPort, server.metricsPort, server.maxBatchSize],
      [8080, 8081, 9090, 1000],
    );
    assert.deepEqual(
      [redis.addr, redis.dlqMaxLen, auth.mode, database.sslMode],
      ['', 10_000, 'tokenReview', 'verify-full'],
    );
  });

  it("takes upstream's keys, those without effect included", () => {
    const text =
      'server: {signerCertDir: /x, disableProfiling: true}\nretention: {enabled: true}\naudit: {hashKeySecretsFile: /y}\n';
    assert.equal(readStorageConfig(file(text)).server.port, 8080);
  });

  it('names every fault, the nearest key, and a file that is missing', () => {
    const text = 'server: {prot: 1, maxBodySize: 3}\nauth: {mode: none}\ndatabase: {secretsFile: /nowhere}\n';
    assert.throws(
      () => readStorageConfig(file(text)),
      /maxBodySize must be[^]*unknown key "server.prot"; did you mean "server.port"/,
    );
    assert.throws(
      () => readStorageConfig(file('auth: {mode: none}\ndatabase: {secretsFile: /nowhere}')),
      /secretsFile names a file[^]*auth.mode none is for/,
    );
    assert.throws(() => readStorageConfig(join(folder, 'none.yaml')), /it does not exist/);
  });

  it('puts the password from its file into the address of the database, whatever it consists of', () => {
    const secrets = join(folder, 'secrets.yaml');
    writeFileSync(secrets, 'password: "a/b@c:d"\n');
    const url = new URL(databaseUrl(readStorageConfig(file(`database: {secretsFile: ${secrets}}`))));
    assert.equal(decodeURIComponent(url.password), 'a/b@c:d');
  });

  it('9.1: two processes in one have metrics of their own', () => {
    const [a, b] = [createStorageMetrics({ processFigures: true }), createStorageMetrics({ processFigures: true })];
    a.duplicates.inc();
    assert.notEqual(a.registry, b.registry);
  });
});
