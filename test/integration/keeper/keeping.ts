/** The keeper's duties on a real database and a real API server, without Temporal around them. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { after, before } from 'mocha';
import type pg from 'pg';
import type { DutyReport, KeeperActivities } from '../../../activities/keeper/contract.ts';
import type { KeeperDeps } from '../../../activities/keeper/deps.ts';
import { createKeeperActivities } from '../../../activities/keeper/index.ts';
import { createKubernetesClient } from '../../../src/kubernetes/client.ts';
import type { KubernetesClient, KubernetesObject } from '../../../src/kubernetes/client.ts';
import { silentLogger } from '../../../src/logger.ts';
import { createMetrics } from '../../../src/metrics.ts';
import type { Metrics } from '../../../src/metrics.ts';
import { commitTransaction } from '../../../src/postgres/commit-transaction.ts';
import { register } from '../../../src/postgres/ledger.ts';
import { createPool } from '../../../src/postgres/pool.ts';
import { trailOf } from '../../../src/postgres/trail.ts';
import type { Commit, Registration } from '../../../src/remediation/commit.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import type { TerminalPhase } from '../../../src/remediation/phases.ts';
import { toRegistration } from '../../../src/remediation/projections.ts';
import { toStart } from '../../../src/temporal/start-input.ts';
import type { RemediationInput } from '../../../workflows/input.ts';
import { aSettings, HOUR } from '../../builders/request.ts';
import { customObjectsIn } from '../../fixtures/custom-objects.ts';
import type { CustomObjects } from '../../fixtures/custom-objects.ts';
import { useServers } from '../../support/servers.ts';
import type { TestServers } from '../../support/servers.ts';
import { aRequestNamed } from '../kubernetes/objects.ts';
import { begin, move, writer } from '../../unit/postgres/commits.ts';

/** What was asked of Temporal. */
export interface Asked {
  readonly woken: string[];
  readonly started: RemediationInput[];
  readonly replaced: RemediationInput[];
}

export interface Keeping {
  readonly pool: pg.Pool;
  readonly client: KubernetesClient;
  /** Writes as somebody who is not the product. */
  readonly others: CustomObjects;
  readonly namespace: string;
  readonly metrics: Metrics;
  readonly asked: Asked;
  /** Does one duty, as a worker would. */
  readonly keep: (duty: Exclude<keyof KeeperActivities, 'notePass'>) => Promise<DutyReport>;
  /** The same by somebody else, who has a mind of their own. */
  readonly another: (changes?: Partial<KeeperDeps>) => Keeping['keep'];
}

export const RETENTION = 24 * HOUR;

/** Gives the suite a database, a namespace and a keeper. */
export function useKeeping(): () => Keeping {
  let keeping: Keeping | undefined;
  // Before the servers' own hook, which removes the database.
  after(async () => {
    keeping?.client.close();
    await keeping?.pool.end();
  });
  const servers = useServers();
  before(() => {
    keeping = open(servers());
  });
  return () => {
    if (keeping === undefined) throw new Error('The keeper can be used in hooks and tests only.');
    return keeping;
  };
}

function open({ namespace, kubeconfigFile, kubeConfig, databaseUrl }: TestServers): Keeping {
  const pool = createPool(databaseUrl);
  const client = createKubernetesClient({ kubeconfig: kubeconfigFile });
  const metrics = createMetrics({ version: 'test', commit: '', processFigures: false });
  const asked: Asked = { woken: [], started: [], replaced: [] };
  const deps: KeeperDeps = {
    pool,
    kubernetes: client,
    metrics,
    log: silentLogger,
    build: 'test',
    auditRetentionDays: 2555,
    wakeUp: (uid) => Promise.resolve(asked.woken.push(uid)),
    namespace,
    settings: aSettings({ retentionPeriod: RETENTION }),
    localFirst: true,
    runs: {
      openAmong: () => Promise.resolve(new Set<string>()),
      isRunning: () => Promise.resolve(undefined),
      ensure: (input) => {
        asked.started.push(input);
        return Promise.resolve('started');
      },
      replace: (input) => {
        asked.replaced.push(input);
        return Promise.resolve();
      },
    },
    sweepMs: 0,
    beginMs: 0,
    compareMs: 0,
  };
  const another = (changes: Partial<KeeperDeps> = {}): Keeping['keep'] => {
    const activities = createKeeperActivities({ ...deps, ...changes });
    return (duty) =>
      new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(() => activities[duty]());
  };
  const others = customObjectsIn(kubeConfig, namespace);
  return { pool, client, others, namespace, metrics, asked, keep: another(), another };
}

const REASONS = {
  Completed: 'External',
  Failed: 'External',
  TimedOut: 'External',
  Cancelled: 'Cancelled',
  Skipped: 'External',
} as const;

export interface EndedOptions {
  readonly phase?: TerminalPhase;
  /** Time to go, by the status and by the trail. */
  readonly expiry?: string;
  /** More of the status. */
  readonly status?: JsonObject;
  readonly memory?: JsonObject;
}

/** A request in the cluster, and how the ledger would get to know it. */
export async function aRequestInCluster({ client, namespace }: Keeping, name: string, spec: JsonObject = {}) {
  return registrationOf(await client.create('RemediationRequest', namespace, aRequestNamed(name, spec)));
}

/** How the ledger gets to know the object. */
export function registrationOf(object: KubernetesObject): Registration {
  const seen = toStart(object);
  if (seen === undefined) throw new Error('the object has no identity');
  return toRegistration(seen.request, seen.observed);
}

/** A request that steps of ours have brought to its end, with its trail and its status. */
export async function anEndedRequest(
  keeping: Keeping,
  name: string,
  options: EndedOptions = {},
): Promise<Registration> {
  const { pool, client, namespace } = keeping;
  const { phase = 'Cancelled', expiry, status = {}, memory } = options;
  const of = await aRequestInCluster(keeping, name);
  await commitTransaction(pool, begin(of), writer);
  const end = move(of, 2, 'Pending', phase, REASONS[phase]);
  const told = expiry === undefined ? {} : { retentionExpiryTime: expiry };
  const committed = await commitTransaction(
    pool,
    { ...withDelta(end, told), ...(memory === undefined ? {} : { memory }) },
    writer,
  );
  if (committed.kind !== 'committed') throw new Error(`the end is ${committed.kind}`);
  const { conditions, ...fold } = committed.fold;
  const list = Object.entries(conditions as JsonObject).map(([type, each]) => ({ type, ...(each as JsonObject) }));
  await client.mergePatchStatus('RemediationRequest', namespace, name, {
    status: { ...fold, conditions: list, completedAt: new Date().toISOString().replace(/\.\d+Z/, 'Z') },
  });
  if (Object.keys(status).length > 0) await client.mergePatchStatus('RemediationRequest', namespace, name, { status });
  return of;
}

/** The commit whose event changes more of the status. */
const withDelta = (commit: Commit, more: JsonObject): Commit => ({
  ...commit,
  events: commit.events.map((event) => {
    const delta = event.data['status_delta'];
    return delta === undefined
      ? event
      : { ...event, data: { ...event.data, status_delta: { ...(delta as JsonObject), ...more } } };
  }),
});

/** A request that somebody else has ended before the product came. */
export async function aFoundRequest(keeping: Keeping, name: string, status: JsonObject): Promise<Registration> {
  const { pool, client, namespace, others } = keeping;
  await client.create('RemediationRequest', namespace, aRequestNamed(name));
  await others.patchStatus('RemediationRequest', name, status);
  const object = await look(keeping, name);
  if (object === undefined) throw new Error(`${name} is gone`);
  const of = registrationOf(object);
  await register(pool, [of]);
  return of;
}

/** What the trail says, event by event: type, action and cause. */
export const toldOf = async ({ pool }: Keeping, { uid }: Registration): Promise<readonly string[]> =>
  (await trailOf(pool, { uid })).map(({ event_type: type, event_action: action, event_data: data }) =>
    [type.replace('orchestrator.', ''), action, ...(typeof data['cause'] === 'string' ? [data['cause']] : [])].join(
      ' ',
    ),
  );

/** The object as it stands. */
export const look = ({ client, namespace }: Keeping, name: string): Promise<KubernetesObject | undefined> =>
  client.get('RemediationRequest', namespace, name);
