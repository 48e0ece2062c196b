/** One ended remediation under the keeper's eyes, and how its status is written. */
import { activityInfo } from '@temporalio/activity';
import { ConflictError } from '../../src/errors.ts';
import { isRefusal } from '../../src/kubernetes/errors.ts';
import type { StatusWriteKind } from '../../src/metrics.ts';
import type { Writer } from '../../src/postgres/envelope.ts';
import { sideEventId } from '../../src/postgres/event-ids.ts';
import type { EndedRow } from '../../src/postgres/keeper/ended.ts';
import { recordSideEvent } from '../../src/postgres/trail.ts';
import type { AuditEvent } from '../../src/remediation/audit.ts';
import type { JsonObject } from '../../src/remediation/json.ts';
import { toRequestSnapshot } from '../../src/remediation/projections.ts';
import type { RequestSnapshot } from '../../src/remediation/snapshots.ts';
import type { Condition } from '../../src/remediation/status.ts';
import type { Instant } from '../../src/remediation/time.ts';
import type { KeeperDeps } from './deps.ts';

export interface Look {
  readonly row: EndedRow;
  /** The object as it stands. */
  readonly found: RequestSnapshot;
  readonly now: Instant;
}

/** What a duty leaves behind. */
export interface Looked {
  /** The object afterwards; undefined when it is gone. */
  readonly found: RequestSnapshot | undefined;
  /** Whether it has to be looked at again before its retention is over. */
  readonly isUnfinished?: boolean;
}

/** Who writes the keeper's events. */
export function writerOf({ build, auditRetentionDays }: KeeperDeps): Writer {
  const { workflowId, runId } = activityInfo().workflowExecution ?? { workflowId: '', runId: '' };
  return { workerBuild: build, workflowId, runId, retentionDays: auditRetentionDays };
}

/** Records the event in the trail of the remediation, once for this name. */
export async function record(deps: KeeperDeps, row: EndedRow, name: string, event: AuditEvent): Promise<void> {
  const { registration } = row;
  const id = sideEventId(registration.uid, name);
  const side = { id, subject: registration, event, at: Date.now() };
  if ((await recordSideEvent(deps.pool, side, writerOf(deps))) === 'recorded')
    deps.metrics.auditEventWritten(event.type);
}

/** The object of this uid as it stands; undefined when it is gone. */
export async function readFound({ kubernetes }: KeeperDeps, row: EndedRow): Promise<RequestSnapshot | undefined> {
  const { namespace, name, uid } = row.registration;
  const object = await kubernetes.get('RemediationRequest', namespace, name);
  return object?.metadata.uid === uid ? toRequestSnapshot(object) : undefined;
}

const MOST_CONFLICTS = 5;

/** Writes what is still missing in the status, and again on top of what others have written meanwhile. */
export async function writeStatus(
  deps: KeeperDeps,
  { row, found }: Look,
  kind: StatusWriteKind,
  change: (found: RequestSnapshot) => JsonObject | undefined,
): Promise<Looked> {
  const { namespace, name, uid } = row.registration;
  let known: RequestSnapshot | undefined = found;
  for (let tries = 0; tries <= MOST_CONFLICTS; tries += 1) {
    const status = change(known);
    if (status === undefined) return { found: known };
    const metadata = { uid, resourceVersion: known.resourceVersion };
    try {
      const patched = await deps.kubernetes.mergePatchStatus('RemediationRequest', namespace, name, {
        metadata,
        status,
      });
      deps.metrics.statusWritten(kind);
      return { found: toRequestSnapshot(patched) };
    } catch (error) {
      if (isRefusal(error, 'not-found')) return { found: undefined };
      if (!isRefusal(error, 'conflict')) throw error;
      deps.metrics.statusConflicted(namespace);
    }
    known = await readFound(deps, row);
    if (known === undefined) return { found: undefined };
  }
  throw new ConflictError(
    `The status of RemediationRequest ${namespace}/${name} keeps changing under us; trying again`,
  );
}

/** The whole list of conditions with this one in its place: for the API server a list is replaced whole. */
export const conditionsWith = (
  { status }: RequestSnapshot,
  type: string,
  condition: Condition,
): readonly JsonObject[] =>
  Object.entries({ ...status.conditions, [type]: condition }).map(([each, value]) => ({ type: each, ...value }));

/** The condition, dated from when its word last changed. */
export const dated = (
  found: RequestSnapshot,
  type: string,
  change: Pick<Condition, 'status' | 'reason' | 'message'>,
  at: string,
): Condition => {
  const known = found.status.conditions?.[type];
  const since = known?.status === change.status ? known.lastTransitionTime : at;
  return { ...change, lastTransitionTime: since, observedGeneration: found.generation };
};
