/** From what is known of a remediation to the question that routing is asked. */
import { registration } from '../registration.ts';
import type { Plan, Remediation } from '../state.ts';
import { parseTime } from '../time.ts';
import type { Instant } from '../time.ts';
import type { Asking, PresentBlock, RoutingQuestion } from './question.ts';
import { intentOf } from './target.ts';

/** A question without its number, which the one who asks keeps count of. */
export type Question = Omit<RoutingQuestion, 'ask'>;

/** May this remediation go on, with this plan once it has one? */
export function questionOf(
  r: Remediation,
  asking: Asking,
  plan: Plan | undefined,
  moment: { readonly now: Instant; readonly random: number; readonly preHash?: string },
): Question {
  const { settings, status, request, state } = r;
  const nextAllowedExecution = parseTime(status.routingStatus?.nextAllowedExecution);
  const preHash = moment.preHash ?? status.operatorAudit?.preRemediationSpecHash;
  return {
    request: registration(r),
    generation: r.generation,
    step: r.step + 1,
    asking,
    at: moment.now,
    random: moment.random,
    signalTarget: request.spec.targetResource,
    lifted: r.lifted ?? [],
    limits: {
      ...settings.routing,
      consecutiveFailureThreshold: settings.consecutiveFailureThreshold,
      retentionPeriod: settings.retentionPeriod,
    },
    ...(plan === undefined ? {} : { intent: intentOf(r, plan) }),
    ...(preHash === undefined ? {} : { preHash }),
    ...(nextAllowedExecution === undefined ? {} : { nextAllowedExecution }),
    ...(state.phase === 'Blocked' ? { present: presentBlock(r, state.reason) } : {}),
  };
}

function presentBlock({ status: { routingStatus } }: Remediation, reason: PresentBlock['reason']): PresentBlock {
  const blockingExecution = routingStatus?.blockingWorkflowExecution;
  return {
    reason,
    retries: routingStatus?.consecutiveFailureCount ?? 0,
    ...(blockingExecution === undefined ? {} : { blockingExecution }),
  };
}
