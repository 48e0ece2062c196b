/** What the watcher works with, and what it offers. */
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import type { Logger } from '../../src/logger.ts';
import type { Metrics } from '../../src/metrics.ts';
import type { Registration } from '../../src/remediation/commit.ts';
import type { Settings } from '../../src/remediation/settings.ts';
import type { Snapshot } from '../../src/remediation/snapshots.ts';
import type { RemediationInput } from '../../workflows/input.ts';
import type { ExecutionsOptions } from './executions.ts';
import type { Ensured } from './start-queue.ts';

/** The two things the watcher asks of Temporal. */
export interface Workflows {
  ensure(input: RemediationInput): Promise<Ensured>;
  send(uid: string, snapshots: readonly Snapshot[]): Promise<'sent' | 'no-workflow'>;
}

export interface WatcherOptions {
  readonly client: Pick<KubernetesClient, 'pages' | 'watch'>;
  readonly workflows: Workflows;
  /** Enters requests into the ledger; those that are there stay as they are. */
  readonly register: (batch: readonly Registration[]) => Promise<unknown>;
  /** Notes that a request without a running workflow was seen to change; what may wait may wait for a second. */
  readonly hint?: (uid: string, mayWait: boolean) => Promise<unknown>;
  /** Enters executions that the product did not make; answers who waits for a target that is free now. */
  readonly noteExecutions?: ExecutionsOptions['note'];
  readonly namespace: string;
  readonly settings: Settings;
  readonly localFirst: boolean;
  readonly log: Logger;
  readonly metrics?: Pick<Metrics, 'watchEventSeen' | 'registered' | 'sweepHit'>;
  /** Longest time between two full lists; 10 min. */
  readonly relistMs?: number;
  /** Time between two sweeps; 30 s. */
  readonly sweepMs?: number;
  /** News younger than this are left alone by the sweep; 10 s. */
  readonly sweepAgeMs?: number;
  /** Longest life of one watch request; 55 s. */
  readonly watchSeconds?: number;
  /** Workflow starts a second; 100. */
  readonly startsPerSecond?: number;
}

export interface Watcher {
  /** Whether everything was listed and registered once, so that news and starts flow. */
  synced(): boolean;
  /** `ok` or a reason for each thing the watcher depends on: kubernetes, postgres, temporal. */
  readiness(): { readonly kubernetes: string; readonly postgres: string; readonly temporal: string };
  /** Ends what is under way and starts nothing any more. */
  stop(): Promise<void>;
}
