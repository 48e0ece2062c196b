/** Enters executions that the product did not make into the ledger, and wakes who waits for their targets. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../../src/kubernetes/client.ts';
import type { Change } from '../../src/kubernetes/picture.ts';
import { retryDelay } from '../../src/kubernetes/retry-delay.ts';
import type { Logger } from '../../src/logger.ts';
import type { SeenExecution } from '../../src/postgres/routing/executions.ts';
import type { Waiter } from '../../src/remediation/commit.ts';
import { jsonObject, text } from '../../src/remediation/readers.ts';
import { TARGET_CLAIM_ANNOTATION } from '../../src/remediation/names.ts';
import { keyOf } from '../../src/remediation/routing/target.ts';
import type { SeenChild } from './state.ts';

export interface ExecutionsOptions {
  /** Enters the foreign ones among them; answers who waits for a target that is free now. */
  readonly note: (seen: readonly SeenExecution[]) => Promise<{ readonly waiters: readonly Waiter[] }>;
  readonly wake: (uid: string) => Promise<unknown>;
  /** Whether the request of this uid has a workflow, which looks after its own execution. */
  readonly isLive: (uid: string) => boolean;
  readonly log: Logger;
}

export interface Executions {
  /** Keeps what the ledger wants to know of an execution for as long as the watcher keeps the execution. */
  remember(seen: SeenChild, object: KubernetesObject): void;
  take(change: Change<SeenChild>): void;
  /** All executions have been listed; resolves when everything seen until here is entered. */
  listed(): Promise<void>;
  stop(): Promise<void>;
}

const BATCH = 200;

/** Knows nothing at first. Before the first list is entered, executions of the product are looked at too: a ledger may have been lost. */
export function createExecutions({ note, wake, isLive, log }: ExecutionsOptions): Executions {
  const known = new WeakMap<SeenChild, SeenExecution & { readonly isMarked: boolean }>();
  const stopping = new AbortController();
  const queue = new Map<string, SeenExecution>();
  let running: Promise<void> | undefined;
  let isListed = false;

  const run = async (): Promise<void> => {
    for (let failures = 0; queue.size > 0 && !stopping.signal.aborted;) {
      const batch = [...queue.values()].slice(0, BATCH);
      try {
        const { waiters } = await note(batch);
        failures = 0;
        for (const seen of batch) if (queue.get(seen.uid) === seen) queue.delete(seen.uid);
        for (const { uid } of waiters)
          await wake(uid).catch((err: unknown) => {
            log.debug('Waking failed, a sweep will do it', { rr_uid: uid, err });
          });
      } catch (err) {
        failures += 1;
        if (failures === 1) log.warn('Entering foreign executions fails, retrying', { err });
        await sleep(retryDelay(failures), undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
    running = undefined;
  };

  return {
    remember(seen, object) {
      known.set(seen, seenExecution(object));
    },
    take({ type, object }) {
      const seen = known.get(object);
      if (seen === undefined) return;
      const { isMarked, ...execution } = seen;
      const isOurs = isMarked && execution.ownerUid !== undefined && isLive(execution.ownerUid);
      if (isOurs && isListed) return;
      queue.set(execution.uid, type === 'deleted' ? { ...execution, isGone: true } : execution);
      running ??= Promise.resolve().then(run);
    },
    async listed() {
      isListed = true;
      await running;
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

function seenExecution({ metadata, spec, status }: KubernetesObject): SeenExecution & { readonly isMarked: boolean } {
  const { uid, name, namespace = '', resourceVersion, ownerReferences, annotations } = metadata;
  const cluster = text(spec?.['clusterID']) ?? '';
  const workflowId = text(jsonObject(spec?.['workflowRef'])?.['workflowId']);
  const ownerUid = ownerReferences?.find(({ controller }) => controller === true)?.uid;
  const completedAt = text(status?.['completionTime']);
  const deduplicatedBy = text(status?.['deduplicatedBy']);
  return {
    uid,
    namespace,
    name,
    targetKey: keyOf(cluster, namespace, text(spec?.['targetResource']) ?? ''),
    phase: text(status?.['phase']) ?? '',
    resourceVersion,
    isGone: false,
    isMarked: annotations?.[TARGET_CLAIM_ANNOTATION] !== undefined,
    ...(workflowId === undefined ? {} : { workflowId }),
    ...(ownerUid === undefined ? {} : { ownerUid }),
    ...(completedAt === undefined ? {} : { completedAt }),
    ...(deduplicatedBy === undefined ? {} : { deduplicatedBy }),
  };
}
