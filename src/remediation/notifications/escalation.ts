import type { NotificationOrder } from '../children.ts';
import { nameOf } from '../orders.ts';
import type { Remediation } from '../state.ts';
import type { Transition } from '../transition.ts';
import { opening, shownTarget, signal, statusAfter, targetText } from './facts.ts';
import { order } from './notification.ts';
import { inline, line, lines, quoted } from './text.ts';

/** Word that a remediation has failed, for whoever must know although nobody is asked to decide anything. */
export function escalation(r: Remediation, t: Transition): NotificationOrder {
  const { completionStatus, routingStatus } = statusAfter(r, t);
  const failed = completionStatus?.failurePhase ?? '';
  const count = routingStatus?.consecutiveFailureCount;
  const blocked = r.state.phase === 'Blocked' ? r.state.reason : undefined;
  return order(r, {
    kind: 'escalation',
    prefix: 'nr-escalation',
    type: 'Escalation',
    priority: 'High',
    subject: `Remediation failed in ${failed}: ${signal(r)}`,
    body: [
      opening(r, 'Failed'),
      lines(
        line('Signal', signal(r)),
        line('Severity', inline(r.request.spec.severity)),
        line('Failed in', failed),
        line('Blocked because of', blocked),
        failed === 'Approval' ? line('Approval request', nameOf('RemediationApprovalRequest', r)) : '',
      ),
      quoted('Reason', completionStatus?.failureReason),
      line('Target', targetText(shownTarget(r))),
      lines(
        count === undefined ? '' : line('Failures in a row', String(count)),
        line('Next attempt allowed at', routingStatus?.nextAllowedExecution),
      ),
    ],
  });
}
