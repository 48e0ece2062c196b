/** Who may answer an approval request, and how a decision is put on it. First valid decision wins. */
import { isDecision } from './decide/awaiting-approval.ts';
import { formatDuration } from './durations.ts';
import type { JsonObject } from './json.ts';
import type { ChildSnapshot, WorkflowOverride } from './snapshots.ts';
import type { BoundApproval, KeptDecision, Remediation } from './state.ts';
import { parseTime, toRfc3339 } from './time.ts';
import type { Instant } from './time.ts';

/** A decision as it is put to the synchronous door. */
export interface Attempt {
  readonly decision: string;
  readonly by: string;
  readonly message?: string;
  readonly override?: WorkflowOverride;
  readonly planDigest?: string;
}

export type RefusalCode =
  'already_decided' | 'not_pending' | 'unknown_rar' | 'bad_request' | 'not_authorised' | 'invalid_override';

export type Judgement =
  | { readonly judgement: 'accepted' }
  | { readonly judgement: 'repeated'; readonly kept: KeptDecision }
  | { readonly judgement: 'refused'; readonly code: RefusalCode; readonly message: string };

const refused = (code: RefusalCode, message: string): Judgement => ({ judgement: 'refused', code, message });

/** Whether an attempt may become the decision. The same answer of the same person again is a repetition, not an attempt. */
export function judge(r: Remediation, attempt: Attempt): Judgement {
  const { decision: kept, state, request } = r;
  if (attempt.by === '') return refused('not_authorised', 'a decision needs the name of the person who takes it');
  if (!isDecision(attempt.decision))
    return refused('bad_request', `"${attempt.decision}" is no decision: say Approved or Rejected`);
  if (kept !== undefined && kept.by === attempt.by && kept.decision === attempt.decision)
    return { judgement: 'repeated', kept };
  if (kept !== undefined)
    return refused(
      'already_decided',
      `${request.name} was already ${kept.decision.toLowerCase()} by ${kept.by} at ${toRfc3339(kept.at)}`,
    );
  if (state.phase !== 'AwaitingApproval')
    return refused('not_pending', `${request.name} does not wait for an approval: it is in phase ${state.phase}`);
  if (attempt.planDigest !== undefined && attempt.planDigest !== state.approval.planDigest)
    return refused('bad_request', `the plan of ${request.name} is another one by now: look at it again, then decide`);
  if (attempt.override !== undefined && attempt.decision !== 'Approved')
    return refused('invalid_override', 'an override is only valid with Approved');
  return { judgement: 'accepted' };
}

/** The decision found on the bound approval request; undefined when there is none, or the object is another one. */
export function decisionOn(
  rar: ChildSnapshot<'RemediationApprovalRequest'>,
  bound: BoundApproval,
  now: Instant,
): KeptDecision | undefined {
  const { decision, decidedBy, decidedAt, decidedVia, decisionMessage, workflowOverride } = rar.status;
  if (rar.uid !== bound.uid || !isDecision(decision)) return undefined;
  return {
    decision,
    by: decidedBy || 'unknown',
    at: parseTime(decidedAt) ?? now,
    door: 'kubectl',
    identity: 'claimed',
    ...(decidedVia ? { via: decidedVia } : {}),
    ...(decisionMessage ? { message: decisionMessage } : {}),
    ...(workflowOverride !== undefined && decision === 'Approved' ? { override: workflowOverride } : {}),
  };
}

const condition = (status: 'True' | 'False', reason: string, message: string, now: Instant): JsonObject => ({
  status,
  reason,
  message,
  lastTransitionTime: toRfc3339(now),
});

const recorded = (now: Instant) => condition('True', 'AuditSucceeded', 'The decision is in the audit trail', now);

/** The status that closes a decided approval request, once its decision is in the trail. */
export const decidedStatus = (
  kept: KeptDecision,
  { requiredBy }: Pick<BoundApproval, 'requiredBy'>,
  now: Instant,
): JsonObject => ({
  decision: kept.decision,
  decidedBy: kept.by,
  decidedAt: toRfc3339(kept.at),
  ...(kept.via === undefined ? {} : { decidedVia: kept.via }),
  ...(kept.message === undefined ? {} : { decisionMessage: kept.message }),
  ...(kept.override === undefined ? {} : { workflowOverride: { ...kept.override } }),
  timeRemaining: formatDuration(Math.max(0, requiredBy - kept.at)),
  conditions: {
    ApprovalPending: condition('False', 'DecisionMade', 'A decision was taken', now),
    ApprovalDecided: condition('True', kept.decision, `${kept.decision} by ${kept.by}`, now),
    Ready: condition('True', 'Ready', `${kept.decision} by ${kept.by}`, now),
    AuditRecorded: recorded(now),
  },
});

/** The status that expires an approval request: its time is up, or the remediation ended for the reason given. */
export const expiredStatus = (reason: string, now: Instant): JsonObject => ({
  decision: 'Expired',
  decidedBy: 'system',
  decidedAt: toRfc3339(now),
  decisionMessage: reason,
  expired: true,
  timeRemaining: '0s',
  conditions: {
    ApprovalPending: condition('False', 'DecisionMade', reason, now),
    ApprovalExpired: condition('True', 'Timeout', reason, now),
    Ready: condition('False', 'NotReady', reason, now),
  },
});

/** What is added once the expiry is in the trail. */
export const expiryRecorded = (now: Instant): JsonObject => ({ conditions: { AuditRecorded: recorded(now) } });
