/** The event that tells of a refused attempt to decide. */
import type { TrailEvent } from '../postgres/event-row.ts';
import type { AuditEvent, EventOrigin } from '../remediation/audit.ts';
import { toRfc3339 } from '../remediation/time.ts';
import type { RefusedAttempt } from './ports.ts';

/** So many refusals are kept for one approval request; the next one says that the rest is left out. */
export const MOST_REFUSALS = 100;

/** Codes of attempts that came too late, as opposed to those that were wrong in themselves. */
const LATE = new Set(['already_decided', 'expired', 'not_pending']);

/** The event for the trail as it stands; undefined when there are too many of them already. */
export function refusalEvent(
  attempt: RefusedAttempt,
  trail: readonly TrailEvent[],
  at: number,
): AuditEvent | undefined {
  const { request, approval, decision, by, via, code, message } = attempt;
  const earlier = trail.filter(
    (event) => event.event_type === 'orchestrator.approval.refused' && event.resource_id === approval.name,
  ).length;
  if (earlier > MOST_REFUSALS) return undefined;
  const asked = trail.find((event) => event.event_type === 'orchestrator.approval.requested');
  const parent = asked === undefined ? undefined : originOf(asked);
  return {
    type: 'orchestrator.approval.refused',
    action: LATE.has(code) ? 'late' : 'refused',
    outcome: 'failure',
    severity: 'warning',
    actor: { type: 'user', id: by },
    resource: { type: 'RemediationApprovalRequest', id: approval.name },
    ...(parent === undefined ? {} : { parent }),
    data: {
      // Readers that do not know this event take it for the one they know.
      event_type: 'orchestrator.approval.rejected',
      x_event_type: 'orchestrator.approval.refused',
      rr_name: request.name,
      namespace: request.namespace,
      rr_uid: request.uid,
      rar_name: approval.name,
      crd_decision: decision,
      attempted_by: by,
      attempted_at: toRfc3339(at),
      refusal_code: code,
      door: 'api',
      identity_source: 'token',
      detail: message,
      ...(via === undefined ? {} : { decided_via: via }),
      ...standing(trail),
      ...(earlier === MOST_REFUSALS ? { suppressed: true } : {}),
    },
  };
}

function originOf({ step_no: step, step_ordinal: ordinal, event_timestamp }: TrailEvent): EventOrigin | undefined {
  if (step === undefined) return undefined;
  return { step, ordinal, type: 'orchestrator.approval.requested', at: Date.parse(event_timestamp) };
}

/** The decision that stands, if there is one. */
function standing(trail: readonly TrailEvent[]) {
  const kept = trail.find(
    ({ event_type: type, event_data: data }) =>
      (type === 'orchestrator.approval.approved' || type === 'orchestrator.approval.rejected') &&
      data['effective'] !== false,
  );
  if (kept === undefined) return {};
  const decision = kept.event_data['crd_decision'] ?? kept.event_data['decision'];
  return { standing_event_id: kept.event_id, ...(typeof decision === 'string' ? { standing_decision: decision } : {}) };
}
