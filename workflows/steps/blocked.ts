import { registration } from '../../src/remediation/registration.ts';
import type { Block } from '../../src/remediation/routing/question.ts';
import type { RowFrom } from '../../src/remediation/phases.ts';
import type { RemediationIn } from '../../src/remediation/state.ts';
import { toRfc3339 } from '../../src/remediation/time.ts';
import { blockAgain } from '../../src/remediation/transitions/block.ts';
import { cooldownServed, inheritCompleted, inheritFailed, unblock } from '../../src/remediation/transitions/blocked.ts';
import type { Ports } from '../ports.ts';
import { askingOf, route, wokenIfOver } from './routing.ts';
import { again, go } from './step.ts';
import type { Step, Taken } from './step.ts';

type In = RemediationIn<'Blocked'>;
type Way = Taken<RowFrom<'Blocked'>>;

/** The block may be over: asks, and goes back to where it came from, ends as its original did, or stays. */
export const blocked: Step<'Blocked'> = async (before, found, ports) => {
  const { isWoken: _, lift, ...rest } = before;
  const r: In = rest;
  switch (found.found) {
    case 'lifted': {
      const { reason } = r.state;
      const lifted = reason === undefined ? (r.lifted ?? []) : [...(r.lifted ?? []), reason];
      return go({ ...r, lifted }, unblock(r, { wake: 'operator', lift: found.lift }, ports.now()));
    }
    case 'block over':
      if (r.state.reason === 'ConsecutiveFailures') return go(r, cooldownServed(r, ports.now()));
      return askAgain(kept(r, lift), 'expiry', ports);
    case 'woken':
      return r.state.reason === 'DuplicateInProgress'
        ? inherit(kept(r, lift), ports)
        : askAgain(kept(r, lift), 'signal', ports);
  }
};

/** A wish to lift the block that came too early stays known. */
const kept = (r: In, lift: In['lift']): In => (lift === undefined ? r : { ...r, lift });

async function inherit(r: In, ports: Ports): Promise<Way> {
  const { original } = r.state;
  const name = r.status.routingStatus?.duplicateOf;
  if (original === undefined && !name) return go(r, unblock(r, { wake: 'signal' }, ports.now()));
  const answer = await ports.readOriginal({
    request: registration(r),
    name: name ?? '',
    ...(original === undefined ? {} : { uid: original }),
  });
  switch (answer.original) {
    case 'live':
      return again(r);
    case 'unknown':
      return go(r, inheritFailed(r, undefined, ports.now()));
    case 'ended':
      return answer.phase === 'Completed'
        ? go(r, inheritCompleted(r, answer, ports.now()))
        : go(r, inheritFailed(r, answer, ports.now()));
  }
}

async function askAgain(r: In, wake: 'signal' | 'expiry', ports: Ports): Promise<Way> {
  const { origin, plan, reason } = r.state;
  // Somebody else blocked it, or before it had a plan: where it came from, it is asked everything anyway.
  if (reason === undefined || (origin === 'Analyzing' && plan === undefined))
    return go(r, unblock(r, { wake }, ports.now()));
  const asking = origin === 'Pending' ? 'before analysis' : askingOf(r);
  const routed = await route(r, asking, plan, ports);
  if (routed.isAdmitted) return go(r, unblock(r, { wake }, ports.now()));
  return isSame(r, routed.blocking.block)
    ? again(r)
    : go(wokenIfOver(r, routed.blocking), blockAgain(r, routed.blocking));
}

/** Whether the status says all of this already. */
function isSame({ status: { routingStatus } }: In, { reason, until, duplicateOf, blockingExecution }: Block): boolean {
  return (
    reason !== 'UnmanagedResource' &&
    routingStatus?.blockReason === reason &&
    routingStatus.duplicateOf === duplicateOf &&
    routingStatus.blockingWorkflowExecution === blockingExecution &&
    routingStatus.blockedUntil === (until === undefined ? undefined : toRfc3339(until))
  );
}
