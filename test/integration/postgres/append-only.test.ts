import assert from 'node:assert/strict';
import pg from 'pg';
import { commitTransaction } from '../../../src/postgres/commit-transaction.ts';
import { ensurePartitions, strayEvents } from '../../../src/postgres/partitions.ts';
import { trailOf } from '../../../src/postgres/trail.ts';
import { verifyTrail } from '../../../src/postgres/verify.ts';
import { aRegistration, begin, writer } from '../../unit/postgres/commits.ts';
import { usePool } from './pool.ts';

const CHECK_VIOLATION = '23514';
const INSUFFICIENT_PRIVILEGE = '42501';
const state = (error: unknown): unknown => (error instanceof pg.DatabaseError ? error.code : error);

describe('the table of events', () => {
  const pool = usePool();

  /** A remediation whose first step lies in the month of this instant. */
  async function begunAt(at: number): Promise<string> {
    const of = aRegistration();
    await commitTransaction(pool(), { ...begin(of), at }, writer);
    return of.uid;
  }
  const partitionOf = async (uid: string): Promise<string> => {
    const text = 'select distinct tableoid::regclass::text as name from audit_events where rr_uid = $1';
    const { rows } = await pool().query<{ name: string }>(text, [uid]);
    assert.equal(rows.length, 1);
    return rows[0]?.name ?? '';
  };
  const thisMonth = (): string => `audit_events_${new Date().toISOString().slice(0, 7).replace('-', '_')}`;

  async function asApp<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await pool().connect();
    try {
      await client.query('set role kubernaut_app');
      return await work(client);
    } finally {
      await client.query('reset role');
      client.release();
    }
  }

  const forbidden = [
    (table: string) => `update ${table} set actor_id = 'mallory'`,
    (table: string) => `delete from ${table}`,
    (table: string) => `truncate ${table}`,
  ];

  it('refuses changes even to its owner: of the whole, of a partition, of the default partition', async () => {
    const uid = await begunAt(Date.now());
    const stray = await begunAt(Date.parse('2039-01-01T00:00:00Z'));
    for (const table of ['audit_events', thisMonth(), 'audit_events_default'])
      for (const statement of forbidden)
        await assert.rejects(pool().query(statement(table)), (error) => {
          assert.equal(state(error), CHECK_VIOLATION, statement(table));
          return true;
        });
    assert.ok((await verifyTrail(pool(), uid)).ok);
    assert.ok((await verifyTrail(pool(), stray)).ok);
  });

  it('gives the role of the workers no right to change or remove anything', async () => {
    await begunAt(Date.now());
    const statements = ['audit_events', thisMonth()].flatMap((table) => forbidden.map((statement) => statement(table)));
    const others = ['drop trigger append_only on audit_events', 'delete from remediations', 'delete from claims'];
    await asApp(async (client) => {
      for (const statement of [...statements, ...others])
        await assert.rejects(client.query(statement), (error) => {
          assert.equal(state(error), INSUFFICIENT_PRIVILEGE, statement);
          return true;
        });
    });
  });

  it('has a partition for this month and the next thirteen', async () => {
    const { rows } = await pool().query<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'audit_events'::regclass order by 1`,
    );
    const names = rows.map((row) => row.name);
    assert.equal(names.length, 15);
    assert.ok(names.includes(thisMonth()) && names.includes('audit_events_default'));
    assert.equal(await partitionOf(await begunAt(Date.now())), thisMonth());
  });

  it('F-21: takes events of a month without partition into the default one, where they are counted', async () => {
    const before = await strayEvents(pool());
    const uid = await begunAt(Date.parse('2024-02-29T23:59:59.999Z'));
    assert.equal(await partitionOf(uid), 'audit_events_default');
    assert.equal(await strayEvents(pool()), before + 2);
    assert.ok((await verifyTrail(pool(), uid)).ok);
  });

  it('gets missing partitions when asked, by a process that does not own it, and they refuse changes as well', async () => {
    const last = new Date();
    last.setUTCDate(1);
    last.setUTCMonth(last.getUTCMonth() + 13);
    const name = `audit_events_${last.toISOString().slice(0, 7).replace('-', '_')}`;
    await pool().query(`drop table ${name}`);
    const created = await asApp((client) => client.query<{ name: string }>('select ensure_audit_partitions() as name'));
    assert.deepEqual(created.rows, [{ name }]);
    assert.deepEqual(await ensurePartitions(pool()), []);
    const uid = await begunAt(last.getTime());
    assert.equal(await partitionOf(uid), name);
    for (const statement of forbidden)
      await assert.rejects(pool().query(statement(name)), (error) => state(error) === CHECK_VIOLATION);
  });

  it('leaves a month to the default partition that holds events of it already', async () => {
    const next = new Date();
    next.setUTCDate(1);
    next.setUTCMonth(next.getUTCMonth() + 12);
    const name = `audit_events_${next.toISOString().slice(0, 7).replace('-', '_')}`;
    await pool().query(`drop table ${name}`);
    const uid = await begunAt(next.getTime());
    assert.equal(await partitionOf(uid), 'audit_events_default');
    assert.deepEqual(await ensurePartitions(pool()), []);
    assert.ok((await trailOf(pool(), { uid })).length > 0);
  });

  it('refuses events whose day, outcome or retention cannot be', async () => {
    const uid = await begunAt(Date.now());
    const copy = (column: string, value: string): string =>
      `insert into audit_events select (jsonb_populate_record(e, jsonb_build_object('event_id', gen_random_uuid(),
         'chain_seq', 99, '${column}', ${value}))).* from audit_events e where rr_uid = $1 and chain_seq = 1`;
    const impossible = { event_date: `'2020-01-01'`, event_outcome: `'maybe'`, retention_days: '0', event_hash: `'x'` };
    for (const [column, value] of Object.entries(impossible))
      await assert.rejects(
        pool().query(copy(column, value), [uid]),
        (error) => state(error) === CHECK_VIOLATION,
        column,
      );
  });

  it("is readable under upstream's column names", async () => {
    const uid = await begunAt(Date.now());
    const { rows } = await pool().query<{ legal_hold: boolean; event_type: string }>(
      'select event_type, legal_hold from audit_events_v where rr_uid = $1 order by chain_seq',
      [uid],
    );
    assert.deepEqual(rows[0], { event_type: 'orchestrator.lifecycle.started', legal_hold: false });
  });
});
