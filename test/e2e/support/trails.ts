/** The trails that remediations must leave, and what else must hold whatever happened to the processes. */
import assert from 'node:assert/strict';
import type pg from 'pg';
import type { TrailEvent } from '../../../src/postgres/event-row.ts';
import { trailOf } from '../../../src/postgres/trail.ts';
import { verifyTrail } from '../../../src/postgres/verify.ts';
import type { Sights } from './sights.ts';

export type Path = 'direct' | 'approval';

const BEGINNING = [
  '1 orchestrator.lifecycle.started',
  '1 orchestrator.lifecycle.created',
  '2 orchestrator.lifecycle.transitioned',
  '3 orchestrator.lifecycle.transitioned',
];

/** The last three steps, the first of which is the one that begins the execution. */
const endingFrom = (step: number): readonly string[] => [
  `${String(step)} orchestrator.lifecycle.transitioned`,
  `${String(step)} remediation.workflow_created`,
  `${String(step + 1)} orchestrator.lifecycle.transitioned`,
  `${String(step + 1)} orchestrator.lifecycle.verifying_started`,
  `${String(step + 1)} orchestrator.ea.created`,
  `${String(step + 2)} orchestrator.lifecycle.verification_completed`,
  `${String(step + 2)} orchestrator.lifecycle.transitioned`,
  `${String(step + 2)} orchestrator.lifecycle.completed`,
];

/** Step and type of every event, in the order of the chain. */
export const EXPECTED: Readonly<Record<Path, readonly string[]>> = {
  direct: [...BEGINNING, ...endingFrom(4)],
  approval: [
    ...BEGINNING,
    '4 orchestrator.approval.requested',
    '4 orchestrator.lifecycle.transitioned',
    '5 orchestrator.approval.approved',
    ...endingFrom(5),
  ],
};

/** How often the status of a request is written on each path when nothing goes wrong. */
export const STATUS_WRITES: Readonly<Record<Path, number>> = { direct: 6, approval: 7 };

const CHILDREN = {
  direct: ['SignalProcessing', 'AIAnalysis', 'WorkflowExecution', 'EffectivenessAssessment'],
  approval: [
    'SignalProcessing',
    'AIAnalysis',
    'RemediationApprovalRequest',
    'WorkflowExecution',
    'EffectivenessAssessment',
  ],
} as const;

/**
 * The request is remediated, its trail is complete and intact, nothing is there twice. `mayBeBlocked` is for an API server
 * that could not say whether the target is managed: then a remediation waits in Blocked and goes on.
 */
export async function assertRemediated(
  name: string,
  path: Path,
  { sights, pool }: { readonly sights: Sights; readonly pool: pg.Pool },
  mayBeBlocked = false,
): Promise<void> {
  const request = sights.get('RemediationRequest', name) ?? assert.fail(`${name} is not there`);
  const { uid } = request.metadata;
  const outcome = (request.status?.['completionStatus'] as { outcome?: string } | undefined)?.outcome;
  assert.deepEqual([sights.phaseOf(name), outcome], ['Completed', 'Remediated'], name);
  const events = await trailOf(pool, { uid });
  assert.deepEqual(toldBy(mayBeBlocked ? withoutBlocks(events) : events), EXPECTED[path], `the trail of ${name}`);
  assert.equal(new Set(events.map(({ event_id }) => event_id)).size, events.length, 'ids of events are unique');
  assert.deepEqual((await verifyTrail(pool, uid)).findings, [], `verification of ${name}`);
  const children = Object.fromEntries(
    CHILDREN[path].map((kind) => [kind, sights.all(kind).filter(({ metadata }) => isOwnedBy(metadata, uid)).length]),
  );
  assert.deepEqual(children, Object.fromEntries(CHILDREN[path].map((kind) => [kind, 1])), `the children of ${name}`);
}

const toldBy = (events: readonly TrailEvent[]): readonly string[] =>
  events.map(({ step_no, event_type }) => `${String(step_no)} ${event_type}`);

/** The trail without the steps into and out of Blocked, the others numbered anew. */
function withoutBlocks(events: readonly TrailEvent[]): readonly TrailEvent[] {
  const touchesBlocked = ({ event_data }: TrailEvent): boolean =>
    event_data['to_phase'] === 'Blocked' || event_data['from_phase'] === 'Blocked';
  const left = new Set(events.filter(touchesBlocked).map(({ step_no }) => step_no));
  const kept = events.filter(({ step_no }) => !left.has(step_no));
  const steps = [...new Set(kept.map(({ step_no }) => step_no))];
  return kept.map((event) => ({ ...event, step_no: steps.indexOf(event.step_no) + 1 }));
}

const isOwnedBy = (metadata: { readonly ownerReferences?: readonly { readonly uid: string }[] }, uid: string) =>
  metadata.ownerReferences?.some((owner) => owner.uid === uid) === true;
