import { UsageError, command, requestOf, textOf } from '../command.ts';
import type { ExitCode } from '../command.ts';
import { json } from '../render.ts';
import { requestNamed } from '../requests.ts';
import { standingOf } from '../standing.ts';

/** Ends a remediation before its time, with who and why in the trail. */
export const cancel = command<{ readonly request: string; readonly reason: string }>({
  name: 'cancel',
  summary: 'cancel a remediation that has not ended, and close what it has started',
  request: 'required',
  flags: [{ flags: '--reason <text>', description: 'why; recorded in the trail (required)' }],
  examples: ['rrctl cancel rr-1 --reason "maintenance window"'],
  parse: (request, options) => {
    const reason = textOf(options, 'reason');
    if (reason === undefined) throw new UsageError('--reason is missing: say why, for the trail');
    return { request: requestOf(request), reason };
  },
  run: async ({ request, reason }, io, dependencies) => {
    const before = standingOf(await requestNamed(request, dependencies));
    const by = await dependencies.cluster.whoAmI();
    const answer = await dependencies.workflows.cancel(before.uid, { by, reason });
    const name = `${before.namespace}/${request}`;
    const done = (phase: string): ExitCode => {
      io.out(io.json ? json({ request: name, cancelled: true, by, phase }) : `${name} is cancelled by ${by}.`);
      return 0;
    };
    const refused = (code: string, message: string): ExitCode => {
      io.err(`Refused (${code}): ${message}`);
      return 1;
    };
    if (answer.kind === 'done') return done(answer.result.phase);
    if (answer.kind === 'refused') return refused(answer.code, answer.message);
    const { ended, phase, message } = standingOf(await requestNamed(request, dependencies));
    // The answer of a workflow that ended over it may be lost, but not the end.
    if (!before.ended && phase === 'Cancelled' && message.endsWith(reason)) return done(phase);
    if (ended) return refused('not_pending', `${name} has ended already: it is ${phase}`);
    io.err(`No workflow runs for ${name}, so nothing can be cancelled: is the watcher running?`);
    return 1;
  },
});
