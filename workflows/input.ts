/** What a remediation workflow is started with. */
import type { RemediationRequest } from '../src/remediation/request.ts';
import type { Settings } from '../src/remediation/settings.ts';
import type { RequestSnapshot } from '../src/remediation/snapshots.ts';

export interface RemediationInput {
  readonly request: RemediationRequest;
  readonly observed: RequestSnapshot;
  readonly settings: Settings;
  /** Which run this is for the ledger; above 1 when a lost run is replaced. */
  readonly generation: number;
  /** Try effects and commits as local activities first. */
  readonly localFirst: boolean;
}

export interface RemediationResult {
  readonly phase: string;
  readonly message: string;
}

/** Name of the workflow type and the task queue it is polled from by default. */
export const WORKFLOW_TYPE = 'remediation';

/** Name of the workflow type that keeps ended remediations in order and live ones going. */
export const KEEPER_TYPE = 'keeper';
