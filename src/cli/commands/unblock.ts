import { UsageError, command, requestOf, textOf } from '../command.ts';
import { json } from '../render.ts';
import { requestNamed } from '../requests.ts';
import { standingOf } from '../standing.ts';

/** Lifts a block, with who and why in the trail. The reason is not asked again for this request. */
export const unblock = command<{ readonly request: string; readonly reason: string }>({
  name: 'unblock',
  summary: 'lift the block of a remediation that waits for a time or a person',
  request: 'required',
  flags: [{ flags: '--reason <text>', description: 'why; recorded in the trail (required)' }],
  examples: ['rrctl unblock rr-1 --reason "the target was repaired by hand"'],
  parse: (request, options) => {
    const reason = textOf(options, 'reason');
    if (reason === undefined) throw new UsageError('--reason is missing: say why, for the trail');
    return { request: requestOf(request), reason };
  },
  run: async ({ request, reason }, io, dependencies) => {
    const { uid, phase, namespace } = standingOf(await requestNamed(request, dependencies));
    const by = await dependencies.cluster.whoAmI();
    const answer = await dependencies.workflows.unblock(uid, { by, reason });
    const name = `${namespace}/${request}`;
    switch (answer.kind) {
      case 'done': {
        const { lifted } = answer.result;
        io.out(io.json ? json({ request: name, lifted, by }) : `${name} goes on: ${by} has lifted ${lifted}.`);
        return 0;
      }
      case 'refused':
        io.err(`Refused (${answer.code}): ${answer.message}`);
        return 1;
      case 'no-workflow':
        io.err(`No workflow runs for ${name}, which is ${phase === '' ? 'not begun' : phase}: nothing can be lifted.`);
        return 1;
    }
  },
});
