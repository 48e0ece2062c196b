/** Commits as the core makes them, complete enough for trail and ledger. */
import { randomUUID } from 'node:crypto';
import type { Writer } from '../src/postgres/envelope.ts';
import type { AuditEvent, EventType } from '../src/remediation/audit.ts';
import type { Commit, Registration } from '../src/remediation/commit.ts';
import type { JsonObject } from '../src/remediation/json.ts';
import type { Phase } from '../src/remediation/phases.ts';

export const writer: Writer = { workerBuild: 'bench', workflowId: 'bench', runId: 'bench' };

/** A request that nobody has registered yet; every call is another one. */
export function aRegistration(): Registration {
  const uid = randomUUID();
  return {
    namespace: 'kubernaut-system',
    name: `rr-${uid.slice(0, 8)}`,
    uid,
    fingerprint: uid.replaceAll('-', ''),
    targetNamespace: 'shop',
    createdAt: Date.now(),
    workflowId: `rr-${uid}`,
    phase: '',
  };
}

/** An event with its envelope and the payload that all events have. */
export const anEvent = (of: Registration, step: number, type: EventType, data: JsonObject = {}): AuditEvent => ({
  type,
  action: type.slice(type.lastIndexOf('.') + 1),
  outcome: 'success',
  severity: 'info',
  actor: { type: 'service', id: 'remediationorchestrator-controller' },
  resource: { type: 'RemediationRequest', id: of.name },
  data: { event_type: type, rr_name: of.name, namespace: of.namespace, rr_uid: of.uid, step_no: step, ...data },
});

/** A commit of these events. */
export const aCommit = (of: Registration, step: number, phase: Phase, events: readonly AuditEvent[]): Commit => ({
  registration: of,
  generation: 1,
  step,
  at: Date.now(),
  events,
  ledger: { phase, ...(phase === 'Completed' ? { outcome: 'Remediated' } : {}) },
  kubernetesEvents: [],
  memory: { state: { phase } },
});

const MOVES = [
  ['Pending', 'Processing', 'SignalProcessingCreated'],
  ['Processing', 'Analyzing', 'SignalProcessingCompleted'],
  ['Analyzing', 'Executing', 'WorkflowExecutionCreated'],
  ['Executing', 'Verifying', 'WorkflowSucceeded'],
  ['Verifying', 'Completed', 'VerificationCompleted'],
] as const;

/** All six commits of a remediation that needs no approval. */
export function directPath(of: Registration): readonly Commit[] {
  const delta = { status_delta: { overallPhase: 'Pending' }, spec_sha256: 'a'.repeat(64) };
  const begin = [
    anEvent(of, 1, 'orchestrator.lifecycle.started'),
    anEvent(of, 1, 'orchestrator.lifecycle.created', delta),
  ];
  const moves = MOVES.map(([from, to, reason], i) => {
    const step = i + 2;
    const ends = to === 'Completed';
    const change = { overallPhase: to, ...(ends ? { completionStatus: { outcome: 'Remediated' } } : {}) };
    const data = { from_phase: from, to_phase: to, transition_reason: reason, status_delta: change };
    const end = anEvent(of, step, 'orchestrator.lifecycle.completed', { terminal_phase: to, duration_ms: 1 });
    return aCommit(of, step, to, [
      anEvent(of, step, 'orchestrator.lifecycle.transitioned', data),
      ...(ends ? [end] : []),
    ]);
  });
  return [aCommit(of, 1, 'Pending', begin), ...moves];
}
