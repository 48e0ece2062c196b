/** What a look at a remediation may find: one word per finding, with the facts that the step needs. */
import type { LivePhase } from './phases.ts';
import type { KeptDecision, Lift, Plan } from './state.ts';
import type { Instant } from './time.ts';

/** Findings that end any wait, in whatever phase. */
export type Interruption =
  | { readonly found: 'deleted' }
  | { readonly found: 'cancelled' }
  | { readonly found: 'ended elsewhere'; readonly phase: 'Completed' | 'Failed' | 'TimedOut' | 'Skipped' }
  | { readonly found: 'blocked elsewhere' }
  | { readonly found: 'limits edited' }
  | { readonly found: 'invalid configuration'; readonly reasons: readonly string[] }
  | { readonly found: 'out of time'; readonly deadline: Instant };

/** What each phase may find beside an interruption. */
export interface Findings {
  readonly Pending: { readonly found: 'admissible' };
  readonly Processing:
    | { readonly found: 'processed' }
    | { readonly found: 'processing failed'; readonly error: string }
    | { readonly found: 'processing overdue'; readonly deadline: Instant };
  readonly Analyzing:
    | { readonly found: 'nothing to do' }
    | { readonly found: 'review needed' }
    | { readonly found: 'dry run' }
    | { readonly found: 'analysis failed'; readonly error: string; readonly needsHumanReview: boolean }
    | { readonly found: 'no target' }
    | { readonly found: 'unusable workflow'; readonly error: string }
    | { readonly found: 'approval needed'; readonly plan: Plan }
    | { readonly found: 'workflow chosen'; readonly plan: Plan }
    | { readonly found: 'analysis overdue'; readonly deadline: Instant };
  readonly AwaitingApproval:
    | { readonly found: 'approved'; readonly decision: KeptDecision }
    | { readonly found: 'rejected'; readonly decision: KeptDecision }
    | { readonly found: 'answered on the object' }
    | { readonly found: 'approval overdue'; readonly deadline: Instant };
  readonly Executing:
    | { readonly found: 'executed' }
    | { readonly found: 'execution failed'; readonly error: string; readonly wasExecutionFailure: boolean }
    | { readonly found: 'execution gone' }
    | { readonly found: 'execution overdue'; readonly deadline: Instant };
  readonly Verifying:
    | { readonly found: 'verified'; readonly verdict: 'Remediated' | 'Inconclusive' }
    | { readonly found: 'verification overdue'; readonly deadline: Instant };
  readonly Blocked:
    { readonly found: 'block over' } | { readonly found: 'woken' } | { readonly found: 'lifted'; readonly lift: Lift };
}

export type Found<P extends LivePhase = LivePhase> = { readonly [K in LivePhase]: Findings[K] }[P] | Interruption;
