/**
 * What an outage of PostgreSQL does to the trail: remediations step on all the time, the server is away for a while,
 * every step is repeated until it is recorded, as workers do. Usage: node --import tsx bench/audit-outage.ts [seconds ...]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '../dev/servers/postgres.ts';
import { createVerifier } from '../src/audit/verifier.ts';
import { bundleLines } from '../src/postgres/checkpoints/bundle-lines.ts';
import { commitTransaction } from '../src/postgres/commit-transaction.ts';
import { migrate } from '../src/postgres/migrate.ts';
import { createPool, withTransaction } from '../src/postgres/pool.ts';
import { verifyTrail } from '../src/postgres/verify.ts';
import { aRegistration, directPath, writer } from './commits.ts';

const AROUND_MS = 5000;

console.log('seconds  remediations  expected  found  doubled  findings  repeats  back to work after s');
for (const seconds of process.argv.slice(2).map(Number)) await outage(seconds);

async function outage(seconds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kubernaut-outage-'));
  let postgres = await startPostgres({ folder });
  await migrate(postgres.url);
  const pool = createPool(postgres.url, { max: 10 });
  let [isOver, repeats, expected]: [boolean, number, number] = [false, 0, 0];
  const uids: string[] = [];
  const lag: number[] = [];
  let backAt = Infinity;
  const stream = async (): Promise<void> => {
    while (!isOver) {
      const of = aRegistration();
      uids.push(of.uid);
      for (const step of directPath(of)) {
        expected += step.events.length;
        for (let wait = 100; ; wait = Math.min(wait * 2, 2000)) {
          try {
            await commitTransaction(pool, step, writer);
            if (Date.now() > backAt && lag.length === 0) lag.push(Date.now() - backAt);
            break;
          } catch {
            repeats += 1;
            await sleep(wait);
          }
        }
      }
      await sleep(50);
    }
  };
  const streams = Array.from({ length: 20 }, stream);
  await sleep(AROUND_MS);
  await postgres.stop();
  await sleep(seconds * 1000);
  postgres = await startPostgres({ folder, port: postgres.port });
  backAt = Date.now();
  await sleep(AROUND_MS);
  isOver = true;
  await Promise.all(streams);
  const counted = `select count(*)::int as found, (count(*) - count(distinct event_id))::int as doubled from audit_events`;
  const { rows } = await pool.query<{ found: number; doubled: number }>(counted);
  const report = await withTransaction(pool, async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    const verifier = createVerifier({ keys: new Map() });
    for await (const line of bundleLines(client, { selection: { kind: 'all' }, version: 'bench' })) verifier.take(line);
    return verifier.report();
  });
  let faulty = report.findings.length;
  for (const uid of uids.slice(-200)) faulty += (await verifyTrail(pool, uid)).findings.length;
  const { found = 0, doubled = 0 } = rows[0] ?? {};
  const figures = [seconds, uids.length, expected, found, doubled, faulty, repeats, ((lag[0] ?? 0) / 1000).toFixed(1)];
  console.log(figures.map(String).join('  '));
  await pool.end();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
