/** The target of an execution: the key that executions exclude each other by, and when it is free again. */
import { targetString } from '../request.ts';
import { isEnded } from '../snapshots.ts';
import type { Plan, Remediation } from '../state.ts';
import { isTerminal } from '../phases.ts';
import type { Transition } from '../transition.ts';
import type { Intent } from './question.ts';

/** Cluster, namespace of the request and target in one key. Letter case does not tell targets apart: an analysis may write a Kind in any. */
export const claimKey = (r: Pick<Remediation, 'request'>, target: Plan['target']): string =>
  keyOf(r.request.spec.clusterID ?? '', r.request.namespace, targetString(target));

/** The same from its parts. */
export const keyOf = (cluster: string, namespace: string, target: string): string =>
  [cluster, namespace, target].join('|').toLowerCase();

/** What routing is told of a plan. */
export const intentOf = (r: Pick<Remediation, 'request'>, { workflow, target }: Plan): Intent => ({
  targetKey: claimKey(r, target),
  target: targetString(target),
  workflowId: workflow.workflowId ?? '',
  cluster: r.request.spec.clusterID ?? '',
  resource: target,
});

/**
 * Whether the target is free once this transition is made: the execution is over, was closed by this very step, or
 * never was. An execution that may still run keeps its target, whatever becomes of the remediation.
 */
export function endsExecution({ state, children }: Remediation, { to, children: touched }: Transition): boolean {
  if (state.phase === 'Executing' && to.phase === 'Verifying') return true;
  if (!isTerminal(to.phase) || state.phase === 'Verifying') return false;
  const execution = children.WorkflowExecution;
  if (execution === undefined || execution.gone === true || isEnded(execution)) return mayHaveClaimed(state);
  return touched.some(({ kind, action }) => kind === 'WorkflowExecution' && action === 'cascaded');
}

const mayHaveClaimed = (state: Remediation['state']): boolean =>
  state.phase === 'Blocked' ? state.origin === 'Analyzing' : state.phase !== 'Pending' && state.phase !== 'Processing';
