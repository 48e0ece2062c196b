import { UsageError, command, textOf } from '../../command.ts';
import type { Options } from '../../command.ts';
import { json, plain, table } from '../../render.ts';

const correlationOf = (options: Options): string => {
  const id = textOf(options, 'correlation');
  if (id === undefined) throw new UsageError('--correlation is missing: the id whose events are meant');
  return id;
};
const reasonOf = (options: Options): string => {
  const reason = textOf(options, 'reason');
  if (reason === undefined) throw new UsageError('--reason is missing');
  return reason;
};
const FLAGS = [
  { flags: '--correlation <id>', description: 'the correlation id' },
  { flags: '--reason <text>', description: 'why' },
] as const;

interface Input {
  readonly correlationId: string;
  readonly reason: string;
}
const parse = (_: string | undefined, options: Options): Input => ({
  correlationId: correlationOf(options),
  reason: reasonOf(options),
});

/** Keeps events from being purged until the hold is released. */
export const placeAuditHold = command<Input>({
  name: 'audit hold-place',
  summary: 'hold everything under a correlation id: it is not purged until the hold is released',
  flags: FLAGS,
  parse,
  run: async (input, io, { audit, cluster }) => {
    const placed = await audit.hold({ ...input, by: await cluster.whoAmI() });
    if (placed === undefined) {
      io.err(`There are no events under ${plain(input.correlationId)}.`);
      return 1;
    }
    io.out(io.json ? json(placed) : `Held: ${String(placed.events)} events, by ${plain(placed.hold.placed_by)}`);
    return 0;
  },
});

/** Ends a hold. */
export const releaseAuditHold = command<Input>({
  name: 'audit hold-release',
  summary: 'release the hold of a correlation id',
  flags: FLAGS,
  parse,
  run: async (input, io, { audit, cluster }) => {
    const released = await audit.release({ ...input, by: await cluster.whoAmI() });
    if (released === undefined) {
      io.err(`There is no hold of ${plain(input.correlationId)}.`);
      return 1;
    }
    io.out(io.json ? json(released) : `Released: ${String(released.events)} events`);
    return 0;
  },
});

/** Every active hold. */
export const listAuditHolds = command<undefined>({
  name: 'audit hold-list',
  summary: 'list the holds that have not been released',
  parse: () => undefined,
  run: async (_, io, { audit }) => {
    const holds = await audit.holds();
    if (io.json) io.out(json(holds));
    else
      io.out(
        table(
          ['CORRELATION', 'BY', 'SINCE', 'REASON'],
          holds.map((hold) => [
            plain(hold.correlation_id),
            plain(hold.placed_by),
            hold.placed_at.toISOString(),
            plain(hold.reason, 60),
          ]),
        ),
      );
    return 0;
  },
});
