import type { NotificationOrder } from '../children.ts';
import type { Remediation } from '../state.ts';
import type { BlockReason, RoutingStatus } from '../status.ts';
import type { Transition } from '../transition.ts';
import { opening, shownTarget, signal, statusAfter, targetText } from './facts.ts';
import { order } from './notification.ts';
import { inline, line, lines, quoted } from './text.ts';

const NEEDS_SOMEBODY = new Set<BlockReason>(['ConsecutiveFailures', 'UnmanagedResource']);
const BLOCKING_ROWS = new Set(['L04', 'L13', 'L20', 'L39']);

/** Whether the transition leads into a block of our own for this reason. */
export const isBlockedFor = (t: Transition, reason: BlockReason): boolean => blockReasonOf(t) === reason;

/** Why the transition blocks; undefined when it does not, or somebody else blocked. */
const blockReasonOf = (t: Transition): BlockReason | undefined =>
  BLOCKING_ROWS.has(t.row) && t.to.phase === 'Blocked' ? t.to.reason : undefined;

/** The prefix of the one notification of a remediation about blocks of this reason. */
const blockPrefix = (reason: BlockReason): string => `nr-block-${reason.toLowerCase()}`;

/** Word that a remediation has to wait, and for what. A chain that does not help is a matter for a review instead. */
export function block(r: Remediation, t: Transition): NotificationOrder | undefined {
  const reason = blockReasonOf(t);
  if (reason === undefined || reason === 'IneffectiveChain') return undefined;
  if (reason === 'DuplicateInProgress' && !r.settings.notifications.blockDuplicates) return undefined;
  const routing = statusAfter(r, t).routingStatus ?? {};
  const isUrgent = NEEDS_SOMEBODY.has(reason);
  return order(r, {
    kind: 'block',
    prefix: blockPrefix(reason),
    type: isUrgent ? 'Escalation' : 'StatusUpdate',
    priority: isUrgent ? 'High' : 'Low',
    subject: `Remediation blocked (${reason}): ${signal(r)}`,
    body: [
      opening(r, `Blocked (${reason})`),
      lines(line('Signal', signal(r)), line('Severity', inline(r.request.spec.severity))),
      quoted('Message', routing.blockMessage),
      line('Target', targetText(shownTarget(r))),
      lines(line('Waits for', waitsFor(reason, routing)), line('Until', routing.blockedUntil)),
      reason === 'UnmanagedResource'
        ? 'To let it go on, label the target or its namespace: kubernaut.ai/managed=true'
        : '',
    ],
  });
}

function waitsFor(reason: BlockReason, routing: RoutingStatus): string {
  switch (reason) {
    case 'DuplicateInProgress':
      return `the end of RemediationRequest ${inline(routing.duplicateOf ?? 'that is the original')}`;
    case 'ResourceBusy':
      return `the end of WorkflowExecution ${inline(routing.blockingWorkflowExecution ?? 'that holds the target')}`;
    case 'RecentlyRemediated':
      return `time to pass since WorkflowExecution ${inline(routing.blockingWorkflowExecution ?? 'that ran last')}`;
    case 'ConsecutiveFailures':
      return 'the cooldown after repeated failures; then it ends as failed';
    case 'ExponentialBackoff':
      return 'the next attempt after a failure to be allowed';
    case 'UnmanagedResource':
      return 'the target to be managed';
    case 'IneffectiveChain':
      return 'a person';
  }
}
