/** Transitions that ask for a notification, and what a notification looks like afterwards. */
import type { NotificationAnswer, NotificationKind, NotificationOrder } from '../../src/remediation/children.ts';
import { notificationsFor } from '../../src/remediation/notifications/index.ts';
import { specOf } from '../../src/remediation/notifications/source.ts';
import type { JsonObject } from '../../src/remediation/json.ts';
import type { RowId } from '../../src/remediation/phases.ts';
import type { AIAnalysisStatus, ChildSnapshot, NotificationStatus } from '../../src/remediation/snapshots.ts';
import type { Remediation } from '../../src/remediation/state.ts';
import type { BlockReason } from '../../src/remediation/status.ts';
import { transition } from '../../src/remediation/transition.ts';
import type { Transition } from '../../src/remediation/transition.ts';
import { askApproval, failAnalysis, nothingToDo, reviewNeeded } from '../../src/remediation/transitions/analyzing.ts';
import { failExecution } from '../../src/remediation/transitions/executing.ts';
import { outOfTime } from '../../src/remediation/transitions/interrupted.ts';
import { failProcessing, processingTimedOut } from '../../src/remediation/transitions/processing.ts';
import { conclude } from '../../src/remediation/transitions/verifying.ts';
import { aPlan, aRemediation, withStatus } from './remediation.ts';
import { aRequest, aSettings, MINUTE, START } from './request.ts';
import { aChild, analysed, assessed, inNeedOfApproval } from './snapshots.ts';

/** A remediation with a transition that it takes. */
export interface Taken {
  readonly r: Remediation;
  readonly t: Transition;
}

export const NOW = START + 10 * MINUTE;
const FAILURES = { count: 1, random: 0.5 };

/** The wish for every notification there is. */
const allWanted = aSettings({ notifications: { selfResolved: true, blockDuplicates: true } });

/** A transition into a block for this reason. */
export function blocked(reason: BlockReason, changes: Partial<Remediation> = {}): Taken {
  const r = aRemediation('Analyzing', changes);
  const to = { phase: 'Blocked', since: NOW, reason, origin: 'Analyzing' } as const;
  const routingStatus = { blockReason: reason, blockMessage: `held back: ${reason}` };
  return { r, t: transition('L13', to, { delta: { routingStatus } }) };
}

/** One example of each kind. */
export const EXAMPLES: { readonly [K in NotificationKind]: (changes?: Partial<Remediation>) => Taken } = {
  approval: (changes = {}) => {
    const r = withStatus(aRemediation('Analyzing', changes), 'AIAnalysis', inNeedOfApproval({ confidence: 0.85 }));
    const child = aChild('RemediationApprovalRequest');
    const asked = { uid: child.uid, planDigest: 'digest', requiredBy: NOW + 15 * MINUTE, requestedAt: NOW };
    const plan = aPlan({ workflow: { ...aPlan().workflow, confidence: 0.85 } });
    return { r, t: askApproval(r, plan, asked, { child, wasCreated: true }, NOW) };
  },
  'manual review': (changes = {}) => {
    const review = { needsHumanReview: true, humanReviewReason: 'workflow_not_found' };
    const status = { phase: 'Failed', reason: 'WorkflowResolutionFailed', message: 'no workflow fits', review };
    const r = withStatus(aRemediation('Analyzing', changes), 'AIAnalysis', status);
    return { r, t: reviewNeeded(r, NOW) };
  },
  'self-resolved': (changes = {}) => {
    const status = { ...analysed(), reason: 'WorkflowNotNeeded', message: 'memory is back to normal' };
    const r = withStatus(aRemediation('Analyzing', { settings: allWanted, ...changes }), 'AIAnalysis', status);
    return { r, t: nothingToDo(r, NOW) };
  },
  completion: (changes = {}) => {
    const r = withStatus(aRemediation('Verifying', changes), 'EffectivenessAssessment', assessed);
    return { r, t: conclude(r, 'Remediated', FAILURES, NOW) };
  },
  bulk: (changes = {}) => {
    const base = aRemediation('Verifying');
    const routingStatus = { duplicateCount: 5, duplicateRefs: ['rr-2', 'rr-3', 'rr-4', 'rr-5', 'rr-6'] };
    return EXAMPLES.completion({ status: { ...base.status, routingStatus }, ...changes });
  },
  escalation: (changes = {}) => {
    const r = aRemediation('Processing', changes);
    return { r, t: failProcessing(r, 'no such namespace', FAILURES, NOW) };
  },
  block: (changes = {}) => blocked('DuplicateInProgress', changes),
  'global timeout': (changes = {}) => {
    const r = aRemediation('Executing', changes);
    const closed = { kind: 'WorkflowExecution', name: 'we-rr-1', uid: 'u', action: 'cascaded' } as const;
    return { r, t: outOfTime(r, [closed], FAILURES, NOW) };
  },
  'phase timeout': (changes = {}) => {
    const r = aRemediation('Processing', changes);
    return { r, t: processingTimedOut(r, [], FAILURES, NOW) };
  },
};

/** The review that a failed execution asks for. */
export const failedExecution = (): Taken => {
  const status = {
    phase: 'Failed',
    failureDetails: { reason: 'TaskFailed', message: 'exit 1', wasExecutionFailure: true },
  };
  const r = withStatus(aRemediation('Executing'), 'WorkflowExecution', status);
  return { r, t: failExecution(r, { error: 'exit 1', wasExecutionFailure: true }, FAILURES, NOW) };
};

/** The review that an analysis asks for that has failed, or came to something that cannot be used. */
export function failedAnalysis(row: 'L14' | 'L15' | 'L17', status: AIAnalysisStatus): Taken {
  const r = withStatus(aRemediation('Analyzing'), 'AIAnalysis', status);
  return { r, t: failAnalysis(row, r, 'the detail', FAILURES, NOW) };
}

/** What the transition asks for, of this kind. */
export const orderOf = ({ r, t }: Taken, kind: NotificationKind): NotificationOrder | undefined =>
  notificationsFor(r, t, NOW).find((order) => order.kind === kind);

/** The spec that a notification of this kind gets. */
export function specFor(kind: NotificationKind, taken: Taken = EXAMPLES[kind](), source?: JsonObject): JsonObject {
  const order = orderOf(taken, kind);
  if (order === undefined) throw new Error(`no ${kind} is asked for`);
  return specOf(order, source);
}

/** A notification as it was last seen. */
export const aNotification = (
  name: string,
  status: NotificationStatus = {},
  changes: Partial<ChildSnapshot<'NotificationRequest'>> = {},
): ChildSnapshot<'NotificationRequest'> => ({
  kind: 'NotificationRequest',
  namespace: aRequest().namespace,
  name,
  uid: `${name}-uid`,
  resourceVersion: '100',
  ownerUid: aRequest().uid,
  status,
  ...changes,
});

/** The answer that an order was carried out. */
export const created = ({ name }: NotificationOrder): NotificationAnswer => ({
  kind: 'created',
  child: aNotification(name),
});

/** The transition of this row with nothing in it. */
export const bare = (row: RowId, r: Remediation): Transition => transition(row, r.state as never, {});
