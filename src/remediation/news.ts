/** Whether what the watcher saw could make a workflow decide differently. Every needless signal costs state transitions. */
import { INPUT_FIELDS, isEnded } from './snapshots.ts';
import type { AnyChildSnapshot, InputField, RequestSnapshot, Snapshot } from './snapshots.ts';
import type { Json } from './json.ts';
import { sameJson } from './json.ts';
import type { Status } from './status.ts';
import { asJson } from './status.ts';

/**
 * What a change is worth: `urgent` is never held back; `soon` goes at once, but at most once a second for one object;
 * `may-wait` goes within a second, with whatever comes until then.
 */
export type Weight = 'none' | 'may-wait' | 'soon' | 'urgent';

/** What the step from one snapshot of an object to the next is worth. Without a previous one: against an object that was just made. */
export function weightOf(previous: Snapshot | undefined, next: Snapshot): Weight {
  if (next.kind === 'RemediationRequest')
    return weightOfRequest(previous?.kind === 'RemediationRequest' ? previous : undefined, next);
  return weightOfChild(previous?.kind === 'RemediationRequest' ? undefined : previous, next);
}

/** Whether a workflow could decide differently for knowing `next`. */
export const isNews = (previous: Snapshot | undefined, next: Snapshot): boolean => weightOf(previous, next) !== 'none';

/** The state of a child that a workflow is bound to have consumed before it moves on: its end, or an answer. */
export const isConclusive = (child: AnyChildSnapshot): boolean =>
  child.kind === 'RemediationApprovalRequest' ? (child.status.decision ?? '') !== '' : isEnded(child);

function weightOfChild(previous: AnyChildSnapshot | undefined, next: AnyChildSnapshot): Weight {
  const concluded = previous !== undefined && isConclusive(previous);
  if (next.gone === true) return previous?.gone === true || concluded ? 'none' : 'urgent';
  if (isConclusive(next)) return concluded && sameAnswer(previous, next) ? 'none' : 'urgent';
  if (concluded) return 'none';
  return sameJson(waitingFacts(previous), waitingFacts(next)) ? 'none' : 'may-wait';
}

/** An end is final whatever is written after it; but late decisions are recorded, and an execution may still name the one it duplicates. */
function sameAnswer(previous: AnyChildSnapshot, next: AnyChildSnapshot): boolean {
  return sameJson(answerOf(previous), answerOf(next));
}

function answerOf(child: AnyChildSnapshot): Json {
  switch (child.kind) {
    case 'RemediationApprovalRequest': {
      const { decision, decidedBy, decisionMessage, workflowOverride } = child.status;
      return [decision ?? '', decidedBy ?? '', decisionMessage ?? '', asValue(workflowOverride)];
    }
    case 'WorkflowExecution':
      return [child.status.failureDetails?.reason ?? '', child.status.deduplicatedBy ?? ''];
    default:
      return [];
  }
}

/** What a decision reads of a child that has not ended. Phase words that mean "wait" are all the same. */
function waitingFacts(child: AnyChildSnapshot | undefined): Json {
  switch (child?.kind) {
    case 'AIAnalysis': {
      const { startedAt, completedAt } = child.status.interactiveSession ?? {};
      return [startedAt ?? '', completedAt ?? ''];
    }
    case 'EffectivenessAssessment':
      return [child.status.validityDeadline ?? '', ''];
    case 'NotificationRequest':
      return [deliveryWord(child.status.phase), ''];
    default:
      return ['', ''];
  }
}

/** The words of a notification that its mirror shows; the others change nothing. */
const deliveryWord = (phase = ''): string => (['Sending', 'Sent', 'Failed'].includes(phase) ? phase : '');

function weightOfRequest(previous: RequestSnapshot | undefined, next: RequestSnapshot): Weight {
  if (next.gone === true) return previous?.gone === true ? 'none' : 'urgent';
  if (next.deletionTimestamp !== undefined && previous?.deletionTimestamp === undefined) return 'urgent';
  return inputsChanged(previous, next) || (previous !== undefined && lost(previous.status, next.status))
    ? 'soon'
    : 'none';
}

/** An input that somebody else wrote: another value than before, or one that was ours before. */
const inputsChanged = (previous: RequestSnapshot | undefined, next: RequestSnapshot): boolean =>
  next.foreign.some(
    (field) =>
      previous === undefined ||
      !previous.foreign.includes(field) ||
      !sameJson(inputOf(previous.status, field), inputOf(next.status, field)),
  );

/** The product itself empties these when a block or a verification ends. */
const EMPTIED_BY_US: readonly InputField[] = [
  'routingStatus.blockedUntil',
  'routingStatus.nextAllowedExecution',
  'phaseProgress.verificationDeadline',
  'retentionExpiryTime',
];

/** Something is missing, or a reference points elsewhere, that the product never takes away. */
function lost(previous: Status, next: Status): boolean {
  const refs = [
    'signalProcessingRef',
    'aiAnalysisRef',
    'workflowExecutionRef',
    'effectivenessAssessmentRef',
  ] as const satisfies readonly (keyof NonNullable<Status['phaseProgress']>)[];
  const { timeoutConfig: before = {} } = previous;
  const { timeoutConfig: after = {} } = next;
  return (
    refs.some((ref) => {
      const name = previous.phaseProgress?.[ref]?.name;
      return name !== undefined && next.phaseProgress?.[ref]?.name !== name;
    }) ||
    INPUT_FIELDS.some(
      (field) =>
        !EMPTIED_BY_US.includes(field) && inputOf(previous, field) !== undefined && inputOf(next, field) === undefined,
    ) ||
    Object.entries(before).some(([key, value]) => value !== undefined && !Object.keys(after).includes(key))
  );
}

/** The value of an input field. */
const inputOf = (status: Status, field: InputField): Json | undefined =>
  field
    .split('.')
    .reduce<Json | undefined>(
      (at, key) => (typeof at === 'object' && at !== null && !Array.isArray(at) ? (at as JsonMembers)[key] : undefined),
      asJson(status),
    );

type JsonMembers = Readonly<Record<string, Json | undefined>>;

const asValue = (value: object | undefined): Json => (value === undefined ? null : JSON.stringify(value));
