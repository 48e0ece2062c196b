/** Builders of commits as the core makes them, complete enough for trail and ledger. */
import { randomUUID } from 'node:crypto';
import type { AuditEvent, EventType } from '../../../src/remediation/audit.ts';
import type { Commit, LedgerChange, Registration } from '../../../src/remediation/commit.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import { isTerminal } from '../../../src/remediation/phases.ts';
import type { Phase, TransitionReason } from '../../../src/remediation/phases.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';
import type { Writer } from '../../../src/postgres/envelope.ts';

export const AT = Date.parse('2026-11-23T10:00:00.123Z');

export const writer: Writer = { workerBuild: 'build-1', workflowId: 'rr-1', runId: 'run-1' };

/** A request that nobody has registered yet; every call is another one. */
export function aRegistration(overrides: Partial<Registration> = {}): Registration {
  const uid = overrides.uid ?? randomUUID();
  return {
    namespace: 'kubernaut-system',
    name: `rr-${uid.slice(0, 8)}`,
    uid,
    fingerprint: uid.replaceAll('-', ''),
    targetNamespace: 'shop',
    createdAt: AT - 1000,
    workflowId: `rr-${uid}`,
    phase: '',
    ...overrides,
  };
}

/** An event with its envelope and the payload that all events have. */
export function anEvent(of: Registration, step: number, type: EventType, data: JsonObject = {}): AuditEvent {
  return {
    type,
    action: type.slice(type.lastIndexOf('.') + 1),
    outcome: 'success',
    severity: 'info',
    actor: { type: 'service', id: 'remediationorchestrator-controller' },
    resource: { type: 'RemediationRequest', id: of.name },
    data: { event_type: type, rr_name: of.name, namespace: of.namespace, rr_uid: of.uid, step_no: step, ...data },
  };
}

/** A commit of these events. */
export const aCommit = (
  registration: Registration,
  step: number,
  phase: Phase,
  events: readonly AuditEvent[],
  ledger: Partial<LedgerChange> = {},
): Commit => ({
  registration,
  generation: 1,
  step,
  at: AT + step * 1000,
  events,
  ledger: { phase, ...ledger },
  kubernetesEvents: [],
  memory: { state: { phase } },
});

/** The first commit of a remediation. */
export function begin(of: Registration): Commit {
  const delta = { overallPhase: 'Pending', startTime: toRfc3339(AT), conditions: condition('Pending') };
  return aCommit(of, 1, 'Pending', [
    anEvent(of, 1, 'orchestrator.lifecycle.started'),
    anEvent(of, 1, 'orchestrator.lifecycle.created', { status_delta: delta, spec_sha256: 'a'.repeat(64) }),
  ]);
}

/** A commit that changes the phase; a terminal one ends the remediation. */
export function move(of: Registration, step: number, from: Phase, to: Phase, reason: TransitionReason): Commit {
  const ends = isTerminal(to);
  const outcome = to === 'Completed' ? 'Remediated' : undefined;
  const delta: JsonObject = {
    overallPhase: to,
    conditions: condition(to),
    ...(ends ? { completedAt: toRfc3339(AT + step * 1000) } : {}),
    ...(outcome === undefined ? {} : { completionStatus: { outcome } }),
  };
  const data: JsonObject = {
    from_phase: from,
    to_phase: to,
    transition_reason: reason,
    status_delta: delta,
    ...(from === 'Blocked' && to !== 'Blocked' ? { unblocked: { wake: 'expiry' } } : {}),
  };
  const events = [
    anEvent(of, step, 'orchestrator.lifecycle.transitioned', data),
    ...(ends ? [anEvent(of, step, 'orchestrator.lifecycle.completed', { terminal_phase: to, duration_ms: 1 })] : []),
  ];
  return aCommit(of, step, to, events, outcome === undefined ? {} : { outcome });
}

const condition = (phase: string): JsonObject => ({
  Ready: { status: 'False', reason: phase, message: `in ${phase}`, lastTransitionTime: toRfc3339(AT) },
});

/** All six commits of a remediation that needs no approval. */
export const directPath = (of: Registration): readonly Commit[] => [
  begin(of),
  move(of, 2, 'Pending', 'Processing', 'SignalProcessingCreated'),
  move(of, 3, 'Processing', 'Analyzing', 'SignalProcessingCompleted'),
  move(of, 4, 'Analyzing', 'Executing', 'WorkflowExecutionCreated'),
  move(of, 5, 'Executing', 'Verifying', 'WorkflowSucceeded'),
  move(of, 6, 'Verifying', 'Completed', 'VerificationCompleted'),
];
