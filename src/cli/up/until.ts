/** Waiting: for servers that are away, for a signal, for the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError, fullMessage } from '../../errors.ts';
import type { ExitCode, Io } from '../command.ts';
import type { OwnServer } from './servers.ts';

/** Repeats what a server that is away makes fail, saying so once for each reason. */
export async function untilDone(
  server: string,
  io: Io,
  stopping: AbortSignal,
  work: () => Promise<unknown>,
): Promise<void> {
  let said = '';
  for (let wait = 250; ; wait = Math.min(wait * 2, 10_000)) {
    try {
      await work();
      return;
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      const reason = fullMessage(error);
      if (reason !== said) io.err(`Waiting for ${server}: ${reason}`);
      said = reason;
    }
    await sleep(wait, undefined, { signal: stopping });
  }
}

/** Aborted by the first SIGTERM or SIGINT; the second one ends the process at once. */
export function stopSignal(io: Io): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (stopping.signal.aborted) process.exit(1);
      io.out('Stopping; once more to stop at once.');
      stopping.abort();
    });
  return stopping.signal;
}

/** Resolves when stopping is asked for, with 0, or when one of the servers has ended by itself, with 1. */
export async function untilEnd(
  servers: readonly (OwnServer | undefined)[],
  stopping: AbortSignal,
  io: Io,
): Promise<ExitCode> {
  while (!stopping.aborted) {
    const ended = servers.find((server) => server?.isRunning() === false);
    if (ended !== undefined) {
      io.err(`${ended.name} has ended; its log is ${ended.logFile}`);
      return 1;
    }
    await sleep(300, undefined, { signal: stopping }).catch(() => undefined);
  }
  return 0;
}

const LONGEST_CLOSE_MS = 20_000;

/** The same promise, given up when it takes too long: a server that is gone must not keep the others running. */
export async function inTime(closing: Promise<void>): Promise<void> {
  const giveUp = new AbortController();
  const late = sleep(LONGEST_CLOSE_MS, undefined, { signal: giveUp.signal }).then(() => {
    throw new UnavailableError('TEMPORAL_UNAVAILABLE', 'Not everything could be stopped in time');
  });
  await Promise.race([closing, late]).finally(() => {
    giveUp.abort();
  });
}
