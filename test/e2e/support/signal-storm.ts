/** Many requests at once, and what the servers have recorded of it afterwards. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { auditedRequests } from '../../../dev/demo/audit-log.ts';
import { nextStatus } from '../../../dev/simulators/next-status.ts';
import { createProgram } from './program.ts';
import type { Program } from './program.ts';
import type { TestProduct } from './product.ts';

/** Requests that begin with this name; all alike unless `differ` says otherwise. */
export interface Storm {
  readonly name: string;
  readonly count: number;
  readonly differ?: 'fingerprint';
  readonly labels?: Readonly<Record<string, string>>;
  /** Target, instead of one named after the storm. */
  readonly target?: string;
  /** Where the target is; the managed namespace `shop` unless said otherwise. */
  readonly targetNamespace?: string;
}

/** A second watcher and a second worker beside the product's own. */
export function seconds(product: TestProduct): readonly [Program, Program] {
  const places = { ...product.places, folder: join(product.places.folder, 'second') };
  return [createProgram('watcher', places), createProgram('orchestrator', places)];
}

/** Creates requests number `from` to `to`, without the end, as fast as the API server takes them. */
export async function unleash(
  { client, servers }: TestProduct,
  { name, differ, labels = {}, target = name, targetNamespace = 'shop' }: Storm,
  from: number,
  to: number,
): Promise<void> {
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  const remaining = Array.from({ length: to - from }, (_, i) => from + i);
  const create = async (i: number): Promise<void> => {
    await client.create('RemediationRequest', servers.namespace, {
      metadata: { name: nameOf(name, i) },
      spec: {
        signalFingerprint: fingerprintOf(differ === 'fingerprint' ? `${name}${String(i)}` : name),
        signalName: 'PodsRestarting',
        severity: 'high',
        signalType: 'alert',
        signalSource: 'test',
        targetType: 'kubernetes',
        targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: target, namespace: targetNamespace },
        firingTime: now,
        receivedTime: now,
        signalLabels: { environment: 'staging', ...labels },
      },
    });
  };
  // As many at once as a busy API server answers in time.
  const sender = async (): Promise<void> => {
    for (let i = remaining.shift(); i !== undefined; i = remaining.shift()) await create(i);
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
}

const SENDERS = 20;

const nameOf = (storm: string, i: number): string => `${storm}-${String(i).padStart(4, '0')}`;

const fingerprintOf = (text: string): string => Buffer.from(text).toString('hex').padEnd(64, '0').slice(0, 64);

interface Ended {
  readonly phase: string;
  readonly outcome: string | null;
  readonly failure_phase: string | null;
  readonly count: number;
}

/** What is recorded of a storm: rows, claims, and the API server's own log. */
export interface StormRecord {
  readonly executions: number;
  readonly mostAtOnce: number;
  readonly ends: Readonly<Record<string, number>>;
  /** From the first creation to the last end. */
  readonly seconds: number;
  readonly statusWrites: number;
  readonly events: number;
  readonly deadlocks: number;
  /** As the status of the original tells it; 0 when there is none. */
  readonly duplicateCount: number;
}

/** Reads it, for requests whose names begin with the storm's. */
export async function recordOf({ pool, servers, sights }: TestProduct, { name }: Storm): Promise<StormRecord> {
  const like = `${name}-%`;
  const ends = await pool.query<Ended>(
    `select phase, outcome, failure_phase, count(*)::int from remediations where name like $1 group by 1, 2, 3`,
    [like],
  );
  const figures = await pool.query<{ seconds: number; events: number; deadlocks: number }>(
    `select extract(epoch from max(terminal_at) - min(registered_at))::float8 as seconds,
       (select count(*)::int from audit_events where correlation_id like $1) as events,
       (select deadlocks::int from pg_stat_database where datname = current_database()) as deadlocks
     from remediations where name like $1`,
    [like],
  );
  const requests = auditedRequests(servers.auditLog, servers.namespace);
  const made = requests.filter(
    ({ verb, objectRef, responseStatus }) =>
      verb === 'create' &&
      objectRef?.resource === 'workflowexecutions' &&
      responseStatus?.code === 201 &&
      (objectRef.name ?? '').startsWith(`we-${name}-`),
  );
  const named = await pool.query<{ count: number }>(
    `select count(*)::int from remediations where name like $1 and we_name is not null`,
    [like],
  );
  const row = figures.rows[0];
  return {
    executions: Math.max(made.length, named.rows[0]?.count ?? 0),
    mostAtOnce: await mostAtOnce(pool, like),
    ends: Object.fromEntries(ends.rows.map((end) => [wordOf(end), end.count])),
    seconds: row?.seconds ?? NaN,
    events: row?.events ?? NaN,
    deadlocks: row?.deadlocks ?? NaN,
    duplicateCount: Math.max(0, ...duplicateCounts(sights, name)),
    statusWrites: requests.filter(
      ({ verb, objectRef, responseStatus }) =>
        verb === 'patch' &&
        objectRef?.resource === 'remediationrequests' &&
        objectRef.subresource === 'status' &&
        responseStatus?.code === 200 &&
        objectRef.name?.startsWith(`${name}-`) === true,
    ).length,
  };
}

const duplicateCounts = (sights: TestProduct['sights'], name: string): readonly number[] =>
  sights
    .all('RemediationRequest')
    .filter(({ metadata }) => metadata.name.startsWith(`${name}-`))
    .map(({ status }) => (status?.['routingStatus'] as { duplicateCount?: number } | undefined)?.duplicateCount ?? 0);

const wordOf = ({ phase, outcome, failure_phase: failure }: Ended): string =>
  [phase, outcome ?? failure].filter((word) => word !== null).join('/');

/** How many target claims of the storm were held at one moment, at most. */
async function mostAtOnce(pool: TestProduct['pool'], like: string): Promise<number> {
  const { rows } = await pool.query<{ most: number }>(
    `with held as (
       select c.key, c.acquired_at, coalesce(c.released_at, 'infinity') as released_at
       from claims c join remediations r on r.uid = c.holder_uid where c.kind = 'target' and r.name like $1)
     select coalesce(max(n), 0)::int as most from (
       select count(*) as n from held a join held b
         on a.key = b.key and b.acquired_at <= a.acquired_at and b.released_at > a.acquired_at
       group by a.key, a.acquired_at) counted`,
    [like],
  );
  return rows[0]?.most ?? NaN;
}

/** Waits until every request of the storm has ended. */
export const untilOver = ({ sights }: TestProduct, { name, count }: Storm, timeoutMs: number): Promise<void> => {
  const open = () =>
    sights
      .all('RemediationRequest')
      .filter((each) => each.metadata.name.startsWith(`${name}-`) && each.status?.['completedAt'] !== undefined);
  return sights.until(
    () => `${String(count - open().length)} of ${String(count)} have not ended`,
    () => open().length === count,
    timeoutMs,
  );
};

/** Tokens of one key grow with time (R3), and no claim is left. */
export async function assertClaimsInOrder({ pool }: TestProduct): Promise<void> {
  const { rows } = await pool.query<{ wrong: number; left: number }>(
    `select count(*) filter (where token < before)::int as wrong, count(*) filter (where released_at is null)::int as left
     from (select token, released_at, lag(token) over (partition by kind, key order by acquired_at) as before from claims) c`,
  );
  assert.deepEqual(rows[0], { wrong: 0, left: 0 });
}

/** Lets the analysis that the storm's original is held in come to its end, once the original is known. */
export async function release({ client, servers, sights }: TestProduct, { name }: Storm): Promise<void> {
  const isHeld = ({ metadata }: { readonly metadata: { readonly name: string } }) =>
    metadata.name.startsWith(`ai-${name}-`);
  await sights.until(
    () => `${name} is analysed`,
    () => sights.all('AIAnalysis').some(isHeld),
  );
  for (const held of sights.all('AIAnalysis').filter(isHeld)) {
    const { metadata, spec = {}, status = {} } = held;
    const end = nextStatus({ kind: 'AIAnalysis', metadata, spec, status }, {}, Date.now(), true);
    await client.mergePatchStatus('AIAnalysis', servers.namespace, metadata.name, { status: end ?? {} });
  }
}

/** Waits until so many requests of the storm are blocked. */
export const untilBlocked = ({ sights }: TestProduct, { name }: Storm, count: number): Promise<void> => {
  const blocked = () =>
    sights
      .all('RemediationRequest')
      .filter(({ metadata }) => metadata.name.startsWith(`${name}-`) && sights.phaseOf(metadata.name) === 'Blocked');
  return sights.until(
    () => `${String(blocked().length)} of ${name} are blocked`,
    () => blocked().length >= count,
    150_000,
  );
};
