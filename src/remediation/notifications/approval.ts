import type { NotificationOrder } from '../children.ts';
import { formatDuration } from '../durations.ts';
import { approvalReason, nameOf } from '../orders.ts';
import type { Remediation } from '../state.ts';
import { toRfc3339 } from '../time.ts';
import type { Instant } from '../time.ts';
import type { Transition } from '../transition.ts';
import { analysisName, commonFacts, opening, rootCauseBlock, signal, workflowText } from './facts.ts';
import { order, present } from './notification.ts';
import type { Priority } from './notification.ts';
import { inline, line, lines, quoted } from './text.ts';

const BY_BUSINESS_PRIORITY: Readonly<Record<string, Priority>> = { P0: 'Critical', P1: 'High', P2: 'Medium' };

/** The bell that goes with the question to a person; the question itself is the RemediationApprovalRequest. */
export function approval(r: Remediation, t: Transition, now: Instant): NotificationOrder | undefined {
  if (t.to.phase !== 'AwaitingApproval') return undefined;
  const { plan, approval: asked } = t.to;
  const { workflow } = plan;
  const confidence = workflow.confidence ?? 0;
  // The analysis is given the same priority, and the same default, when it is created.
  const business = r.children.SignalProcessing?.status.priorityAssignment?.priority || 'P2';
  return order(r, {
    kind: 'approval',
    prefix: 'nr-approval',
    type: 'Approval',
    priority: BY_BUSINESS_PRIORITY[business] ?? 'Low',
    subject: `Approval required: ${signal(r)}`,
    aiAnalysis: analysisName(r),
    context: {
      workflow: present({
        selectedWorkflow: workflow.workflowId,
        confidence: confidence.toFixed(2),
        workflowName: workflow.workflowName,
        actionType: workflow.actionType,
      }),
      analysis: { approvalReason: approvalReason(r) },
    },
    body: [
      opening(r, 'pending approval'),
      commonFacts(r),
      rootCauseBlock(r),
      line('Confidence', `${(confidence * 100).toFixed(0)} %`),
      line('Proposed workflow', workflowText(plan)),
      quoted('Why approval is needed', asksBecause(r)),
      lines(
        line(
          'Decide by',
          `${toRfc3339(asked.requiredBy)} (${formatDuration(Math.max(0, asked.requiredBy - now))} left)`,
        ),
        'After that the remediation ends as not approved.',
      ),
      howToAnswer(r),
      quoted('Why this workflow was chosen', workflow.rationale),
    ],
  });
}

const asksBecause = (r: Remediation): string =>
  r.children.AIAnalysis?.status.approval?.approvalContext?.reason || approvalReason(r);

function howToAnswer(r: Remediation): string {
  const { namespace, name } = r.request;
  const patch = `'{"status":{"decision":"Approved"}}'`;
  return lines(
    'How to answer (or Rejected instead of Approved, reject instead of approve):',
    `- in the console, under ${inline(name)}`,
    `- kubectl patch rar ${nameOf('RemediationApprovalRequest', r)} -n ${namespace} --subresource=status --type=merge -p ${patch}`,
    `- rrctl approve ${name} -n ${namespace}`,
  );
}
