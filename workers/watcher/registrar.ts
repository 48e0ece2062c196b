/** Enters requests into the ledger: in batches, in the order they were seen, each until it is there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { retryDelay } from '../../src/kubernetes/retry-delay.ts';
import type { Registration } from '../../src/remediation/commit.ts';
import type { ConnectionState } from './connection-state.ts';

export interface RegistrarOptions {
  readonly register: (batch: readonly Registration[]) => Promise<unknown>;
  readonly onRegistered: (registration: Registration) => void;
  readonly connection: ConnectionState;
  readonly batchSize?: number;
}

export interface Registrar {
  /** While a batch is on its way the next one gathers. */
  add(registration: Registration): void;
  /** Resolves when everything that was added before is registered. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** Empty at first. */
export function createRegistrar(options: RegistrarOptions): Registrar {
  const { batchSize = 500 } = options;
  const stopping = new AbortController();
  const queue: Registration[] = [];
  let running: Promise<void> | undefined;
  let failures = 0;

  const run = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue.slice(0, batchSize);
      try {
        await options.register(batch);
      } catch (error) {
        options.connection.failed(error);
        failures += 1;
        const stopped = await sleep(retryDelay(failures), false, { signal: stopping.signal }).catch(() => true);
        if (stopped) return;
        continue;
      }
      failures = 0;
      options.connection.succeeded();
      queue.splice(0, batch.length);
      for (const registration of batch) options.onRegistered(registration);
    }
    running = undefined;
  };

  return {
    add(registration) {
      queue.push(registration);
      // What else was read from the same chunk of the watch joins the batch.
      running ??= Promise.resolve().then(run);
    },
    settled: () => running ?? Promise.resolve(),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
