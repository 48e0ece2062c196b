import { decidedStatus, decisionOn } from '../../src/remediation/approval.ts';
import { incomplete } from '../../src/remediation/decide/analyzing.ts';
import { workflowExecution } from '../../src/remediation/orders.ts';
import type { KeptDecision, Remediation, RemediationIn } from '../../src/remediation/state.ts';
import { toRfc3339 } from '../../src/remediation/time.ts';
import {
  approvalExpired,
  approvedEvent,
  approvedUnusable,
  reject,
} from '../../src/remediation/transitions/awaiting-approval.ts';
import { enterBlock } from '../../src/remediation/transitions/block.ts';
import { startExecuting } from '../../src/remediation/transitions/executing.ts';
import { takeDecision } from '../../src/remediation/take.ts';
import type { Ports } from '../ports.ts';
import { expireApproval, noteExpiryRecorded, writeUnlessSettled } from './closing.ts';
import { countFailures, ensure, read, withChild } from './effects.ts';
import { finalPlan, targetHash } from './plan.ts';
import { route } from './routing.ts';
import { again, go } from './step.ts';
import type { Step, Taken } from './step.ts';

type In = RemediationIn<'AwaitingApproval'>;

/** A person has answered, or nobody has in time. */
export const awaitingApproval: Step<'AwaitingApproval'> = async (r, found, ports) => {
  switch (found.found) {
    case 'answered on the object':
      return again(await takeFromObject(r, ports));
    case 'approved':
      return execute(r, found.decision, ports);
    case 'rejected':
      return go(
        r,
        reject(r, found.decision, await countFailures(r, ports), ports.now()),
        closeDecided(r, found.decision, ports),
      );
    case 'approval overdue': {
      const reason = `Nobody decided by ${toRfc3339(r.state.approval.requiredBy)}`;
      const { remediation, hasNews } = await expireApproval(r, reason, ports);
      if (hasNews) return again(remediation);
      const expired = approvalExpired(r, await countFailures(r, ports), ports.now());
      return go(remediation, expired, (after) => noteExpiryRecorded(after, ports));
    }
  }
};

/** Reads the approval request once more before its decision counts. */
async function takeFromObject(r: In, ports: Ports): Promise<Remediation> {
  const reading = await read('RemediationApprovalRequest', r, ports);
  const seen = r.children.RemediationApprovalRequest;
  if (reading.kind === 'absent' || reading.child.kind !== 'RemediationApprovalRequest')
    return seen === undefined ? r : withChild(r, { ...seen, gone: true });
  const rar = reading.child as NonNullable<typeof seen>;
  const decision = decisionOn(rar, r.state.approval, ports.now());
  const known: Remediation = withChild(r, rar);
  return decision === undefined ? known : takeDecision(known, decision);
}

async function execute(r: In, decision: KeptDecision, ports: Ports): Promise<Taken<'L19' | 'L20' | 'L23' | 'L42'>> {
  const final = await finalPlan(r, r.state.plan, ports);
  const error = 'error' in final ? final.error : incomplete(final.plan.workflow);
  if ('error' in final || error !== undefined) {
    const failures = await countFailures(r, ports);
    return go(r, approvedUnusable(r, decision, error ?? '', failures, ports.now()), closeDecided(r, decision, ports));
  }
  const { plan } = final;
  const hash = await targetHash(r, plan, ports);
  const routed = await route(r, 'after approval', plan, ports);
  const now = ports.now();
  const event = approvedEvent(r, decision, now);
  if (!routed.isAdmitted) {
    const blocked = enterBlock('L20', r, routed.blocking, { plan, before: [event] }, now);
    return go(r, blocked, closeDecided(r, decision, ports));
  }
  const made = await ensure('WorkflowExecution', r, workflowExecution(r, plan, now, routed.token), ports);
  if (!made.made) return made.taken;
  return go(
    made.remediation,
    startExecuting('L19', r, plan, made.ensured, {
      now,
      hash,
      targetToken: routed.token,
      approved: { decision, event },
    }),
    closeDecided(r, decision, ports),
  );
}

/** Once the decision is in the trail, the approval request says so. */
const closeDecided =
  (r: In, decision: KeptDecision, ports: Ports) =>
  async (after: Remediation): Promise<Remediation> => {
    const rar = after.children.RemediationApprovalRequest;
    if (rar === undefined || rar.gone === true) return after;
    const status = decidedStatus(decision, r.state.approval, ports.now());
    const written = await writeUnlessSettled({ child: rar, status }, () => false, ports, 0);
    return withChild(after, written.child);
  };
