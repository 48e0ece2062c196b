/** What the keeper's activities need beside what all activities need. */
import type { Settings } from '../../src/remediation/settings.ts';
import type { RemediationInput } from '../../workflows/input.ts';
import type { Deps } from '../deps.ts';

/** What the keeper asks of Temporal. */
export interface Runs {
  /** Which of these workflows run, as far as the server's list knows; it may be some seconds old. */
  openAmong(workflowIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Whether the workflow of this request runs at this moment; undefined when the server knows none. */
  isRunning(uid: string): Promise<boolean | undefined>;
  /** Starts the workflow unless it runs or has run. */
  ensure(input: RemediationInput): Promise<'started' | 'running' | 'closed'>;
  /** Starts a new run, whatever was there before; a run that still runs has been shut out of the ledger and is ended. */
  replace(input: RemediationInput): Promise<void>;
}

export interface KeeperDeps extends Deps {
  /** Whose requests are kept. */
  readonly namespace: string;
  readonly settings: Settings;
  readonly localFirst: boolean;
  readonly runs: Runs;
  /** Time between two wake-ups of the same waiter. */
  readonly sweepMs: number;
  /** A registered request may be without a first step for so long. */
  readonly beginMs: number;
  /** Time between two comparisons of all live rows with the workflows that run. */
  readonly compareMs: number;
}
