/** How a step is told in the audit trail: envelope, common payload, and the events that every move and every end has. */
import type { AuditEvent, EventType } from './audit.ts';
import type { JsonObject } from './json.ts';
import { CONTROLLER_NAME } from './names.ts';
import { isTerminal, ROWS } from './phases.ts';
import type { Phase, Row } from './phases.ts';
import { targetString } from './request.ts';
import type { Remediation } from './state.ts';
import { asJson } from './status.ts';
import type { StatusDelta } from './status.ts';
import { parseTime, toRfc3339 } from './time.ts';
import type { Instant } from './time.ts';
import type { EventBody, Transition } from './transition.ts';
import { completedLimits } from './transitions/pending.ts';

const ORCHESTRATOR = { type: 'service', id: CONTROLLER_NAME } as const;

/** Events that kubernaut v1.6.0 does not know. Its clients refuse a page with an unknown type in a payload, so there these pass as their nearest kin. */
const DECODES_AS: Readonly<Partial<Record<EventType, EventType>>> = {
  'orchestrator.lifecycle.deleted': 'orchestrator.lifecycle.completed',
  'orchestrator.lifecycle.adopted': 'orchestrator.lifecycle.created',
  'orchestrator.timeouts.modified': 'orchestrator.lifecycle.created',
  'orchestrator.status.updated': 'orchestrator.lifecycle.transitioned',
  'orchestrator.approval.refused': 'orchestrator.approval.rejected',
};

/** The type members of a payload: the one that old clients decode by, and the true one where that is another. */
export function typesOf(type: EventType): JsonObject {
  const known = DECODES_AS[type];
  return known === undefined ? { event_type: type } : { event_type: known, x_event_type: type };
}

/** The event with its envelope and the payload that all events have. */
export function envelope(r: Remediation, step: number, body: EventBody): AuditEvent {
  const { name, namespace, uid } = r.request;
  const common = { ...typesOf(body.type), rr_name: name, namespace, rr_uid: uid, step_no: step };
  return {
    severity: 'info',
    actor: ORCHESTRATOR,
    resource: { type: 'RemediationRequest', id: name },
    ...body,
    data: { ...common, ...body.data },
  };
}

const COARSE_PHASE: Readonly<Record<string, string>> = {
  Processing: 'SignalProcessing',
  SignalProcessing: 'SignalProcessing',
  Analyzing: 'AIAnalysis',
  AIAnalysis: 'AIAnalysis',
  AwaitingApproval: 'Approval',
  Approval: 'Approval',
  Executing: 'WorkflowExecution',
  WorkflowExecution: 'WorkflowExecution',
};

/** The two events that begin every trail. */
export function begun(r: Remediation, t: Transition, delta: StatusDelta): readonly EventBody[] {
  const { spec, specDigest, payloadDigest } = r.request;
  const created: JsonObject = {
    timeout_config: { ...completedLimits(r) },
    signal_name: spec.signalName,
    signal_fingerprint: spec.signalFingerprint,
    target_resource: targetString(spec.targetResource),
    ...(r.settings.captureSpec === 'full' ? { spec: { ...spec } as unknown as JsonObject } : {}),
    ...(specDigest === undefined ? {} : { spec_sha256: specDigest }),
    ...(payloadDigest === undefined ? {} : { original_payload_sha256: payloadDigest }),
    // With the limits that others had set already, so that the trail tells the whole status.
    status_delta: { ...asJson(delta), timeoutConfig: { ...completedLimits(r) } },
  };
  return [
    { type: 'orchestrator.lifecycle.started', action: 'started', outcome: 'pending', data: {} },
    ...t.before,
    {
      type: 'orchestrator.lifecycle.created',
      action: 'created',
      outcome: 'success',
      sensitive: r.settings.captureSpec === 'full',
      data: created,
    },
  ];
}

/** The event of a change of phase. */
export function moved(r: Remediation, t: Transition, from: Phase, delta: StatusDelta, now: Instant): EventBody {
  const row: Row = ROWS[t.row];
  const leavesBlock = from === 'Blocked' && t.to.phase !== 'Blocked';
  const edits = r.edits.map(({ field }) => field);
  const actingUser = r.children.AIAnalysis?.status.interactiveSession?.actingUser;
  return {
    type: 'orchestrator.lifecycle.transitioned',
    action: 'transitioned',
    outcome: 'success',
    data: {
      from_phase: from,
      to_phase: t.to.phase,
      transition_reason: row.reason ?? 'External',
      status_delta: asJson(delta),
      ...(t.children.length > 0
        ? { children: t.children.map((child) => ({ ...child, namespace: r.request.namespace })) }
        : {}),
      ...(leavesBlock
        ? {
            unblocked: {
              block_reason: r.status.routingStatus?.blockReason ?? 'Manual',
              blocked_ms: Math.max(0, now - r.state.since),
              wake: t.unblocked?.wake ?? (isTerminal(t.to.phase) ? 'signal' : 'expiry'),
              ...(t.unblocked?.releasedBy === undefined ? {} : { released_by: t.unblocked.releasedBy }),
            },
          }
        : {}),
      ...(edits.length > 0 ? { status_edits: edits } : {}),
      ...(from === 'Analyzing' && actingUser !== undefined ? { acting_user: actingUser } : {}),
    },
  };
}

/** The one event that ends a trail. */
export function ended(r: Remediation, t: Transition, outcome: string | undefined, now: Instant): EventBody {
  const { ending, to } = t;
  const isSuccess = to.phase === 'Completed';
  const isCancelled = to.phase === 'Cancelled';
  const durationMs = Math.max(1, now - (parseTime(r.status.startTime) ?? now));
  const failedIn = ending?.failure?.phase ?? ending?.timeout?.phase;
  const coarse = failedIn === undefined ? undefined : COARSE_PHASE[failedIn];
  const word = ending?.timeout === undefined ? ending?.failure?.word : 'Timeout';
  const detail =
    ending?.failure?.reason ?? (ending?.timeout === undefined ? undefined : `${ending.timeout.type} timeout`);
  const code = ending?.timeout === undefined ? ending?.failure?.code : 'ERR_TIMEOUT_REMEDIATION';
  const message = code === undefined ? undefined : `${String(failedIn)} [${code}] ${String(detail)}`;
  return {
    type: 'orchestrator.lifecycle.completed',
    action: isCancelled ? 'cancelled' : t.row === 'L27' || t.row === 'L37' ? 'inherited' : 'completed',
    outcome: isSuccess ? 'success' : 'failure',
    severity: to.phase === 'TimedOut' ? 'warning' : 'info',
    durationMs,
    ...(code === undefined || message === undefined ? {} : { errorCode: code, errorMessage: message }),
    data: {
      outcome: isSuccess ? 'Success' : 'Failed',
      terminal_phase: to.phase,
      duration_ms: durationMs,
      ...(outcome === undefined ? {} : { crd_outcome: outcome }),
      ...(coarse === undefined ? {} : { failure_phase: coarse }),
      ...(word === undefined ? {} : { failure_reason: word }),
      ...(failedIn === undefined ? {} : { crd_failure_phase: failedIn }),
      ...(detail === undefined ? {} : { failure_detail: detail }),
      ...(code === undefined || message === undefined
        ? {}
        : {
            error_details: {
              message,
              code,
              component: 'remediationorchestrator',
              retry_possible: code === 'ERR_TIMEOUT_REMEDIATION',
            },
          }),
      ...(ending?.timeout === undefined ? {} : { timeout: { ...ending.timeout } }),
      ...(ending?.noAction === undefined
        ? {}
        : {
            no_action: {
              reason: ending.noAction.reason,
              ...(ending.noAction.suppressedUntil === undefined
                ? {}
                : { suppressed_until: toRfc3339(ending.noAction.suppressedUntil) }),
            },
          }),
      ...(ending?.dryRun === undefined ? {} : { dry_run: { held_until: toRfc3339(ending.dryRun.heldUntil) } }),
      ...(ending?.cancelled === undefined ? {} : { cancelled: { ...ending.cancelled } }),
      ...(ending === undefined ? {} : { message: ending.message }),
    },
  };
}

/** The event of an object that is gone, after the end. */
export const objectDeleted = (r: Remediation, by: string): EventBody => ({
  type: 'orchestrator.lifecycle.deleted',
  action: 'deleted',
  outcome: 'success',
  data: { phase_at_deletion: r.state.phase, deleted_uid: r.request.uid, by },
});

/** The event of limits that somebody changed while the remediation runs. */
export function limitsModified(r: Remediation): EventBody {
  const edit = r.edits.find(({ field }) => field === 'timeoutConfig');
  const by = r.observed.lastModifiedBy;
  const present = { ...(r.status.timeoutConfig ?? {}) };
  return {
    type: 'orchestrator.timeouts.modified',
    action: 'timeouts_modified',
    outcome: 'success',
    ...(by === undefined ? {} : { actor: { type: 'user' as const, id: by } }),
    data: {
      timeout_config: present,
      previous: edit?.previous ?? {},
      modified_by: by ?? 'unknown',
      status_delta: { timeoutConfig: replacing(edit?.previous, present) },
    },
  };
}

/** A merge patch that turns one set of limits into the other. */
const replacing = (previous: unknown, present: JsonObject): JsonObject => ({
  ...Object.fromEntries(Object.keys(previous ?? {}).map((key) => [key, null])),
  ...present,
});
