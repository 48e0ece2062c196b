import { incomplete } from '../../src/remediation/decide/analyzing.ts';
import { phaseEnd } from '../../src/remediation/deadlines.ts';
import { approvalRequest, workflowExecution } from '../../src/remediation/orders.ts';
import type { Plan, RemediationIn } from '../../src/remediation/state.ts';
import { parseTime, toSecond } from '../../src/remediation/time.ts';
import {
  analysed,
  analysisTimedOut,
  askApproval,
  dryRun,
  failAnalysis,
  nothingToDo,
  reviewNeeded,
} from '../../src/remediation/transitions/analyzing.ts';
import { enterBlock } from '../../src/remediation/transitions/block.ts';
import { startExecuting } from '../../src/remediation/transitions/executing.ts';
import type { Ports } from '../ports.ts';
import { closeRunning } from './closing.ts';
import { countFailures, ensure } from './effects.ts';
import { finalPlan, targetHash } from './plan.ts';
import { askingOf, route } from './routing.ts';
import { again, go } from './step.ts';
import type { Step, Taken } from './step.ts';

type In = RemediationIn<'Analyzing'>;

/** The analysis has spoken: ends here, asks a person, or runs the workflow. */
export const analyzing: Step<'Analyzing'> = async (r, found, ports) => {
  switch (found.found) {
    case 'nothing to do':
      return go(r, nothingToDo(r, ports.now()));
    case 'review needed':
      return go(r, reviewNeeded(r, ports.now()));
    case 'dry run':
      return go(r, dryRun(r, ports.now()));
    case 'analysis failed':
      return go(r, failAnalysis('L14', r, found.error, await countFailures(r, ports), ports.now()));
    case 'unusable workflow':
      return go(r, failAnalysis('L17', r, found.error, await countFailures(r, ports), ports.now()));
    case 'no target':
      return go(
        r,
        failAnalysis('L15', r, 'the analysis names no target to remediate', await countFailures(r, ports), ports.now()),
      );
    case 'approval needed':
      return ask(r, found.plan, ports);
    case 'workflow chosen':
      return execute(r, found.plan, ports);
    case 'analysis overdue': {
      const { remediation, closed, hasNews } = await closeRunning(r, 'TimedOut', ports);
      if (hasNews) return again(remediation);
      return go(remediation, analysisTimedOut(r, closed, await countFailures(r, ports), ports.now()));
    }
  }
};

async function ask(r: In, plan: Plan, ports: Ports): Promise<Taken<'L11' | 'L42'>> {
  const now = ports.now();
  const requiredBy = toSecond(phaseEnd(r, now, r.settings.timeouts.awaitingApproval));
  const made = await ensure('RemediationApprovalRequest', r, approvalRequest(r, plan, requiredBy, now), ports);
  if (!made.made) return made.taken;
  const { uid, planDigest = '', requiredBy: asked } = made.ensured.child;
  const approval = { uid, planDigest, requiredBy: parseTime(asked) ?? requiredBy, requestedAt: now };
  return go(made.remediation, askApproval(made.remediation, plan, approval, made.ensured, now));
}

async function execute(r: In, proposed: Plan, ports: Ports): Promise<Taken<'L12' | 'L13' | 'L17' | 'L42'>> {
  const final = await finalPlan(r, proposed, ports);
  if ('error' in final) return go(r, failAnalysis('L17', r, final.error, await countFailures(r, ports), ports.now()));
  const { plan } = final;
  const hash = await targetHash(r, plan, ports);
  const routed = await route(r, askingOf(r), plan, ports, hash.kind === 'hash' ? hash.hash : undefined);
  if (!routed.isAdmitted) {
    const conditions = { AIAnalysisComplete: analysed };
    return go(r, enterBlock('L13', r, routed.blocking, { plan, conditions }, ports.now()));
  }
  const missing = incomplete(plan.workflow);
  if (missing !== undefined) return go(r, failAnalysis('L17', r, missing, await countFailures(r, ports), ports.now()));
  const now = ports.now();
  const made = await ensure('WorkflowExecution', r, workflowExecution(r, plan, now, routed.token), ports);
  if (!made.made) return made.taken;
  return go(made.remediation, startExecuting('L12', r, plan, made.ensured, { now, hash, targetToken: routed.token }));
}
