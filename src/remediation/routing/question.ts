/** What a remediation asks of routing, and what it may hear. */
import type { Registration } from '../commit.ts';
import type { Waiter } from '../commit.ts';
import type { JsonObject } from '../json.ts';
import type { ResourceTarget } from '../request.ts';
import type { RoutingLimits, Settings } from '../settings.ts';
import type { BlockReason } from '../status.ts';
import type { Instant } from '../time.ts';

/** When routing is asked: which checks apply follows from it. */
export type Asking = 'before analysis' | 'after analysis' | 'after approval';

/** What will run on what, should routing admit it. */
export interface Intent {
  /** The key under which executions on the target exclude each other. */
  readonly targetKey: string;
  readonly target: string;
  readonly workflowId: string;
  readonly cluster: string;
  readonly resource: ResourceTarget;
}

/** One question. Asked again with the same step and number it gets the same answer. */
export interface RoutingQuestion {
  readonly request: Registration;
  readonly generation: number;
  /** The step that the answer is for, and the number of the question within it. */
  readonly step: number;
  readonly ask: number;
  readonly asking: Asking;
  readonly at: Instant;
  readonly random: number;
  readonly signalTarget: ResourceTarget;
  readonly intent?: Intent;
  readonly preHash?: string;
  /** The request's own: not before this instant. */
  readonly nextAllowedExecution?: Instant;
  /** Reasons that a person has lifted. */
  readonly lifted: readonly BlockReason[];
  /** The block that it is in. */
  readonly present?: PresentBlock;
  readonly limits: RoutingLimits & Pick<Settings, 'consecutiveFailureThreshold' | 'retentionPeriod'>;
}

export interface PresentBlock {
  readonly reason: BlockReason | undefined;
  readonly blockingExecution?: string;
  /** How often the target was found not to be managed. */
  readonly retries: number;
}

/** Why it may not go on, told so that status, trail and people need nothing else. */
export interface Block {
  readonly reason: BlockReason;
  /** One sentence: why, because of whom, until when. */
  readonly message: string;
  readonly until?: Instant;
  /** Name of the request that it is a duplicate of. */
  readonly duplicateOf?: string;
  readonly blockingExecution?: string;
  /** Uid of the request, or key of the target, whose release ends the wait. */
  readonly waitingOn?: string;
  /** What it waits for has ended already: it need not wait to be woken. */
  readonly isOver?: boolean;
  /** Whether an execution blocks that is not the product's own. */
  readonly isForeign?: boolean;
  readonly failures?: number;
  readonly backoffMs?: number;
  readonly retries?: number;
}

/** Which check answered and what it saw; goes into the trail as it is. */
export interface DecisionRecord {
  readonly check: string;
  readonly inputs: JsonObject;
}

export type RoutingAnswer =
  | {
      readonly answer: 'admitted';
      /** Fencing token of the target claim; present when there is a target to claim. */
      readonly token?: number;
      readonly decision?: DecisionRecord;
      /** Who has to ask now because this remediation left the queue. */
      readonly waiters?: readonly Waiter[];
    }
  | {
      readonly answer: 'blocked';
      readonly block: Block;
      readonly decision: DecisionRecord;
      readonly waiters?: readonly Waiter[];
    }
  /** The ledger row has ended, or another run carries it: nothing may be done any more. */
  | { readonly answer: 'over' };

/** Who is asked about: the request that a duplicate waits for, by uid, or by name when somebody else named it. */
export interface OriginalQuestion {
  readonly request: Registration;
  readonly uid?: string;
  readonly name: string;
}

/** How the original of a duplicate stands. */
export type OriginalAnswer =
  | { readonly original: 'live' }
  | {
      readonly original: 'ended';
      readonly name: string;
      readonly uid: string;
      readonly phase: string;
      readonly outcome?: string;
      readonly failureReason?: string;
      readonly wasDeleted: boolean;
    }
  /** No such request was ever registered. */
  | { readonly original: 'unknown' };
