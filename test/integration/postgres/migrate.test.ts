import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before } from 'mocha';
import type pg from 'pg';
import { InvalidRequestError, UnavailableError } from '../../../src/errors.ts';
import { commitTransaction } from '../../../src/postgres/commit-transaction.ts';
import { migrate, schemaState } from '../../../src/postgres/migrate.ts';
import { createPool } from '../../../src/postgres/pool.ts';
import { aRegistration, begin, writer } from '../../unit/postgres/commits.ts';
import { useServers } from '../../support/servers.ts';

describe('migrate', () => {
  let pool: pg.Pool | undefined;
  after(() => pool?.end());
  const servers = useServers({ migrate: () => Promise.resolve() });
  before(() => {
    pool = createPool(servers().databaseUrl);
  });
  const database = (): pg.Pool => pool ?? assert.fail('no pool');

  it('says that an empty database is behind', async () => {
    const state = await schemaState(database());
    assert.ok(state.kind === 'behind' && state.missing.includes('0001_audit_events'));
  });

  it('an empty database makes a commit wait for its migration', async () => {
    const waiting = commitTransaction(database(), begin(aRegistration()), writer);
    await assert.rejects(waiting, (error) => error instanceof UnavailableError && /rrctl migrate/.test(error.message));
  });

  it('brings a database up to date once, whoever else is about to; having been second is success', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => migrate(servers().databaseUrl)));
    assert.deepEqual(answers.sort(), ['migrated', 'up-to-date', 'up-to-date', 'up-to-date']);
    assert.deepEqual(await schemaState(database()), { kind: 'current' });
    assert.equal(await migrate(servers().databaseUrl), 'up-to-date');
  });

  it('leaves everything to the owner role and gives each role what it needs', async () => {
    const { rows } = await database().query<Record<string, unknown>>(`select
      (select tableowner from pg_tables where tablename = 'audit_events') as owner,
      has_table_privilege('kubernaut_app', 'audit_events', 'select, insert') as app_writes,
      has_table_privilege('kubernaut_app', 'audit_events', 'update') as app_updates,
      has_table_privilege('kubernaut_app', 'audit_events', 'delete') as app_deletes,
      has_table_privilege('kubernaut_app', 'remediations', 'delete') as app_removes_rows,
      has_table_privilege('kubernaut_app', 'foreign_executions', 'delete') as app_removes_executions,
      has_table_privilege('kubernaut_ds', 'remediations', 'update') as ds_updates_ledger,
      has_table_privilege('kubernaut_signer', 'audit_events', 'select') as signer_reads_events,
      has_table_privilege('kubernaut_reader', 'audit_events', 'select') as reader_reads,
      has_table_privilege('kubernaut_reader', 'audit_events', 'insert') as reader_writes,
      has_function_privilege('kubernaut_reader', 'ensure_audit_partitions(integer)', 'execute') as reader_partitions`);
    assert.deepEqual(
      { ...rows[0] },
      {
        owner: 'kubernaut_owner',
        app_writes: true,
        app_updates: false,
        app_deletes: false,
        app_removes_rows: false,
        app_removes_executions: true,
        ds_updates_ledger: false,
        signer_reads_events: false,
        reader_reads: true,
        reader_writes: false,
        reader_partitions: false,
      },
    );
  });

  it('a login that is only given the role of the workers can do all that they do', async () => {
    const login = await aLogin('in role kubernaut_app');
    const theirs = createPool(login.url);
    try {
      const answer = await commitTransaction(theirs, begin(aRegistration()), writer);
      assert.equal(answer.kind, 'committed');
      assert.deepEqual(await schemaState(theirs), { kind: 'current' });
    } finally {
      await theirs.end();
      await database().query(`drop owned by ${login.name}; drop role ${login.name}`);
    }
  });

  it('works for a login that may not create roles, which then owns everything', async () => {
    const login = await aLogin('');
    const name = `db_${login.name}`;
    await database().query(`create database ${name} owner ${login.name}`);
    const url = new URL(login.url);
    url.pathname = `/${name}`;
    try {
      assert.equal(await migrate(url.href), 'migrated');
      assert.equal(await migrate(url.href), 'up-to-date');
    } finally {
      await database().query(`drop database ${name} with (force)`);
      await database().query(`drop role ${login.name}`);
    }
  });

  it('says whose the schema is to a login that may not change it', async () => {
    const login = await aLogin('');
    try {
      await assert.rejects(migrate(login.url), (error) => {
        assert.ok(error instanceof InvalidRequestError && error.code === 'FORBIDDEN');
        assert.match(error.message, /belongs to kubernaut_owner/);
        return true;
      });
    } finally {
      await database().query(`drop role ${login.name}`);
    }
  });

  it('refuses to go on when an applied file is no longer the one that was applied', async () => {
    await database().query(`update schema_migrations set checksum = 'x' where name = '0002_ledger'`);
    try {
      await assert.rejects(migrate(servers().databaseUrl), /0002_ledger was applied with another content/);
    } finally {
      await database().query(`update schema_migrations set checksum = null where name = '0002_ledger'`);
    }
    assert.equal(await migrate(servers().databaseUrl), 'up-to-date');
  });

  it('says that a database is ahead when a newer program migrated it', async () => {
    await database().query(`insert into schema_migrations (name, run_on) values ('9999_future', now())`);
    assert.deepEqual(await schemaState(database()), { kind: 'ahead', unknown: ['9999_future'] });
    await database().query(`delete from schema_migrations where name = '9999_future'`);
  });

  it('F-07: says that the password is wrong', async () => {
    const url = new URL(servers().databaseUrl);
    url.password = 'wrong';
    await assert.rejects(
      migrate(url.href),
      (error) => error instanceof UnavailableError && /password/.test(error.message),
    );
  });

  /** A user of this database without any right but what the clause gives. */
  async function aLogin(clause: string): Promise<{ readonly name: string; readonly url: string }> {
    const name = `login_${randomBytes(4).toString('hex')}`;
    await database().query(`create role ${name} login password 'secret' ${clause}`);
    const url = new URL(servers().databaseUrl);
    url.username = name;
    url.password = 'secret';
    return { name, url: url.href };
  }
});
