/** `npm run bench`: what a remediation costs and how fast it is, on real servers, as a table and as JSON. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import pg from 'pg';
import { applyManifests } from '../dev/servers/manifests.ts';
import { startStack, stopOnSignal } from '../dev/servers/stack.ts';
import { migrate } from '../src/postgres/migrate.ts';
import { openTemporal } from '../src/temporal/connection.ts';
import { registerSearchAttributes } from '../src/temporal/search-attributes.ts';
import { run } from './scenario.ts';
import type { Result, Scenario } from './scenario.ts';

const USAGE = `usage: npm run bench -- [options]
  --count N          requests one at a time (default 30)
  --burst N          requests at once (default 200)
  --path P           direct, approval or both (default both)
  --effects E        local, normal or both (default local)
  --arrival A        one, burst or both (default both)
  --dispatch N       Temporal's history.transferProcessorMaxPollRPS (default: the server's own)
  --out FILE         where the JSON goes (default .state/bench/result.json)
`;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '30' },
    burst: { type: 'string', default: '200' },
    path: { type: 'string', default: 'both' },
    effects: { type: 'string', default: 'local' },
    arrival: { type: 'string', default: 'both' },
    dispatch: { type: 'string' },
    out: { type: 'string', default: '.state/bench/result.json' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}

const either = <T extends string>(value: string, all: readonly T[]): readonly T[] =>
  value === 'both' ? all : all.filter((word) => word.startsWith(value));

const scenarios: readonly Scenario[] = either(values.arrival, ['one at a time', 'burst'] as const).flatMap((arrival) =>
  either(values.path, ['direct', 'approval'] as const).flatMap((path) =>
    either(values.effects, ['local', 'normal'] as const).map((effects) => ({
      path,
      effects,
      arrival,
      count: Number(arrival === 'burst' ? values.burst : values.count),
    })),
  ),
);

const stack = await startStack({
  stateFolder: '.state/bench',
  fsync: true,
  prepareCluster: (cluster) => applyManifests(cluster, 'deploy/crds'),
  ...(values.dispatch === undefined
    ? {}
    : { temporalDynamicConfig: { 'history.transferProcessorMaxPollRPS': Number(values.dispatch) } }),
});
stopOnSignal(() => stack.stop());
const results: Result[] = [];
try {
  const databaseUrl = await preparedDatabase();
  for (const scenario of scenarios) {
    process.stderr.write(
      `bench: ${scenario.arrival}, ${scenario.path}, ${scenario.effects} activities, ${String(scenario.count)} requests\n`,
    );
    results.push(await run(scenario, stack, databaseUrl));
  }
} finally {
  await stack.stop();
}
print(results);
mkdirSync(join(values.out, '..'), { recursive: true });
writeFileSync(values.out, `${JSON.stringify(results, undefined, 2)}\n`);
process.stdout.write(`As JSON: ${values.out}\n`);
process.exit(0);

async function preparedDatabase(): Promise<string> {
  const admin = new pg.Client({ connectionString: stack.postgresUrl });
  await admin.connect();
  await admin.query(`create database bench_${String(Date.now())}`);
  const { rows } = await admin.query<{ datname: string }>(
    `select datname from pg_database where datname like 'bench_%' order by oid desc limit 1`,
  );
  await admin.end();
  const url = new URL(stack.postgresUrl);
  url.pathname = `/${rows[0]?.datname ?? ''}`;
  await migrate(url.href);
  const temporal = openTemporal({ address: stack.temporalAddress, namespace: stack.temporalNamespace });
  await registerSearchAttributes(temporal);
  await temporal.close();
  return url.href;
}

function print(all: readonly Result[]): void {
  const figure = (value: number, digits = 0): string => value.toFixed(digits);
  const costs = new Table({
    head: [
      'scenario',
      'path',
      'effects',
      'n',
      'RR/s',
      'p50 ms',
      'p95',
      'p99',
      'status writes',
      'API requests',
      'transitions',
      'events',
    ],
    style: { head: [], border: [] },
  });
  for (const r of all)
    costs.push([
      r.arrival,
      r.path,
      r.effects,
      r.count,
      figure(r.perSecond, 1),
      ...[r.latencyMs.p50, r.latencyMs.p95, r.latencyMs.p99].map((ms) => figure(ms)),
      r.statusWrites,
      r.apiRequests,
      r.stateTransitions,
      r.historyEvents,
    ]);
  const processes = [...new Set(all.flatMap(({ usage }) => Object.keys(usage)))];
  const usage = new Table({ head: ['CPU ms a request / peak MiB', ...processes], style: { head: [], border: [] } });
  for (const r of all)
    usage.push([
      `${r.arrival}, ${r.path}, ${r.effects}`,
      ...processes.map((name) => {
        const used = r.usage[name];
        return used === undefined ? '' : `${figure(used.cpuSeconds * 1000)} / ${figure(used.peakMiB)}`;
      }),
    ]);
  process.stdout.write(`${costs.toString()}\n${usage.toString()}\n`);
}
