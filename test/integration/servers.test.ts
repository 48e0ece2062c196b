import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { CoreV1Api } from '@kubernetes/client-node';
import { Connection } from '@temporalio/client';
import pg from 'pg';
import { eventually } from '../support/eventually.ts';
import { useServers } from '../support/servers.ts';

describe('the servers of the tests', () => {
  const servers = useServers({ migrate: () => Promise.resolve() });
  const core = (): CoreV1Api => servers().kubeConfig.makeApiClient(CoreV1Api);

  it('include an API server with a namespace for each test file', async () => {
    const { status } = await core().readNamespace({ name: servers().namespace });
    assert.equal(status?.phase, 'Active');
  });

  it('delete what belongs to an object when that object goes', async () => {
    const { namespace } = servers();
    const owner = await core().createNamespacedConfigMap({ namespace, body: { metadata: { name: 'owner' } } });
    const ownerReferences = [
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata?.uid ?? assert.fail('no uid') },
    ];
    const dependent = { metadata: { name: 'dependent', ownerReferences } };
    await core().createNamespacedConfigMap({ namespace, body: dependent });
    await core().deleteNamespacedConfigMap({ namespace, name: 'owner' });
    await eventually(async () => {
      const { items } = await core().listNamespacedConfigMap({ namespace });
      assert.deepEqual(
        items.map((item) => item.metadata?.name),
        [],
      );
    });
  });

  it('write each request about what the product touches to the audit log', async () => {
    const { namespace, auditLog } = servers();
    await core().listNamespacedConfigMap({ namespace, labelSelector: 'looked-for=once' });
    await eventually(() => {
      const entries = readFileSync(auditLog, 'utf8')
        .split('\n')
        .filter((line) => line.includes('looked-for%3Donce') && line.includes(namespace))
        .map(
          (line) => JSON.parse(line) as { readonly verb: string; readonly responseStatus: { readonly code: number } },
        );
      assert.deepEqual(
        entries.map((entry) => [entry.verb, entry.responseStatus.code]),
        [['list', 200]],
      );
    });
  });

  it('include a Temporal server with the namespace of the tests', async () => {
    const connection = await Connection.connect({ address: servers().temporalAddress });
    try {
      const namespace = servers().temporalNamespace;
      const description = await connection.workflowService.describeNamespace({ namespace });
      assert.equal(description.namespaceInfo?.name, namespace);
    } finally {
      await connection.close();
    }
  });

  it('include a PostgreSQL with a database for each test file', async () => {
    const client = new pg.Client({ connectionString: servers().databaseUrl });
    await client.connect();
    try {
      const { rows } = await client.query<{ name: string }>('select current_database() as name');
      assert.match(rows[0]?.name ?? '', /^test_[0-9a-f]{8}$/);
    } finally {
      await client.end();
    }
  });
});
