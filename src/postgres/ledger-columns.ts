/** Under which columns of `remediations` the ledger keeps what commits and registrations tell it. */
import type { LedgerChange, Registration } from '../remediation/commit.ts';
import type { Json, JsonObject } from '../remediation/json.ts';
import { isPhase, isTerminal } from '../remediation/phases.ts';
import type { Instant } from '../remediation/time.ts';
import { cleanJson } from './canonical.ts';

/** Every member of a change and its column. A change without a column does not compile. */
const COLUMN_OF = {
  phase: 'phase',
  outcome: 'outcome',
  failurePhase: 'failure_phase',
  failureReason: 'failure_reason',
  timeoutPhase: 'timeout_phase',
  targetKey: 'target_key',
  workflowId: 'workflow_id',
  actionType: 'action_type',
  executionName: 'we_name',
  executionCompletedAt: 'we_completed_at',
  followedExecution: 'followed_we',
  originPhase: 'origin_phase',
  blockReason: 'block_reason',
  blockedUntil: 'blocked_until',
  waitingOn: 'waiting_on',
  inheritedFrom: 'inherited_from',
  preHash: 'pre_hash',
  postHash: 'post_hash',
  consecutiveFailures: 'consecutive_failures',
  nextAllowedExecution: 'next_allowed_execution',
  startedAt: 'started_at',
  terminalAt: 'terminal_at',
  suspendedMs: 'suspended_ms',
  suspendedSince: 'suspended_since',
  deletedAt: 'deleted_at',
} as const satisfies Record<keyof LedgerChange, string>;

/** The columns that a change may set. */
export const CHANGEABLE: readonly string[] = Object.values(COLUMN_OF);

const INSTANTS = new Set<keyof LedgerChange>([
  'executionCompletedAt',
  'blockedUntil',
  'nextAllowedExecution',
  'startedAt',
  'terminalAt',
  'suspendedSince',
  'deletedAt',
]);

/** The change as column values: absent members are not named, null empties the column. */
export function changedColumns(change: Partial<LedgerChange>): JsonObject {
  const names = Object.keys(COLUMN_OF) as (keyof LedgerChange)[];
  const columns = names.map((name): [string, Json | undefined] => {
    const value = change[name];
    const stored = INSTANTS.has(name) && typeof value === 'number' ? toTimestamp(value) : value;
    return [COLUMN_OF[name], stored];
  });
  return cleanJson(Object.fromEntries(columns));
}

/** The row of a request that enters the ledger. One that had ended, or was going away, enters as ended. */
export function registeredColumns(registration: Registration, now: Instant): JsonObject {
  const { phase, deletedAt, terminalAt } = registration;
  const hasEnded = terminalAt !== undefined || deletedAt !== undefined || (isPhase(phase) && isTerminal(phase));
  return cleanJson({
    uid: registration.uid,
    namespace: registration.namespace,
    name: registration.name,
    cluster_id: registration.clusterID,
    fingerprint: registration.fingerprint,
    target_namespace: registration.targetNamespace,
    created_at: toTimestamp(registration.createdAt),
    phase,
    outcome: registration.outcome,
    failure_phase: registration.failurePhase,
    failure_reason: registration.failureReason,
    timeout_phase: registration.timeoutPhase,
    terminal_at: hasEnded ? toTimestamp(terminalAt ?? deletedAt ?? now) : undefined,
    deleted_at: deletedAt === undefined ? undefined : toTimestamp(deletedAt),
    temporal_workflow_id: registration.workflowId,
  });
}

const toTimestamp = (at: Instant): string => new Date(at).toISOString();
