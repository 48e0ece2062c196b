import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { keyring } from '../../../src/audit/checkpoint.ts';
import type { SignedCheckpoint } from '../../../src/audit/checkpoint.ts';
import type { AuditFinding, AuditReport } from '../../../src/audit/findings.ts';
import { createVerifier } from '../../../src/audit/verifier.ts';
import { appendEvents } from '../../../src/postgres/append.ts';
import { payloadDigest } from '../../../src/postgres/chain.ts';
import { bundleLines } from '../../../src/postgres/checkpoints/bundle-lines.ts';
import type { Selection } from '../../../src/postgres/checkpoints/bundle-lines.ts';
import { takeCheckpoint } from '../../../src/postgres/checkpoints/take.ts';
import { commitTransaction } from '../../../src/postgres/commit-transaction.ts';
import type { EventContent } from '../../../src/postgres/event-row.ts';
import { withTransaction } from '../../../src/postgres/pool.ts';
import { aRegistration, directPath, writer } from '../../unit/postgres/commits.ts';
import { tamper, usePool } from '../postgres/pool.ts';

const key = generateKeyPairSync('ed25519').privateKey;
const next = generateKeyPairSync('ed25519').privateKey;

describe('checkpoints of a database', () => {
  const pool = usePool();

  const checkpoint = (options = {}) => takeCheckpoint(pool(), { key, ...options });
  async function verified(selection: Selection, known: readonly SignedCheckpoint[] = []): Promise<AuditReport> {
    return withTransaction(pool(), async (client) => {
      await client.query('set transaction isolation level repeatable read, read only');
      const verifier = createVerifier({ keys: keyring([key, next]), known });
      for await (const line of bundleLines(client, { selection, version: 'test' })) verifier.take(line);
      return verifier.report();
    });
  }

  /** A remediation of six steps with a checkpoint after each second one. */
  async function remediated(): Promise<string> {
    const of = aRegistration();
    for (const [i, step] of directPath(of).entries()) {
      await commitTransaction(pool(), step, writer);
      if (i % 2 === 1) await checkpoint();
    }
    return of.uid;
  }

  it('cover every event of every chain, and prove each at the first checkpoint after it', async () => {
    const uids = [await remediated(), await remediated()];
    const report = await verified({ kind: 'all' });
    assert.deepEqual(report.findings, []);
    assert.deepEqual([report.uncovered, report.chains], [[], 2]);
    for (const uid of uids) assert.deepEqual((await verified({ kind: 'uid', uid })).uncovered, []);
  });

  it('sign nothing when nothing has changed, until the heartbeat is due', async () => {
    await checkpoint();
    assert.equal(await checkpoint(), undefined);
    const taken = await checkpoint({ heartbeatMs: 0 });
    assert.equal(taken?.changedChains, 0);
    assert.deepEqual((await verified({ kind: 'all' })).findings, []);
  });

  it('see the chain of a transaction that was still open when the checkpoint before was taken', async () => {
    const open = await pool().connect();
    try {
      await open.query('begin');
      await open.query('select pg_current_xact_id()');
      await remediated();
      const chain = `c:late-${String(Date.now())}`;
      await appendEvents(open, [{ chain, content: foreignEvent(chain.slice(2)) }]);
      await checkpoint({ heartbeatMs: 0 });
      await open.query('commit');
      assert.equal((await checkpoint())?.changedChains, 1);
      assert.deepEqual((await verified({ kind: 'all' })).uncovered, []);
    } finally {
      open.release();
    }
  });

  it('of two processes at the same moment one signs', async () => {
    await remediated();
    const of = aRegistration();
    const [first] = directPath(of);
    assert.ok(first);
    await commitTransaction(pool(), first, writer);
    const taken = await Promise.all([checkpoint(), checkpoint(), checkpoint()]);
    assert.equal(taken.filter((each) => each !== undefined).length, 1);
  });

  it('need the consent of the old key for a new one', async () => {
    await remediated();
    await assert.rejects(checkpoint({ key: next, heartbeatMs: 0 }), /previousKeyFile/);
    await checkpoint({ key: next, previousKey: key, heartbeatMs: 0 });
    assert.deepEqual((await verified({ kind: 'all' })).findings, []);
    await checkpoint({ key, previousKey: next, heartbeatMs: 0 });
  });

  describe('7.7 in place: what somebody with every right on the server does is named', () => {
    const cases: readonly {
      readonly name: string;
      readonly statements: (uid: string, other: string) => readonly (readonly [string, readonly unknown[]])[];
      readonly wanted: readonly Partial<AuditFinding>[];
      readonly other?: readonly Partial<AuditFinding>[];
    }[] = [
      {
        name: 'an edited column',
        statements: (uid) => [[`update audit_events set actor_id = 'm' where rr_uid = $1 and chain_seq = 3`, [uid]]],
        wanted: [{ code: 'EVENT_HASH_MISMATCH', seq: 3 }],
      },
      {
        name: 'an edited payload',
        statements: (uid) => [
          [`update audit_events set event_data = event_data || '{"x":1}' where rr_uid = $1 and chain_seq = 4`, [uid]],
        ],
        wanted: [{ code: 'PAYLOAD_DIGEST_MISMATCH', seq: 4 }],
      },
      {
        name: 'a deleted event',
        statements: (uid) => [[`delete from audit_events where rr_uid = $1 and chain_seq = 2`, [uid]]],
        wanted: [{ code: 'SEQUENCE_GAP', seq: 3 }],
      },
      {
        name: 'two events that changed places',
        statements: (uid) => [
          [`update audit_events set chain_seq = chain_seq + 100 where rr_uid = $1 and chain_seq in (3, 4)`, [uid]],
          [`update audit_events set chain_seq = 207 - chain_seq - 100 where rr_uid = $1 and chain_seq > 100`, [uid]],
        ],
        wanted: [{ code: 'LINK_MISMATCH', seq: 3 }],
      },
      {
        name: 'a cut tail, with the recorded end cut as well',
        statements: (uid) => [
          [`delete from audit_events where rr_uid = $1 and chain_seq > 5`, [uid]],
          [
            `update audit_chain_heads h set last_seq = 5, last_hash = (select event_hash from audit_events e
               where e.chain_id = h.chain_id and chain_seq = 5) where rr_uid = $1`,
            [uid],
          ],
        ],
        wanted: [{ code: 'CHAIN_SHORTER_THAN_CHECKPOINT', seq: 6 }],
      },
      {
        name: 'a chain that is gone with its end and its ledger row',
        statements: (uid) => [
          [`delete from audit_events where rr_uid = $1`, [uid]],
          [`delete from audit_chain_heads where rr_uid = $1`, [uid]],
          [`delete from remediations where uid = $1`, [uid]],
        ],
        wanted: [{ code: 'CHAIN_MISSING' }],
      },
      {
        name: 'two remediations that changed names',
        statements: (uid, other) => [
          [
            `update audit_events set chain_seq = chain_seq + 100, rr_uid = $2::uuid, chain_id = 'rr:' || ($2::uuid) where rr_uid = $1::uuid`,
            [uid, other],
          ],
          [
            `update audit_events set rr_uid = $1::uuid, chain_id = 'rr:' || ($1::uuid) where rr_uid = $2::uuid and chain_seq <= 100`,
            [uid, other],
          ],
          [`update audit_events set chain_seq = chain_seq - 100 where rr_uid = $1`, [other]],
        ],
        wanted: [{ code: 'GENESIS_MISMATCH', seq: 1 }, { code: 'SUBJECT_MISMATCH' }],
        other: [{ code: 'GENESIS_MISMATCH', seq: 1 }, { code: 'SUBJECT_MISMATCH' }],
      },
    ];
    for (const { name, statements, wanted, other } of cases)
      it(name, async () => {
        const [uid, second] = [await remediated(), await remediated()];
        for (const [statement, values] of statements(uid, second)) await tamper(pool(), statement, values);
        const found = async (of: string, findings: readonly Partial<AuditFinding>[]): Promise<void> => {
          const report = await verified({ kind: 'uid', uid: of });
          for (const each of findings)
            assert.ok(
              report.findings.some(
                ({ code, seq, chain }) => code === each.code && chain === `rr:${of}` && (each.seq ?? seq) === seq,
              ),
              JSON.stringify(report.findings),
            );
        };
        await found(uid, wanted);
        await found(second, other ?? []);
      });

    it('checkpoints that were removed with the tail, known from elsewhere', async () => {
      await remediated();
      const { rows } = await pool().query<SignedCheckpoint>('select body, signature from audit_checkpoints');
      for (const table of ['audit_checkpoints', 'audit_checkpoint_heads', 'audit_checkpoint_buckets'])
        await tamper(
          pool(),
          `delete from ${table} where checkpoint_no = (select max(checkpoint_no) from ${table})`,
          [],
        );
      const report = await verified({ kind: 'all' }, rows);
      assert.ok(report.findings.some(({ code }) => code === 'CHECKPOINT_GAP'));
    });
  });

  it('8.6: the signer may add checkpoints, read the ends of chains, and nothing else', async () => {
    await remediated();
    await asRole(pool(), 'kubernaut_signer', async (client) => {
      await client.query('select xmin, * from audit_chain_heads limit 1');
      for (const statement of [
        'select 1 from audit_events limit 1',
        `update audit_chain_heads set last_seq = 1`,
        'update audit_checkpoints set body = body',
        'delete from audit_checkpoints',
        'truncate audit_checkpoint_heads',
        'select 1 from remediations limit 1',
      ])
        await assert.rejects(client.query(statement), { code: '42501' }, statement);
    });
    for (const role of ['kubernaut_app', 'kubernaut_ds', 'kubernaut_reader'])
      await asRole(pool(), role, async (client) => {
        for (const table of ['audit_checkpoints', 'audit_checkpoint_heads', 'audit_checkpoint_buckets'])
          await assert.rejects(client.query(`insert into ${table} select * from ${table}`), { code: '42501' });
      });
    await assert.rejects(pool().query('update audit_checkpoints set body = body'), { code: '23514' });
    await assert.rejects(pool().query('truncate audit_checkpoint_buckets'), { code: '23514' });
  });
});

/** An event of another service. */
function foreignEvent(correlation: string): EventContent {
  const data = { event_type: 'gateway.signal.received' };
  const at = new Date().toISOString();
  return {
    event_id: randomUUID(),
    event_version: '1.0',
    event_timestamp: at.replace('Z', '000Z'),
    event_date: at.slice(0, 10),
    event_type: 'gateway.signal.received',
    event_category: 'gateway',
    event_action: 'received',
    event_outcome: 'success',
    correlation_id: correlation,
    retention_days: 2555,
    is_sensitive: false,
    step_ordinal: 0,
    event_data: data,
    event_data_sha256: payloadDigest(data),
  };
}

async function asRole(pool: pg.Pool, role: string, work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`set role ${role}`);
    await work(client);
  } finally {
    await client.query('reset role');
    client.release();
  }
}
