/** News that no workflow takes: noted in the ledger, and the keeper is rung for. */
import type pg from 'pg';
import type { Logger } from '../../src/logger.ts';
import { noteHint } from '../../src/postgres/keeper/hints.ts';
import type { Temporal } from '../../src/temporal/connection.ts';
import { keeperBell } from '../../src/temporal/schedule.ts';

export interface Hints {
  readonly hint: (uid: string, mayWait?: boolean) => Promise<void>;
  readonly stop: () => void;
}

const WAIT_MS = 1000;

/** What is noted is served even when the bell is not heard: by the next pass. */
export function createHints(pool: pg.Pool, temporal: Temporal, taskQueue: string, log: Logger): Hints {
  const bell = keeperBell(temporal, taskQueue, (err) => {
    log.debug('Ringing for the keeper failed, the next pass serves the hint', { err });
  });
  return {
    hint: async (uid, mayWait = false) => {
      if ((await noteHint(pool, uid)) === 'noted') bell.ring(mayWait ? WAIT_MS : 0);
    },
    stop: bell.stop,
  };
}
