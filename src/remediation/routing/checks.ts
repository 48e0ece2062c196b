/** The seven reasons not to go on, each a pure function of the facts, and the order they are asked in. */
import { backoff } from '../backoff.ts';
import { failuresInARow } from '../history.ts';
import type { BlockReason } from '../status.ts';
import { toRfc3339 } from '../time.ts';
import type { Instant } from '../time.ts';
import { ineffective } from './chain.ts';
import type { RoutingFacts } from './facts.ts';
import type { Asking, Block } from './question.ts';

/** The label that puts an object, or all objects of a namespace, into the product's hands. */
export const MANAGED = 'kubernaut.ai/managed=true';

type Check = (facts: RoutingFacts) => Block | undefined;

/** A status shows whole seconds, so a block ends with the second that its end lies in. */
const wholeSecond = (at: Instant): Instant => Math.ceil(at / 1000) * 1000;

const untilText = (until: Instant): string => toRfc3339(until);

function unmanaged({ scope, signalTarget, present, limits, random, now }: RoutingFacts): Block | undefined {
  if (scope.managed) return undefined;
  const retries = present?.reason === 'UnmanagedResource' ? present.retries + 1 : 0;
  const { base, max } = limits.scopeBackoff;
  const backoffMs = backoff({ base, max, maxExponent: Infinity }, Math.max(1, retries), random);
  const until = wholeSecond(now + backoffMs);
  const message = `${signalTarget} is not managed (${scope.why}): label it or its namespace ${MANAGED}; looked at again at ${untilText(until)}`;
  return { reason: 'UnmanagedResource', message, until, backoffMs, retries };
}

function consecutiveFailures({ earlier, limits, now }: RoutingFacts): Block | undefined {
  const failures = failuresInARow(earlier);
  if (failures < limits.consecutiveFailureThreshold) return undefined;
  const until = wholeSecond(now + limits.consecutiveFailureCooldown);
  const message = `${String(failures)} consecutive failures of this signal: nothing is tried again before ${untilText(until)}`;
  return {
    reason: 'ConsecutiveFailures',
    message,
    until,
    failures,
    backoffMs: limits.consecutiveFailureCooldown,
  };
}

function duplicate({ owner, lastOwner, self }: RoutingFacts): Block | undefined {
  if (lastOwner !== undefined) {
    const message = `Duplicate of RemediationRequest ${lastOwner.name}, which has just ended: this one ends as that one did`;
    const { name: duplicateOf, uid: waitingOn } = lastOwner;
    return { reason: 'DuplicateInProgress', message, duplicateOf, waitingOn, isOver: true };
  }
  if (owner === undefined || owner.uid === self.uid) return undefined;
  const message = `Duplicate of RemediationRequest ${owner.name}, which works on the same signal: this one ends as that one does`;
  return { reason: 'DuplicateInProgress', message, duplicateOf: owner.name, waitingOn: owner.uid };
}

function busy({ intent, holder, foreign, ahead, present }: RoutingFacts): Block | undefined {
  if (intent === undefined) return undefined;
  const waitingOn = intent.targetKey;
  const reason = 'ResourceBusy';
  if (holder !== undefined) {
    const { executionName: blockingExecution, name } = holder;
    const message = `WorkflowExecution ${blockingExecution} of RemediationRequest ${name} works on ${intent.target}: this one is asked again when it is over`;
    return { reason, message, blockingExecution, waitingOn };
  }
  if (foreign !== undefined) {
    const message = `WorkflowExecution ${foreign.name} works on ${intent.target}: this one is asked again when it is over`;
    return { reason, message, blockingExecution: foreign.name, waitingOn, isForeign: true };
  }
  if (ahead === undefined) return undefined;
  const message = `RemediationRequest ${ahead.name} waits longer for ${intent.target} and is asked first`;
  const known = present?.reason === reason ? present.blockingExecution : undefined;
  return { reason, message, waitingOn, ...(known === undefined ? {} : { blockingExecution: known }) };
}

function recentlyRemediated({ intent, recent, limits, now }: RoutingFacts): Block | undefined {
  if (intent === undefined || recent === undefined) return undefined;
  const until = wholeSecond(recent.completedAt + limits.recentlyRemediatedCooldown);
  if (recent.completedAt + limits.recentlyRemediatedCooldown <= now) return undefined;
  const message = `WorkflowExecution ${recent.name} ran the same workflow on ${intent.target} until ${toRfc3339(recent.completedAt)}: the next may run after ${untilText(until)}`;
  return { reason: 'RecentlyRemediated', message, until, blockingExecution: recent.name };
}

function ownBackoff({ nextAllowedExecution, now }: RoutingFacts): Block | undefined {
  if (nextAllowedExecution === undefined || nextAllowedExecution <= now) return undefined;
  const until = wholeSecond(nextAllowedExecution);
  const message = `The next attempt is allowed after ${untilText(until)}`;
  return { reason: 'ExponentialBackoff', message, until, backoffMs: nextAllowedExecution - now };
}

function ineffectiveChain({ preHash, chain, intent, limits, now }: RoutingFacts): Block | undefined {
  if (preHash === undefined || preHash === '' || chain === undefined || intent === undefined) return undefined;
  const why = ineffective(chain, preHash, limits, now);
  if (why === undefined) return undefined;
  const message = `Remediating ${intent.target} has no lasting effect: ${why}. A person must look; \`rrctl unblock\` lets it run`;
  return { reason: 'IneffectiveChain', message };
}

const CHECKS: { readonly [R in BlockReason]: Check } = {
  UnmanagedResource: unmanaged,
  ConsecutiveFailures: consecutiveFailures,
  DuplicateInProgress: duplicate,
  ResourceBusy: busy,
  RecentlyRemediated: recentlyRemediated,
  ExponentialBackoff: ownBackoff,
  IneffectiveChain: ineffectiveChain,
};

/** Which checks are asked when, in this order; the first that has something to say is the answer. */
export const ORDER: { readonly [A in Asking]: readonly BlockReason[] } = {
  'before analysis': ['UnmanagedResource', 'ConsecutiveFailures', 'DuplicateInProgress', 'ExponentialBackoff'],
  'after analysis': [
    'UnmanagedResource',
    'ConsecutiveFailures',
    'DuplicateInProgress',
    'ResourceBusy',
    'RecentlyRemediated',
    'ExponentialBackoff',
    'IneffectiveChain',
  ],
  'after approval': ['ResourceBusy'],
};

/** Why the remediation may not go on; undefined when it may. A reason that a person has lifted is not asked. */
export function blockOf(facts: RoutingFacts): Block | undefined {
  for (const reason of ORDER[facts.asking]) {
    const block = facts.lifted.includes(reason) ? undefined : CHECKS[reason](facts);
    if (block !== undefined) return block;
  }
  return undefined;
}

/** Whether a decision with this answer came as far as the question who owns the fingerprint. */
export function reachesOwner(asking: Asking, block: Block | undefined): boolean {
  const order = ORDER[asking];
  const at = order.indexOf('DuplicateInProgress');
  return at >= 0 && (block === undefined || order.indexOf(block.reason) >= at);
}
