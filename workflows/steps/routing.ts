/** Asks routing on behalf of a step. */
import { questionOf } from '../../src/remediation/routing/asking.ts';
import type { Asking } from '../../src/remediation/routing/question.ts';
import type { LivePhase } from '../../src/remediation/phases.ts';
import type { Plan, Remediation, RemediationIn } from '../../src/remediation/state.ts';
import type { Blocking } from '../../src/remediation/transitions/block.ts';
import { TakenOver } from '../ports.ts';
import type { Ports } from '../ports.ts';

/** The remediation may go on, under this token if it claimed a target; or it is blocked. */
export type Routed =
  | { readonly isAdmitted: true; readonly token: number | undefined }
  | { readonly isAdmitted: false; readonly blocking: Blocking };

/** May it go on? Throws TakenOver when it is not this run's to ask any more. */
export async function route(
  r: RemediationIn<LivePhase>,
  asking: Asking,
  plan: Plan | undefined,
  ports: Ports,
  preHash?: string,
): Promise<Routed> {
  const moment = { now: ports.now(), random: ports.random(), ...(preHash === undefined ? {} : { preHash }) };
  const answer = await ports.route(questionOf(r, asking, plan, moment));
  switch (answer.answer) {
    case 'admitted':
      return { isAdmitted: true, token: answer.token };
    case 'blocked':
      return { isAdmitted: false, blocking: answer };
    case 'over':
      throw new TakenOver();
  }
}

/** Which question a remediation asks that has been analysed. */
export const askingOf = (r: Remediation): Asking =>
  r.decision?.decision === 'Approved' ? 'after approval' : 'after analysis';

/** The remediation, woken at once when what blocks it is over already. */
export const wokenIfOver = <R extends Remediation>(r: R, { block }: Blocking): R =>
  block.isOver === true ? { ...r, isWoken: true } : r;
