/**
 * How fast the trail is written, taken in over HTTP, checkpointed and verified. Starts a PostgreSQL of its own with fsync.
 * Usage: node --import tsx bench/audit.ts [--chains 100000] [--verify 1000000] [--writers 50] [--seconds 5]
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { startPostgres } from '../dev/servers/postgres.ts';
import { bundleWriter, FORMAT, readBundle } from '../src/audit/bundle.ts';
import { createVerifier } from '../src/audit/verifier.ts';
import { noAuthentication } from '../src/datastorage/auth.ts';
import { createStorageMetrics } from '../src/datastorage/metrics.ts';
import { buildServer } from '../src/datastorage/server.ts';
import { silentLogger } from '../src/logger.ts';
import { emptyChain, linked, payloadDigest } from '../src/postgres/chain.ts';
import { takeCheckpoint } from '../src/postgres/checkpoints/take.ts';
import { commitTransaction } from '../src/postgres/commit-transaction.ts';
import { eventId } from '../src/postgres/event-ids.ts';
import { migrate } from '../src/postgres/migrate.ts';
import { createPool } from '../src/postgres/pool.ts';
import { aCommit, anEvent, aRegistration, writer } from './commits.ts';

const { values } = parseArgs({
  options: {
    chains: { type: 'string', default: '100000' },
    verify: { type: 'string', default: '1000000' },
    writers: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '5' },
  },
});
const [chains, verified, writers, seconds] = [values.chains, values.verify, values.writers, values.seconds].map(
  Number,
) as [number, number, number, number];

const quantile = (sorted: readonly number[], q: number): number => sorted[Math.floor(sorted.length * q)] ?? 0;
const say = (what: string, figures: Readonly<Record<string, number | string>>): void => {
  const shown = Object.entries(figures).map(
    ([name, value]) => `${name} ${typeof value === 'number' ? String(Math.round(value * 10) / 10) : value}`,
  );
  console.log(`${what.padEnd(28)} ${shown.join(', ')}`);
};

const correlations = Array.from({ length: 20 }, () => `rr-${randomUUID()}`);
let made = 0;
const folder = mkdtempSync(join(tmpdir(), 'kubernaut-bench-'));
const postgres = await startPostgres({ folder, fsync: true });
try {
  console.log(
    `${cpus()[0]?.model ?? ''}, ${String(cpus().length)} cores, Node ${process.version}, PostgreSQL with fsync`,
  );
  await migrate(postgres.url);
  await commits();
  await ingest();
  await checkpoint();
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
await verification();

/** Transactions of three chained events, each by a writer with a remediation of its own. */
async function commits(): Promise<void> {
  const pool = createPool(postgres.url, { max: writers });
  const times: number[] = [];
  const until = Date.now() + seconds * 1000;
  const cpu = process.cpuUsage();
  await Promise.all(
    Array.from({ length: writers }, async () => {
      const of = aRegistration();
      for (let step = 1; Date.now() < until; step += 1) {
        const events = [0, 1, 2].map((n) =>
          anEvent(of, step, 'orchestrator.status.updated', { cause: 'RefRestored', n }),
        );
        const began = performance.now();
        await commitTransaction(pool, aCommit(of, step, 'Pending', events), writer);
        times.push(performance.now() - began);
      }
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  times.sort((a, b) => a - b);
  say(`commit, ${String(writers)} writers`, {
    'transactions/s': times.length / seconds,
    'p50 ms': quantile(times, 0.5),
    'p99 ms': quantile(times, 0.99),
    'client CPU ms each': (user + system) / 1000 / times.length,
  });
  await pool.end();
}

/** Batches of a hundred events over real HTTP. */
async function ingest(): Promise<void> {
  const pool = createPool(postgres.url, { max: 25 });
  const app = await buildServer({
    pool,
    metrics: createStorageMetrics({ processFigures: false }),
    readiness: () => Promise.resolve({ accepts: true, degraded: [] }),
    authenticate: noAuthentication,
    log: silentLogger,
    version: 'bench',
    maxBodySize: 5 * 1024 * 1024,
    maxBatchSize: 1000,
    corsAllowedOrigins: [],
    keys: new Map(),
    now: Date.now,
  });
  const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/api/v1/audit/events/batch`;
  const times: number[] = [];
  let failed = 0;
  const until = Date.now() + seconds * 1000;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (Date.now() < until) {
        const body = JSON.stringify(Array.from({ length: 100 }, foreignEvent));
        const began = performance.now();
        const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
        await answer.arrayBuffer();
        if (answer.status === 201) times.push(performance.now() - began);
        else failed += 1;
      }
    }),
  );
  times.sort((a, b) => a - b);
  say('HTTP batches of 100', {
    'events/s': (times.length * 100) / seconds,
    'p50 ms': quantile(times, 0.5),
    'p99 ms': quantile(times, 0.99),
    failed,
  });
  await app.close();
  await pool.end();
}

function foreignEvent(): object {
  made += 1;
  return {
    version: '1.0',
    event_type: 'gateway.signal.received',
    event_timestamp: new Date().toISOString().replace('Z', `${String(made % 1000).padStart(3, '0')}Z`),
    event_category: 'gateway',
    event_action: 'received',
    event_outcome: 'success',
    correlation_id: correlations[made % correlations.length],
    event_data: { event_type: 'gateway.signal.received', signal_name: 'HighMemory', namespace: 'payments', n: made },
  };
}

/** All chains changed at once. */
async function checkpoint(): Promise<void> {
  const pool = createPool(postgres.url, { max: 2 });
  await pool.query(
    `insert into audit_chain_heads (chain_id, correlation_id, last_seq, last_hash)
     select 'c:bench-' || n, 'bench-' || n, 1, encode(sha256(n::text::bytea), 'hex') from generate_series(1, $1::int) n`,
    [chains],
  );
  const key = generateKeyPairSync('ed25519').privateKey;
  const timed = async (): Promise<number> => {
    const began = performance.now();
    await takeCheckpoint(pool, { key, heartbeatMs: 0 });
    return performance.now() - began;
  };
  const all = await timed();
  await pool.query(
    `update audit_chain_heads set last_seq = 2 where chain_id in (select chain_id from audit_chain_heads limit 1000)`,
  );
  const some = await timed();
  say('checkpoint', { [`${String(chains)} changed chains ms`]: all, [`1000 of them changed ms`]: some });
  await pool.end();
}

/** A bundle in memory, of chains of ten events. */
async function verification(): Promise<void> {
  const portions: Buffer[] = [];
  const file = bundleWriter();
  let text = file.text({
    kind: 'header',
    format: FORMAT,
    created_at: '',
    scope: { kind: 'all' },
    product_version: 'bench',
  });
  for (let n = 0; n < verified / 10; n += 1) {
    const uid = randomUUID();
    const rows = linked(
      `rr:${uid}`,
      emptyChain(`rr:${uid}`),
      Array.from({ length: 10 }, (_, i) => content(uid, i + 1)),
    );
    const last = rows.at(-1);
    text += file.text({
      kind: 'chain',
      chain_id: `rr:${uid}`,
      rr_uid: uid,
      head: { seq: 10, hash: last?.event_hash ?? '' },
    });
    for (const row of rows) text += file.text({ kind: 'event', event: { ...row, recorded_at: '' } });
    if (text.length > 1 << 20) {
      portions.push(Buffer.from(text));
      text = '';
    }
  }
  portions.push(Buffer.from(text + file.footer()));
  const bytes = portions.reduce((sum, portion) => sum + portion.length, 0);
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  const verifier = createVerifier({ keys: new Map() });
  for await (const lines of readBundle(portions)) for (const line of lines) verifier.take(line);
  const report = verifier.report();
  const { user, system } = process.cpuUsage(cpu);
  say('offline verification', {
    events: report.events,
    intact: String(report.intact),
    MB: bytes / 1e6,
    's elapsed': (performance.now() - began) / 1000,
    's CPU': (user + system) / 1e6,
  });
}

function content(uid: string, step: number) {
  const type = 'orchestrator.lifecycle.transitioned';
  const data = {
    event_type: type,
    from_phase: 'Pending',
    namespace: 'kubernaut-system',
    rr_name: 'rr-a',
    rr_uid: uid,
    status_delta: {
      conditions: { Ready: { message: 'in Processing', reason: 'Processing', status: 'False' } },
      overallPhase: 'Processing',
    },
    step_no: step,
    to_phase: 'Processing',
    transition_reason: 'SignalProcessingCreated',
  };
  return {
    event_id: eventId(uid, step, type, 0),
    event_version: '1.0',
    event_timestamp: '2026-11-23T10:00:00.123000Z',
    event_date: '2026-11-23',
    event_type: type,
    event_category: 'orchestration',
    event_action: 'transitioned',
    event_outcome: 'success',
    actor_type: 'service',
    actor_id: 'remediationorchestrator-controller',
    resource_type: 'RemediationRequest',
    resource_id: 'rr-a',
    resource_name: 'rr-a',
    correlation_id: 'rr-a',
    namespace: 'kubernaut-system',
    severity: 'info',
    retention_days: 2555,
    is_sensitive: false,
    event_data: data,
    event_metadata: { run_id: 'r', worker_build: 'b', workflow_id: 'w' },
    rr_uid: uid,
    step_no: step,
    step_ordinal: 0,
    event_data_sha256: payloadDigest(data),
  };
}
