/** One of the product's processes, to be started, killed and started again. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProgram, untilProgramIsReady } from '../../../dev/demo/product.ts';
import type { ProductPlaces, ProductProcess, ProgramName } from '../../../dev/demo/product.ts';
import { eventually } from '../../support/eventually.ts';

/** What /readyz says of one check. */
export interface Check {
  readonly check: string;
  readonly ok: boolean;
  readonly reason?: string;
}

export interface Program {
  readonly name: ProgramName;
  start(): Promise<void>;
  untilReady(): Promise<void>;
  /** Ends it as a crash does: no handler runs. */
  kill(): Promise<void>;
  /** Ends it as a supervisor does. */
  stop(): Promise<void>;
  isRunning(): boolean;
  /** The status code of a path of its health server. */
  answerOf(path: '/healthz' | '/readyz'): Promise<number>;
  checks(): Promise<readonly Check[]>;
  /** Everything it has written, by all its lives. */
  log(): string;
}

/** A program that does not run yet. */
export function createProgram(name: ProgramName, places: ProductPlaces): Program {
  let running: ProductProcess | undefined;
  const present = (): ProductProcess => {
    if (running === undefined) throw new Error(`The ${name} was not started.`);
    return running;
  };
  return {
    name,
    async start() {
      running = await startProgram(name, places);
    },
    untilReady: () => untilProgramIsReady(present()),
    async kill() {
      const killed = present();
      killed.signal('SIGKILL');
      await eventually(() => {
        if (killed.isRunning()) throw new Error(`The ${name} is still running.`);
      });
    },
    async stop() {
      await running?.stop();
    },
    isRunning: () => running?.isRunning() === true,
    answerOf: async (path) => (await fetch(`${present().healthUrl}${path}`)).status,
    checks: async () => (await (await fetch(`${present().healthUrl}/readyz`)).json()) as readonly Check[],
    log: () => readFileSync(join(places.folder, `${name}.log`), 'utf8'),
  };
}
