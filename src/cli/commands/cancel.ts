import { UsageError, command, requestOf, textOf } from '../command.ts';
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
    const { uid, phase, ended, namespace } = standingOf(await requestNamed(request, dependencies));
    const by = await dependencies.cluster.whoAmI();
    const answer = await dependencies.workflows.cancel(uid, { by, reason });
    const name = `${namespace}/${request}`;
    switch (answer.kind) {
      case 'done':
        io.out(
          io.json ? json({ request: name, cancelled: true, by, ...answer.result }) : `${name} is cancelled by ${by}.`,
        );
        return 0;
      case 'refused':
        io.err(`Refused (${answer.code}): ${answer.message}`);
        return 1;
      case 'no-workflow':
        io.err(
          ended
            ? `Refused (not_pending): ${name} has ended already: it is ${phase}.`
            : `No workflow runs for ${name}, so nothing can be cancelled: is the watcher running?`,
        );
        return 1;
    }
  },
});
