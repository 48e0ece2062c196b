import type { NotificationOrder } from '../children.ts';
import type { Remediation } from '../state.ts';
import type { Transition } from '../transition.ts';
import { analysisName, commonFacts, opening, rootCause, rootCauseBlock, signal, statusAfter } from './facts.ts';
import { order, present } from './notification.ts';
import { line, quoted } from './text.ts';

/** Word that the problem went away by itself; only for those who want it. */
export function selfResolved(r: Remediation, t: Transition): NotificationOrder | undefined {
  if (t.row !== 'L08' || !r.settings.notifications.selfResolved) return undefined;
  const heldBack = t.ending?.noAction?.suppressedUntil;
  return order(r, {
    kind: 'self-resolved',
    prefix: 'nr-self-resolved',
    type: 'StatusUpdate',
    priority: 'Low',
    subject: `Resolved without action: ${signal(r)}`,
    aiAnalysis: analysisName(r),
    context: { analysis: present({ rootCause: rootCause(r), outcome: 'NoActionRequired' }) },
    body: [
      opening(r, 'resolved without action'),
      commonFacts(r),
      quoted('What the analysis said', r.children.AIAnalysis?.status.message),
      rootCauseBlock(r),
      heldBack === undefined
        ? ''
        : line('The same signal is held back until', statusAfter(r, t).routingStatus?.nextAllowedExecution),
      'Nothing was done.',
    ],
  });
}
