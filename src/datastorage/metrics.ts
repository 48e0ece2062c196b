/** Every metric of the DataStorage service, under the names of upstream's where it has one. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export type StorageMetrics = ReturnType<typeof createStorageMetrics>;

/** The metrics of one service, in a registry of their own. */
export function createStorageMetrics({ processFigures }: { readonly processFigures: boolean }) {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: `datastorage_${name}`, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name: `datastorage_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Histogram<L>({ name: `datastorage_${name}`, help, labelNames, registers });
  if (processFigures) collectDefaultMetrics({ register: registry });
  return {
    registry,
    writeSeconds: histogram('write_duration_seconds', 'Duration of a write', ['table']),
    lagSeconds: histogram('audit_lag_seconds', 'Age of an event when it is stored', ['service']),
    validationFailures: counter('validation_failures_total', 'Requests refused for their content', ['field', 'reason']),
    traces: counter('audit_traces_total', 'Events taken in', ['service', 'status']),
    duplicates: counter('duplicates_total', 'Events that were stored before'),
    ready: gauge('ready', 'Whether a check is ok', ['check']),
    defaultPartitionRows: gauge('default_partition_rows', 'Events of months without a partition'),
    requests: counter('http_requests_total', 'Requests answered', ['route', 'method', 'code']),
    requestSeconds: histogram('http_request_duration_seconds', 'Duration of a request', ['route']),
    queueAdded: counter('dlq_stream_xadd_total', 'Events put into the queue', ['stream']),
    queueDrains: counter('dlq_drain_batch_total', 'Batches moved from the queue into PostgreSQL'),
    queueRejected: counter('dlq_rejected_total', 'Events the queue could not take', ['reason']),
    queueLost: counter(
      'dlq_lost_total',
      'Events that were acknowledged and are neither in the queue nor in PostgreSQL',
    ),
    queuePoison: counter(
      'dlq_validation_failures_total',
      'Events of the queue that PostgreSQL refuses for their content',
    ),
    queueDepth: gauge('dlq_depth', 'Events in the queue'),
    queueOldestSeconds: gauge('dlq_oldest_seconds', 'Age of the oldest event in the queue'),
    denied: counter('denied_total', 'Requests without a right', ['code']),
  } as const;
}
