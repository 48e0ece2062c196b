/** `npx tsx bench/routing.ts`: how long a routing decision takes with a full ledger and many deciding at once. */
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import pg from 'pg';
import { startStack, stopOnSignal } from '../dev/servers/stack.ts';
import { register } from '../src/postgres/ledger.ts';
import { migrate } from '../src/postgres/migrate.ts';
import { createPool } from '../src/postgres/pool.ts';
import { decideRouting } from '../src/postgres/routing/decision.ts';
import type { Registration } from '../src/remediation/commit.ts';
import { keyOf } from '../src/remediation/routing/target.ts';
import type { RoutingQuestion } from '../src/remediation/routing/question.ts';
import { spread } from './figures.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000' },
    deciding: { type: 'string', default: '50' },
    rounds: { type: 'string', default: '40' },
    pool: { type: 'string', default: '10' },
    /** An empty PostgreSQL to use instead of one of its own. */
    postgres: { type: 'string' },
  },
});
const [rows, deciding, rounds] = [Number(values.rows), Number(values.deciding), Number(values.rounds)];

const LIMITS: RoutingQuestion['limits'] = {
  consecutiveFailureThreshold: 3,
  retentionPeriod: 86_400_000,
  consecutiveFailureCooldown: 3_600_000,
  recentlyRemediatedCooldown: 300_000,
  scopeBackoff: { base: 5_000, max: 300_000 },
  ineffectiveChainThreshold: 3,
  recurrenceCountThreshold: 5,
  ineffectiveTimeWindow: 14_400_000,
  forwardChainThreshold: 2,
  forwardChainWindow: 3_600_000,
};

const stack =
  values.postgres === undefined ? await startStack({ stateFolder: '.state/bench-routing', fsync: true }) : undefined;
if (stack !== undefined) stopOnSignal(() => stack.stop());
const url = await database(values.postgres ?? stack?.postgresUrl ?? '');
await migrate(url);
const pool = createPool(url, { max: Number(values.pool) });
try {
  const all = Array.from({ length: rows }, (_, i) => request(i));
  for (let i = 0; i < rows; i += 500) await register(pool, all.slice(i, i + 500));
  await pool.query('analyze');
  const result = {
    'before analysis, other signals': await measured((i) => question(all[i] ?? request(i), false)),
    'before analysis, one signal': await measured((i) =>
      question({ ...(all[i] ?? request(i)), fingerprint: 'one' }, false),
    ),
    'after analysis, other targets': await measured((i) => question(all[i] ?? request(i), true)),
    'after analysis, one target': await measured((i) => question(all[i] ?? request(i), true, 'shop/Deployment/one')),
  };
  const table = new Table({
    head: ['question', 'n', 'decisions/s', 'p50 ms', 'p95', 'p99', 'max'],
    style: { head: [], border: [] },
  });
  for (const [name, { perSecond, ms }] of Object.entries(result))
    table.push([
      name,
      rounds * deciding,
      perSecond.toFixed(0),
      ...[ms.p50, ms.p95, ms.p99, ms.max].map((each) => each.toFixed(1)),
    ]);
  process.stdout.write(
    `${String(rows)} rows, ${String(deciding)} deciding at once, ${values.pool} connections\n${table.toString()}\n`,
  );
} finally {
  await pool.end();
  await stack?.stop();
}
process.exit(0);

/** Each of those who decide asks one question after the other. */
async function measured(ask: (i: number) => RoutingQuestion) {
  const times: number[] = [];
  const began = performance.now();
  await Promise.all(
    Array.from({ length: deciding }, async (_, who) => {
      for (let round = 0; round < rounds; round += 1) {
        const asked = ask(who * rounds + round);
        const started = performance.now();
        await decideRouting(pool, asked, { scope: { managed: true }, now: Date.now(), over: [], running: [] });
        times.push(performance.now() - started);
      }
    }),
  );
  return { ms: spread(times), perSecond: (1000 * times.length) / (performance.now() - began) };
}

function request(i: number): Registration {
  const uid = randomUUID();
  return {
    namespace: 'kubernaut-system',
    name: `rr-${String(i)}`,
    uid,
    fingerprint: `signal-${String(i % (rows / 2))}`,
    targetNamespace: 'shop',
    createdAt: Date.now() - i,
    workflowId: `rr-${uid}`,
    phase: '',
  };
}

function question(of: Registration, isAnalysed: boolean, target = `shop/Deployment/${of.name}`): RoutingQuestion {
  return {
    request: of,
    generation: 1,
    step: isAnalysed ? 4 : 2,
    ask: Math.floor(Math.random() * 1e9),
    asking: isAnalysed ? 'after analysis' : 'before analysis',
    at: Date.now(),
    random: 0.5,
    signalTarget: { kind: 'Deployment', name: of.name, namespace: 'shop' },
    lifted: [],
    limits: LIMITS,
    ...(isAnalysed
      ? {
          preHash: 'sha256:0',
          intent: {
            targetKey: keyOf('', of.namespace, target),
            target,
            workflowId: 'restart',
            cluster: '',
            resource: { kind: 'Deployment', name: of.name, namespace: 'shop' },
          },
        }
      : {}),
  };
}

async function database(admin: string): Promise<string> {
  const name = `routing_${String(Date.now())}`;
  const client = new pg.Client({ connectionString: admin });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  const address = new URL(admin);
  address.pathname = `/${name}`;
  return address.href;
}
