/** What activities need of the process they run in. */
import type pg from 'pg';
import type { KubernetesClient } from '../src/kubernetes/client.ts';
import type { Logger } from '../src/logger.ts';
import type { Metrics } from '../src/metrics.ts';

export interface Deps {
  readonly pool: pg.Pool;
  readonly kubernetes: KubernetesClient;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Version of the program, recorded with every event. */
  readonly build: string;
  /** Days that audit events are to be kept. */
  readonly auditRetentionDays: number;
  /** Tells the workflow of this request to look again, if it still runs. */
  readonly wakeUp: (uid: string) => Promise<unknown>;
}
