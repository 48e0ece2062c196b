/** From the events of a commit to rows: identity, envelope, clean texts within their limits, digest of the payload. */
import type { AuditEvent, EventOrigin } from '../remediation/audit.ts';
import type { Commit, Registration } from '../remediation/commit.ts';
import type { JsonObject } from '../remediation/json.ts';
import type { Instant } from '../remediation/time.ts';
import { cleanJson, cleanText } from './canonical.ts';
import { payloadDigest } from './chain.ts';
import { eventId } from './event-ids.ts';
import type { EventContent } from './event-row.ts';
import { cutText, withinLimits } from './limits.ts';

/** Who writes: recorded with each event, and part of its hash. */
export interface Writer {
  readonly workerBuild: string;
  readonly workflowId: string;
  readonly runId: string;
  /** How long the commit had to wait for PostgreSQL, when it had to. */
  readonly postgresWaitMs?: number;
  /** How many days the event is to be kept; 2,555 by default. */
  readonly retentionDays?: number;
}

const DEFAULT_RETENTION_DAYS = 2555;

/** Of texts that are longer than their column the beginning is stored, with the digest of the whole. */
const text = (value: string, limit: number): string => cutText(cleanText(value), limit);

/** The rows of a commit's events, not yet in their chain. */
export const eventContents = (commit: Commit, writer: Writer): readonly EventContent[] =>
  commit.events.map((event, ordinal) => ({
    ...contentOf(commit.registration, event, commit.at, writer),
    event_id: eventId(commit.registration.uid, commit.step, event.type, ordinal),
    step_no: commit.step,
    step_ordinal: ordinal,
  }));

/** The row of one event that no step wrote, not yet in its chain. */
export const sideEventContent = (
  id: string,
  subject: Registration,
  event: AuditEvent,
  at: Instant,
  writer: Writer,
): EventContent => ({ ...contentOf(subject, event, at, writer), event_id: id, step_ordinal: 0 });

type Unplaced = Omit<EventContent, 'event_id' | 'step_no' | 'step_ordinal'>;

function contentOf(subject: Registration, event: AuditEvent, at: Instant, writer: Writer): Unplaced {
  const payload = withinLimits(cleanJson(event.data));
  const resource = text(event.resource.id, 255);
  return {
    event_version: '1.0',
    event_timestamp: toMicroseconds(at),
    event_date: utcDay(at),
    event_type: event.type,
    event_category: 'orchestration',
    event_action: text(event.action, 50),
    event_outcome: event.outcome,
    actor_type: event.actor.type,
    actor_id: text(event.actor.id, 255),
    resource_type: text(event.resource.type, 100),
    resource_id: resource,
    resource_name: resource,
    correlation_id: text(subject.name, 255),
    ...(event.parent === undefined ? {} : parentOf(subject.uid, event.parent)),
    namespace: text(subject.namespace, 255),
    ...(subject.clusterID ? { cluster_id: text(subject.clusterID, 255) } : {}),
    severity: event.severity,
    ...(event.durationMs === undefined ? {} : { duration_ms: Math.round(event.durationMs) }),
    ...(event.errorCode === undefined ? {} : { error_code: text(event.errorCode, 50) }),
    ...(event.errorMessage === undefined ? {} : { error_message: text(event.errorMessage, 2048) }),
    retention_days: writer.retentionDays ?? DEFAULT_RETENTION_DAYS,
    is_sensitive: event.sensitive ?? false,
    event_data: payload,
    event_metadata: metadataOf(writer),
    rr_uid: subject.uid,
    event_data_sha256: payloadDigest(payload),
  };
}

const parentOf = (uid: string, origin: EventOrigin): Pick<EventContent, 'parent_event_id' | 'parent_event_date'> => ({
  parent_event_id: eventId(uid, origin.step, origin.type, origin.ordinal),
  parent_event_date: utcDay(origin.at),
});

const metadataOf = (writer: Writer): JsonObject => ({
  worker_build: writer.workerBuild,
  workflow_id: writer.workflowId,
  run_id: writer.runId,
  ...(writer.postgresWaitMs === undefined ? {} : { postgres_wait_ms: writer.postgresWaitMs }),
});

const toMicroseconds = (at: Instant): string => new Date(at).toISOString().replace('Z', '000Z');
const utcDay = (at: Instant): string => new Date(at).toISOString().slice(0, 10);
