import type { NotificationOrder } from '../children.ts';
import { formatDuration } from '../durations.ts';
import type { Plan, Remediation } from '../state.ts';
import { parseTime } from '../time.ts';
import type { Instant } from '../time.ts';
import type { Transition } from '../transition.ts';
import {
  analysisName,
  commonFacts,
  opening,
  rootCause,
  rootCauseBlock,
  signal,
  statusAfter,
  workflowText,
} from './facts.ts';
import { order, present } from './notification.ts';
import { inline, line, lines, quoted } from './text.ts';
import { verification } from './verification.ts';

/** What an outcome means to whoever reads only the first lines. */
const MEANING: Readonly<Record<string, string>> = {
  Remediated: 'Remediated',
  Inconclusive: 'Inconclusive: the workflow ran, but whether it helped is in doubt',
  VerificationTimedOut: 'VerificationTimedOut: the workflow ran, but its effect could not be verified in time',
};

/** The plan that was run. */
const planOf = ({ state }: Remediation): Plan | undefined =>
  state.phase === 'Executing' || state.phase === 'Verifying' ? state.plan : undefined;

/** Word that a workflow has run to its end, and how that turned out. */
export function completion(r: Remediation, t: Transition, now: Instant): NotificationOrder {
  const after = statusAfter(r, t);
  const outcome = after.completionStatus?.outcome ?? 'Remediated';
  const plan = planOf(r);
  const { workflow } = plan ?? {};
  const checked = verification(r, after);
  const tookMs = now - (parseTime(r.status.startTime) ?? now);
  return order(r, {
    kind: 'completion',
    prefix: 'nr-completion',
    type: 'Completion',
    priority: 'Low',
    subject: `Remediation Completed (${outcome}): ${signal(r)}`,
    aiAnalysis: analysisName(r),
    context: {
      workflow: present({
        workflowId: workflow?.workflowId,
        executionEngine: workflow?.executionEngine,
        workflowName: workflow?.workflowName,
        actionType: workflow?.actionType,
      }),
      analysis: present({ rootCause: rootCause(r), outcome }),
      verification: checked.context,
    },
    body: [
      opening(r, MEANING[outcome] ?? outcome),
      commonFacts(r),
      rootCauseBlock(r),
      lines(
        line('Workflow executed', plan === undefined ? '' : workflowText(plan)),
        line('Engine', inline(workflow?.executionEngine ?? '')),
      ),
      quoted('Why this workflow was chosen', workflow?.rationale),
      checked.text,
      lines(
        line('Total time', formatDuration(Math.max(0, tookMs))),
        line('Approved by', r.decision?.decision === 'Approved' ? inline(r.decision.by) : ''),
      ),
    ],
  });
}
