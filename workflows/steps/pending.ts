import { signalProcessing } from '../../src/remediation/orders.ts';
import { startProcessing } from '../../src/remediation/transitions/pending.ts';
import { enterBlock } from '../../src/remediation/transitions/block.ts';
import { ensure } from './effects.ts';
import { route, wokenIfOver } from './routing.ts';
import { go } from './step.ts';
import type { Step } from './step.ts';

/** Asks routing, then makes the SignalProcessing. */
export const pending: Step<'Pending'> = async (r, _found, ports) => {
  const routed = await route(r, 'before analysis', undefined, ports);
  const now = ports.now();
  if (!routed.isAdmitted) return go(wokenIfOver(r, routed.blocking), enterBlock('L04', r, routed.blocking, {}, now));
  const made = await ensure('SignalProcessing', r, signalProcessing(r, now), ports);
  return made.made ? go(made.remediation, startProcessing(made.remediation, made.ensured, now)) : made.taken;
};
