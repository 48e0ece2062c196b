import assert from 'node:assert/strict';
import pg from 'pg';
import { createPool } from '../../../src/postgres/pool.ts';
import { weaknesses } from '../../../src/postgres/self-test.ts';
import { useServers } from '../../support/servers.ts';

describe('8.6: the self-test of the database role', () => {
  const servers = useServers();

  /** The answer for a login that is a member of this role alone. */
  async function askedAs(role: string): Promise<readonly string[]> {
    const url = new URL(servers().databaseUrl);
    const login = `login_${role}_${url.pathname.slice(1)}`;
    const admin = new pg.Client({ connectionString: url.href });
    await admin.connect();
    await admin.query(`create role ${login} login password 'secret' in role ${role}`);
    const pool = createPool(Object.assign(new URL(url), { username: login, password: 'secret' }).href);
    try {
      return await weaknesses(pool);
    } finally {
      await pool.end();
      await admin.query(`drop role ${login}`);
      await admin.end();
    }
  }

  it('H-21: has no objection to the roles that processes log in as', async () => {
    for (const role of ['kubernaut_app', 'kubernaut_ds', 'kubernaut_signer', 'kubernaut_reader'])
      assert.deepEqual(await askedAs(role), [], role);
  });

  it('objects to the owner, on the table and on every partition', async () => {
    const found = await askedAs('kubernaut_owner');
    assert.ok(found.includes('the role owns audit_events'));
    assert.ok(found.includes('the role owns audit_events_default'));
    assert.ok(found.length >= 15);
  });

  it('objects to a right that somebody granted, and to a trigger that somebody disabled', async () => {
    const admin = new pg.Client({ connectionString: servers().databaseUrl });
    await admin.connect();
    try {
      await admin.query('set search_path = audit');
      await admin.query('grant delete on audit_events_default to kubernaut_app');
      await admin.query('alter table audit_events_default disable trigger no_truncate');
      assert.deepEqual(await askedAs('kubernaut_app'), [
        'the role has DELETE on audit_events_default',
        'triggers that refuse changes are missing or disabled on audit_events_default',
      ]);
    } finally {
      await admin.end();
    }
  });
});
