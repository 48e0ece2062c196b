/** One step for each live phase: a phase without a step does not compile. */
import type { LivePhase } from '../../src/remediation/phases.ts';
import { analyzing } from './analyzing.ts';
import { awaitingApproval } from './awaiting-approval.ts';
import { blocked } from './blocked.ts';
import { executing } from './executing.ts';
import { pending } from './pending.ts';
import { processing } from './processing.ts';
import type { Step } from './step.ts';
import { verifying } from './verifying.ts';

export const steps: { readonly [P in LivePhase]: Step<P> } = {
  Pending: pending,
  Processing: processing,
  Analyzing: analyzing,
  AwaitingApproval: awaitingApproval,
  Executing: executing,
  Verifying: verifying,
  Blocked: blocked,
};
