/** Everything a routing decision looks at: one value, read in one transaction. Same facts, same answer. */
import type { JsonObject } from '../json.ts';
import type { PastRemediation } from '../history.ts';
import { failuresInARow } from '../history.ts';
import type { BlockReason } from '../status.ts';
import type { Instant } from '../time.ts';
import { toRfc3339 } from '../time.ts';
import type { PastExecution } from './chain.ts';
import type { Asking, Intent, PresentBlock, RoutingQuestion } from './question.ts';

/** Whether the product may touch the target. What cannot be determined is not managed. */
export type ScopeVerdict = { readonly managed: true } | { readonly managed: false; readonly why: string };

/** Another remediation, as far as a decision names it. */
export interface Other {
  readonly uid: string;
  readonly name: string;
}

/** Who holds the target claim. */
export interface Holder extends Other {
  readonly executionName: string;
  readonly since: Instant;
}

/** An execution that the product did not make. */
export interface ForeignExecution {
  readonly name: string;
  readonly phase: string;
}

export interface RecentExecution {
  readonly name: string;
  readonly completedAt: Instant;
}

export interface RoutingFacts {
  readonly now: Instant;
  readonly random: number;
  readonly asking: Asking;
  readonly limits: RoutingQuestion['limits'];
  readonly lifted: readonly BlockReason[];
  readonly scope: ScopeVerdict;
  readonly signalTarget: string;
  readonly self: Other;
  readonly intent?: Intent;
  readonly present?: PresentBlock;
  readonly nextAllowedExecution?: Instant;
  /** Ends of the same signal that are senior, most recent first. */
  readonly earlier: readonly PastRemediation[];
  /** Who owns the fingerprint, or would be elected now. Absent for a signal without fingerprint. */
  readonly owner?: Other;
  /** The last owner, when it ended while this request was there already and nobody owns the fingerprint now. */
  readonly lastOwner?: Other;
  /** Who else holds the target. */
  readonly holder?: Holder;
  /** A live foreign execution on the target. */
  readonly foreign?: ForeignExecution;
  /** A more senior waiter whose turn it is. */
  readonly ahead?: Other;
  /** The last completed run of the same workflow on the target. */
  readonly recent?: RecentExecution;
  readonly preHash?: string;
  /** Earlier runs on the target in the window, the oldest first; absent when they cannot be read. */
  readonly chain?: readonly PastExecution[];
}

const given = (members: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

/** The facts as the trail keeps them: short, and enough to see why. */
export const told = (facts: RoutingFacts): JsonObject =>
  given({
    asked: facts.asking,
    scope: facts.scope.managed ? 'managed' : facts.scope.why,
    earlier_ends: facts.earlier.length,
    consecutive_failures: failuresInARow(facts.earlier),
    threshold: facts.limits.consecutiveFailureThreshold,
    owner: facts.owner?.name,
    last_owner: facts.lastOwner?.name,
    target: facts.intent?.target,
    holder: facts.holder?.name,
    holder_since: facts.holder === undefined ? undefined : toRfc3339(facts.holder.since),
    foreign_execution: facts.foreign?.name,
    ahead: facts.ahead?.name,
    recent_execution: facts.recent?.name,
    recent_completed_at: facts.recent === undefined ? undefined : toRfc3339(facts.recent.completedAt),
    next_allowed_execution:
      facts.nextAllowedExecution === undefined ? undefined : toRfc3339(facts.nextAllowedExecution),
    past_runs: facts.chain?.length,
    lifted: facts.lifted.length === 0 ? undefined : [...facts.lifted],
  });
