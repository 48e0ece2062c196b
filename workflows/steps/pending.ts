import { signalProcessing } from '../../src/remediation/orders.ts';
import { startProcessing } from '../../src/remediation/transitions/pending.ts';
import { ensure } from './effects.ts';
import { go } from './step.ts';
import type { Step } from './step.ts';

/** Asks routing, then makes the SignalProcessing. */
export const pending: Step<'Pending'> = async (r, _found, ports) => {
  await ports.route({ request: r.request, asking: 'before analysis' });
  const now = ports.now();
  const made = await ensure('SignalProcessing', r, signalProcessing(r, now), ports);
  return made.made ? go(made.remediation, startProcessing(made.remediation, made.ensured, now)) : made.taken;
};
