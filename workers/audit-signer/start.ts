/** Takes checkpoints again and again, and takes them out of the house. */
import { createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type pg from 'pg';
import { keyIdOf } from '../../src/audit/checkpoint.ts';
import { InvalidRequestError, fullMessage } from '../../src/errors.ts';
import type { Logger } from '../../src/logger.ts';
import { exportCheckpoints } from '../../src/postgres/checkpoints/export.ts';
import type { Sink } from '../../src/postgres/checkpoints/export.ts';
import { takeCheckpoint } from '../../src/postgres/checkpoints/take.ts';
import { weaknesses } from '../../src/postgres/self-test.ts';

export interface SignerOptions {
  readonly pool: pg.Pool;
  readonly key: KeyObject;
  readonly previousKey?: KeyObject | undefined;
  readonly intervalMs: number;
  readonly heartbeatMs: number;
  readonly sinks: readonly Sink[];
  readonly allowWeakRoles: boolean;
  readonly registry: Registry;
  readonly log: Logger;
}

export interface Signer {
  /** `ok` while checkpoints are up to date, else why they are not. */
  readonly state: () => string;
  readonly stop: () => Promise<void>;
}

const OVERDUE_MS = 5 * 60_000;

/** The Ed25519 key in a PKCS#8 file. */
export function signingKey(file: string): KeyObject {
  try {
    const key = createPrivateKey(readFileSync(file));
    keyIdOf(key);
    return key;
  } catch (error) {
    const message = `${file} holds no Ed25519 key in PKCS#8: make one with openssl genpkey -algorithm ed25519`;
    throw new InvalidRequestError('INVALID_CONFIG', message, { cause: error });
  }
}

/** Starts signing; goes on whatever fails. */
export function startSigner(options: SignerOptions): Signer {
  const { pool, key, log, registry } = options;
  const prefix = 'kubernaut_remediationorchestrator_';
  const registers = [registry];
  const number = new Gauge({ name: `${prefix}checkpoint_number`, help: 'The newest checkpoint', registers });
  const failures = new Counter({
    name: `${prefix}checkpoint_export_failures_total`,
    help: 'Exports of checkpoints that failed',
    labelNames: ['sink'],
    registers,
  });
  let [lastAt, fault, isTested, isFull]: [number, string, boolean, boolean] = [Date.now(), 'starting', false, true];
  new Gauge({
    name: `${prefix}checkpoint_age_seconds`,
    help: 'Time since chains were last known to be under a checkpoint',
    registers,
    collect() {
      this.set((Date.now() - lastAt) / 1000);
    },
  });
  const stopping = new AbortController();
  log.info('Signing', { key_id: keyIdOf(key) });

  const signOnce = async (): Promise<void> => {
    if (!isTested && !options.allowWeakRoles) {
      const weak = await weaknesses(pool);
      if (weak.length > 0)
        throw new InvalidRequestError(
          'FORBIDDEN',
          `The database role is too strong to be trusted with a signature: ${weak.slice(0, 3).join('; ')}`,
        );
      isTested = true;
    }
    const { previousKey, heartbeatMs } = options;
    const taken = await takeCheckpoint(pool, { key, previousKey, heartbeatMs, full: isFull });
    isFull = false;
    lastAt = Date.now();
    fault = '';
    if (taken !== undefined) number.set(taken.statement.checkpoint_no);
    for (const sink of await exportCheckpoints(pool, options.sinks, log)) failures.inc({ sink });
  };
  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await signOnce();
      } catch (error) {
        const reason = fullMessage(error);
        if (reason !== fault) log.warn('Signing is not possible', { reason });
        fault = reason;
      }
      const wait = fault === '' ? options.intervalMs : Math.min(options.intervalMs, 5000);
      await sleep(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const working = work();
  return {
    state: () => {
      if (fault !== '') return fault;
      return Date.now() - lastAt < Math.max(OVERDUE_MS, 2 * options.intervalMs)
        ? 'ok'
        : 'the last checkpoint is overdue';
    },
    stop: async () => {
      stopping.abort();
      await working;
    },
  };
}
