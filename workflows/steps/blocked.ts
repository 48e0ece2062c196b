import { cooldownServed, unblock } from '../../src/remediation/transitions/blocked.ts';
import { go } from './step.ts';
import type { Step } from './step.ts';

/** The block is over: back to where it came from, but a served cooldown after repeated failures ends it. */
export const blocked: Step<'Blocked'> = (r, _found, ports) => {
  const now = ports.now();
  const isCooldown = r.state.reason === 'ConsecutiveFailures';
  return Promise.resolve(isCooldown ? go(r, cooldownServed(r, now)) : go(r, unblock(r, now)));
};
