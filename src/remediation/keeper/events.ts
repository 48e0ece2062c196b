/** The events that the keeper writes: each is its own, outside of steps. */
import type { AuditEvent, EventType } from '../audit.ts';
import type { JsonObject } from '../json.ts';
import { CONTROLLER_NAME } from '../names.ts';
import type { RequestIdentity } from '../request.ts';
import type { RequestSnapshot } from '../snapshots.ts';
import { asJson, OWN_CONDITIONS } from '../status.ts';
import type { PhaseProgress, Status, StatusDelta } from '../status.ts';
import { toRfc3339 } from '../time.ts';
import { typesOf } from '../trail.ts';
import type { Instant } from '../time.ts';

function event(
  { namespace, name, uid }: RequestIdentity,
  type: EventType,
  action: string,
  data: JsonObject,
): AuditEvent {
  const common = { ...typesOf(type), rr_name: name, namespace, rr_uid: uid };
  return {
    type,
    action,
    outcome: 'success',
    severity: 'info',
    actor: { type: 'service', id: CONTROLLER_NAME },
    resource: { type: 'RemediationRequest', id: name },
    data: { ...common, ...data },
  };
}

/** The object goes because its time is up. Written before it is deleted. */
export const cleanedUp = (
  request: RequestIdentity,
  found: RequestSnapshot,
  phase: string,
  expiry: Instant,
): AuditEvent =>
  event(request, 'orchestrator.lifecycle.deleted', 'retention_cleanup', {
    phase_at_deletion: phase,
    deleted_uid: request.uid,
    expired_at: toRfc3339(expiry),
    ...(found.status.completedAt === undefined ? {} : { completed_at: found.status.completedAt }),
    by: CONTROLLER_NAME,
  });

/** The object was found gone, or going. */
export const foundDeleted = (request: RequestIdentity, phase: string, completedAt: Instant | undefined): AuditEvent =>
  event(request, 'orchestrator.lifecycle.deleted', 'deleted', {
    phase_at_deletion: phase,
    deleted_uid: request.uid,
    ...(completedAt === undefined ? {} : { completed_at: toRfc3339(completedAt) }),
    by: 'unknown (deletion)',
  });

/** A remediation that somebody else has ended: the trail begins with what was found. */
export const foundEnded = (request: RequestIdentity, found: RequestSnapshot, phase: string): AuditEvent =>
  event(request, 'orchestrator.lifecycle.adopted', 'adopted', {
    phase_found: phase,
    status_snapshot: asJson({ ...ownStatus(found.status), overallPhase: phase }),
    refs: refsIn(found.status),
    previous_events: false,
  });

/** The status of an ended remediation was put right. */
export const putRight = (
  request: RequestIdentity,
  cause: 'RetentionExpiryStamped' | 'PhaseRestored',
  phase: string,
  delta: StatusDelta,
): AuditEvent =>
  event(request, 'orchestrator.status.updated', 'status_updated', {
    cause,
    from_phase: phase,
    to_phase: phase,
    status_delta: asJson(delta),
  });

/** The part of a status that is the orchestrator's to write. */
function ownStatus(status: Status): Status {
  const own = Object.entries(status.conditions ?? {}).filter(([type]) => OWN_CONDITIONS.some((word) => word === type));
  return { ...status, conditions: Object.fromEntries(own) };
}

const REFERENCES = {
  SignalProcessing: 'signalProcessingRef',
  AIAnalysis: 'aiAnalysisRef',
  WorkflowExecution: 'workflowExecutionRef',
  EffectivenessAssessment: 'effectivenessAssessmentRef',
} as const satisfies Record<string, keyof PhaseProgress>;

const refsIn = ({ phaseProgress }: Status): readonly JsonObject[] =>
  Object.entries(REFERENCES).flatMap(([kind, key]) => {
    const { name, uid } = phaseProgress?.[key] ?? {};
    return name === undefined ? [] : [{ kind, name, ...(uid === undefined ? {} : { uid }) }];
  });
