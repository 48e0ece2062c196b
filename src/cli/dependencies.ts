/** Binds what commands may ask to real servers. Each client is made when it is first used. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Temporal } from '../temporal/connection.ts';
import { InvalidRequestError, UnavailableError } from '../errors.ts';
import { createKubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { sideEventId } from '../postgres/event-ids.ts';
import { remediationOf } from '../postgres/ledger.ts';
import { allRemediations } from '../postgres/remediations.ts';
import { migrate } from '../postgres/migrate.ts';
import { createPool } from '../postgres/pool.ts';
import { recordSideEvent, trailOf } from '../postgres/trail.ts';
import { routingStanding } from '../postgres/routing/standing.ts';
import { verifyTrail } from '../postgres/verify.ts';
import { workflowId } from '../remediation/names.ts';
import { VERSION } from '../version.ts';
import { auditDesk } from './audit-desk.ts';
import { whoAmI } from './identity.ts';
import { postgresOf } from './places.ts';
import type { Places } from './places.ts';
import type { Cluster, Dependencies, RefusedAttempt, Store, Workflows } from './ports.ts';
import { refusalEvent } from './refusal.ts';

/** Dependencies, and what closes whatever was opened. */
export interface Opened {
  readonly dependencies: Dependencies;
  close(): Promise<void>;
}

/** What dependencies are made from. */
export interface Means {
  readonly places: () => Places;
  readonly up: Dependencies['up'];
  readonly now: () => number;
}

/** The real dependencies of a command. */
export function openDependencies({ places, up, now }: Means): Opened {
  const closing: (() => Promise<void>)[] = [];
  const found = once(places);
  const kubernetes = once(() => {
    const client = createKubernetesClient({ kubeconfig: found().kubeconfig, context: found().context });
    closing.push(() => {
      client.close();
      return Promise.resolve();
    });
    return client;
  });
  const temporal = once(async () => {
    // Most commands do without it, and it takes its time to load.
    const { openTemporal } = await import('../temporal/connection.ts');
    const opened = openTemporal({ ...found().temporal, identity: `rrctl@${String(process.pid)}` });
    closing.push(() => opened.close());
    return opened;
  });
  const pool = once(() => {
    const opened = createPool(postgresOf(found()).url, { max: 2 });
    closing.push(() => opened.end());
    return opened;
  });
  const dependencies: Dependencies = {
    namespace: () => found().namespace ?? contextNamespace(kubernetes) ?? 'default',
    cluster: clusterOf(kubernetes, found),
    store: storeOf(pool, found, now),
    workflows: workflowsOf(temporal, found),
    audit: auditDesk(pool),
    up,
  };
  return {
    dependencies,
    close: async () => {
      await Promise.allSettled(closing.map((each) => each()));
    },
  };
}

/** Commands that need no cluster must work without one. */
function contextNamespace(kubernetes: () => KubernetesClient): string | undefined {
  try {
    return kubernetes().contextNamespace;
  } catch (error) {
    if (error instanceof InvalidRequestError) return undefined;
    throw error;
  }
}

type Pool = ReturnType<typeof createPool>;

function clusterOf(client: () => KubernetesClient, places: () => Places): Cluster {
  return {
    get: async (kind, namespace, name) => await client().get(kind, namespace, name),
    list: async (kind, namespace) => (await client().list(kind, namespace)).items,
    whoAmI: () => whoAmI({ kubeconfig: places().kubeconfig, context: places().context }),
  };
}

function storeOf(pool: () => Pool, places: () => Places, now: () => number): Store {
  const asking = async <T>(ask: (pool: Pool) => Promise<T>): Promise<T> => {
    try {
      return await ask(pool());
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      const subject = `PostgreSQL at ${postgresOf(places()).shown}`;
      const message = error.message.replace(/^PostgreSQL/, subject).replace(/\.$/, '');
      throw new UnavailableError('POSTGRES_UNAVAILABLE', message, { cause: error.cause });
    }
  };
  return {
    get address() {
      return postgresOf(places()).shown;
    },
    remediation: (key) => asking((opened) => remediationOf(opened, key)),
    remediations: (namespace) => asking((opened) => allRemediations(opened, namespace)),
    trail: (uid) => asking((opened) => trailOf(opened, { uid })),
    routing: (uid) => asking((opened) => routingStanding(opened, uid)),
    verify: (uid) => asking((opened) => verifyTrail(opened, uid)),
    recordRefusal: (attempt) => asking((opened) => recordRefusal(opened, attempt, now())),
    migrate: () => asking(() => migrate(postgresOf(places()).url)),
  };
}

async function recordRefusal(pool: Pool, attempt: RefusedAttempt, at: number): Promise<void> {
  const { request, approval, updateId, code } = attempt;
  const event = refusalEvent(attempt, await trailOf(pool, { uid: request.uid }), at);
  if (event === undefined) return;
  const id = sideEventId(approval.uid === '' ? request.uid : approval.uid, `${updateId}/${code}`);
  const writer = { workerBuild: VERSION, workflowId: workflowId(request.uid), runId: '' };
  await recordSideEvent(pool, { id, subject: request, event, at }, writer);
}

function workflowsOf(temporal: () => Promise<Temporal>, places: () => Places): Workflows {
  const starter = () => import('../temporal/starter.ts');
  return {
    view: async (uid) => (await starter()).queryView(await temporal(), uid),
    decide: async (uid, updateId, decision) => {
      const { requestDecision } = await starter();
      const server = await temporal();
      return insisting(() => requestDecision(server, uid, decision, updateId));
    },
    cancel: async (uid, cancel) => {
      const { requestCancel } = await starter();
      const server = await temporal();
      return insisting(() => requestCancel(server, uid, cancel, `cancel-${uid}-${cancel.by}`));
    },
    unblock: async (uid, request) => {
      const { requestUnblock } = await starter();
      const server = await temporal();
      return insisting(() => requestUnblock(server, uid, request, `unblock-${uid}-${String(Date.now())}`));
    },
    prepare: async () => {
      const { ensureNamespace } = await import('../temporal/connection.ts');
      const { registerSearchAttributes } = await import('../temporal/search-attributes.ts');
      await ensureNamespace(await temporal());
      await registerSearchAttributes(await temporal());
    },
    uiLink: (uid) => {
      const { temporalUi, temporal: server } = places();
      return temporalUi === undefined
        ? undefined
        : `${temporalUi}/namespaces/${encodeURIComponent(server.namespace)}/workflows/${workflowId(uid)}`;
    },
  };
}

const TRIES = 5;
/** gRPC's number for it. */
const FAILED_PRECONDITION = 9;

/** Temporal forgets an update when the task that took it has to be done again; asked again under its id, it is the same update. */
async function insisting<T>(ask: () => Promise<T>): Promise<T> {
  const { grpcCode } = await import('../temporal/connection.ts');
  for (let left = TRIES; ; left -= 1) {
    try {
      return await ask();
    } catch (error) {
      if (left === 1 || grpcCode(error) !== FAILED_PRECONDITION) throw error;
      await sleep(500);
    }
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
