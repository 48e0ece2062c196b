import type { NotificationOrder } from '../children.ts';
import { childName } from '../names.ts';
import { isBlockedFor } from './block.ts';
import type { Remediation } from '../state.ts';
import type { RowId } from '../phases.ts';
import type { EventBody, Transition } from '../transition.ts';
import { analysisName, commonFacts, opening, rootCause, signal, sourceOf, statusAfter } from './facts.ts';
import { order, present } from './notification.ts';
import type { Priority } from './notification.ts';
import { inline, line, lines, quoted } from './text.ts';

/** Who found out that a person is needed, and what was found. */
interface Review {
  readonly source: 'AIAnalysis' | 'WorkflowExecution' | 'RoutingEngine';
  readonly reason: string;
  readonly subReason?: string | undefined;
  readonly humanReviewReason?: string | undefined;
  readonly message?: string | undefined;
  readonly priority: Priority;
}

const HIGH = new Set([
  'WorkflowNotFound',
  'ImageMismatch',
  'ParameterValidationFailed',
  'LLMParsingError',
  'DecisionExpired',
  'MaxRetriesExceeded',
  'TransientError',
  'PermanentError',
]);

/** How urgent a review is that the analysis asks for. */
const analysisPriority = (subReason: string | undefined): Priority =>
  subReason === 'alignment_check_failed' ? 'Critical' : HIGH.has(subReason ?? '') ? 'High' : 'Medium';

const FOUND_IN_THE_RESULT: { readonly [R in RowId]?: string } = {
  L15: 'RemediationTargetMissing',
  L17: 'UnusableWorkflow',
};

function byAnalysis(r: Remediation, t: Transition): Review {
  const status = r.children.AIAnalysis?.status;
  const humanReviewReason = status?.review?.humanReviewReason || undefined;
  const ownSubReason = status?.subReason || humanReviewReason;
  const base = { source: 'AIAnalysis', humanReviewReason } as const;
  if (t.row === 'L09') {
    const message = status?.message || t.ending?.message;
    return {
      ...base,
      reason: 'HumanReviewRequired',
      subReason: humanReviewReason ?? ownSubReason,
      message,
      priority: analysisPriority(humanReviewReason ?? ownSubReason),
    };
  }
  const found = FOUND_IN_THE_RESULT[t.row];
  const subReason = found === undefined ? ownSubReason : undefined;
  return {
    ...base,
    reason: found ?? (status?.reason || 'AnalysisFailed'),
    subReason,
    message: (found === undefined ? status?.message : undefined) || t.ending?.failure?.reason,
    priority: analysisPriority(subReason),
  };
}

/** What there is to review in this transition; undefined when there is nothing. */
function reviewOf(r: Remediation, t: Transition): Review | undefined {
  switch (t.row) {
    case 'L09':
    case 'L14':
    case 'L15':
    case 'L17':
      return byAnalysis(r, t);
    case 'L25': {
      const details = r.children.WorkflowExecution?.status.failureDetails;
      return {
        source: 'WorkflowExecution',
        reason: details?.reason || 'WorkflowExecutionFailed',
        message: details?.message || t.ending?.failure?.reason,
        priority: 'Critical',
      };
    }
    default: {
      if (!isBlockedFor(t, 'IneffectiveChain')) return undefined;
      const message = statusAfter(r, t).routingStatus?.blockMessage;
      return { source: 'RoutingEngine', reason: 'IneffectiveChain', message, priority: 'High' };
    }
  }
}

const reviewName = (r: Remediation): string => childName('nr-manual-review', r.request);

/** The request for a person's review. */
export function manualReview(r: Remediation, t: Transition): NotificationOrder | undefined {
  const review = reviewOf(r, t);
  if (review === undefined) return undefined;
  const { source, reason, subReason, humanReviewReason, message, priority } = review;
  const cause = rootCause(r);
  const readFrom = source === 'RoutingEngine' ? undefined : sourceOf(r, source);
  return order(r, {
    kind: 'manual review',
    prefix: 'nr-manual-review',
    type: 'ManualReview',
    priority,
    subject: `Manual Review Required: ${signal(r)}`,
    aiAnalysis: analysisName(r),
    context: {
      review: present({ reason, subReason, humanReviewReason, rootCauseAnalysis: cause }),
      ...(source === 'WorkflowExecution' ? { execution: {} } : {}),
    },
    more: { reviewSource: source },
    body: [
      opening(r, 'Manual Review Required'),
      commonFacts(r),
      lines(
        'What is expected of you: one of',
        '- mend the cause, then send the signal again',
        '- do the remediation by hand',
        '- decide that nothing is to be done, and dismiss this',
      ),
      lines(line('Asked by', source), line('Reason', inline(reason)), line('Sub-reason', inline(subReason ?? ''))),
      quoted('What it says', message),
      ...(readFrom?.kind === 'AIAnalysis' ? [{ fromSource: 'alignment' } as const] : []),
      isPlaceholder(cause) ? '' : quoted('Root cause', cause),
      ...(readFrom?.kind === 'AIAnalysis' ? [{ fromSource: 'warnings' } as const] : []),
      ...(readFrom?.kind === 'WorkflowExecution' ? [{ fromSource: 'execution' } as const] : []),
    ],
    source: readFrom,
  });
}

/** What the analysis writes when it has understood nothing. */
const PLACEHOLDERS = new Set(['failed to parse rca', 'no structured rca found']);
const isPlaceholder = (cause: string | undefined): boolean => PLACEHOLDERS.has((cause ?? '').trim().toLowerCase());

/** The event that tells of the request for a review; it goes before the move. */
export function reviewEvent(r: Remediation, t: Transition): EventBody | undefined {
  const review = reviewOf(r, t);
  if (review === undefined) return undefined;
  const { source, reason, subReason, humanReviewReason } = review;
  return {
    type: 'orchestrator.remediation.manual_review',
    action: 'manual_review_required',
    outcome: 'pending',
    severity: 'warning',
    data: {
      reason,
      ...present({ sub_reason: subReason, human_review_reason: humanReviewReason }),
      notification_name: reviewName(r),
      review_source: source,
    },
  };
}
