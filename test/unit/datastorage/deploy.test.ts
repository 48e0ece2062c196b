import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readStorageConfig } from '../../../src/datastorage/config.ts';
import { documentsOf, isThere, sourceOf, yamlOf } from '../../fixtures/deploy.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly selector?: unknown;
    readonly ports?: readonly { readonly port: number; readonly targetPort: string }[];
    readonly template?: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly {
          readonly command: readonly string[];
          readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
        }[];
      };
    };
  };
}

describe('deploy/datastorage', () => {
  const manifests = ['datastorage', 'signer'].flatMap((file) =>
    documentsOf<Manifest>(`deploy/datastorage/${file}.yaml`),
  );
  const folder = mkdtempSync(join(tmpdir(), 'kubernaut-deploy-'));
  after(() => rmSync(folder, { recursive: true }));

  it('9.1: the Service has the name that clients call, and selects the pods by the label that waiters look for', () => {
    const [service] = manifests.filter(({ kind }) => kind === 'Service');
    const pods = manifests.flatMap(({ spec }) => (spec.template === undefined ? [] : [spec.template]));
    assert.deepEqual(
      [service?.metadata.name, service?.spec.selector],
      ['data-storage-service', { app: 'datastorage' }],
    );
    const selected = pods.filter(({ metadata }) => metadata.labels['app'] === 'datastorage');
    assert.equal(selected.length, 1);
    const ports = selected[0]?.spec.containers[0]?.ports ?? [];
    for (const { port, targetPort } of service?.spec.ports ?? [])
      assert.equal(ports.find(({ name }) => name === targetPort)?.containerPort, port);
  });

  it('runs programs that the build makes, and names files that are there', () => {
    for (const { spec } of manifests)
      for (const { command } of spec.template?.spec.containers ?? [])
        assert.ok(isThere(sourceOf(command)), command.join(' '));
    const { resources } = yamlOf<{ resources: readonly string[] }>('deploy/datastorage/kustomization.yaml');
    for (const file of resources) assert.ok(isThere(`deploy/datastorage/${file}`), file);
  });

  it('has a configuration that is valid once its secrets are mounted, with the ports that are published and time to stop', () => {
    const text = readFileSync(join(import.meta.dirname, '../../../deploy/datastorage/config/datastorage.yaml'), 'utf8');
    for (const file of ['secrets.yaml', 'ca.crt']) writeFileSync(join(folder, file), 'password: x\n');
    writeFileSync(join(folder, 'config.yaml'), text.replaceAll('/etc/datastorage/postgres', folder));
    const { server } = readStorageConfig(join(folder, 'config.yaml'));
    const pod = manifests.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'datastorage')?.spec
      .template?.spec;
    const ports = pod?.containers[0]?.ports.map(({ containerPort }) => containerPort);
    assert.deepEqual(ports, [server.port, server.healthPort, server.metricsPort]);
    assert.ok((pod?.terminationGracePeriodSeconds ?? 0) * 1000 > server.shutdownTimeout);
  });
});
