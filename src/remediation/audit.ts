/** The events of the audit trail: one value per event, complete but for its identity, its place in the chain and its hash. */
import type { JsonObject } from './json.ts';

/** Every event that the orchestrator writes. */
export type EventType =
  | 'orchestrator.lifecycle.started'
  | 'orchestrator.lifecycle.created'
  | 'orchestrator.lifecycle.transitioned'
  | 'orchestrator.lifecycle.verifying_started'
  | 'orchestrator.lifecycle.verification_completed'
  | 'orchestrator.lifecycle.verification_timed_out'
  | 'orchestrator.lifecycle.completed'
  | 'orchestrator.lifecycle.deleted'
  | 'orchestrator.lifecycle.adopted'
  | 'orchestrator.timeouts.modified'
  | 'orchestrator.status.updated'
  | 'orchestrator.approval.requested'
  | 'orchestrator.approval.approved'
  | 'orchestrator.approval.rejected'
  | 'orchestrator.approval.refused'
  | 'orchestrator.routing.blocked'
  | 'orchestrator.remediation.manual_review'
  | 'remediation.workflow_created'
  | 'orchestrator.ea.created';

export interface Actor {
  readonly type: 'service' | 'user';
  readonly id: string;
}

/** One event of a step. Its ordinal is its index in the step; ids are derived from uid, step, type and ordinal. */
export interface AuditEvent {
  readonly type: EventType;
  readonly action: string;
  readonly outcome: 'success' | 'failure' | 'pending';
  readonly severity: 'info' | 'warning';
  readonly actor: Actor;
  readonly resource: { readonly type: string; readonly id: string };
  readonly durationMs?: number;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly sensitive?: boolean;
  /** The earlier event that this one answers, by what its id is derived from. */
  readonly parent?: EventOrigin;
  readonly data: JsonObject;
}

/** Where an event was written: enough to derive its id and to find its partition. */
export interface EventOrigin {
  readonly step: number;
  readonly type: EventType;
  readonly ordinal: number;
  readonly at: number;
}
