/** What is known of a plan right before it is run: the workflow with the approver's changes, and the state of its target. */
import { applyOverride } from '../../src/remediation/override.ts';
import type { Plan, Remediation } from '../../src/remediation/state.ts';
import type { TargetHash } from '../../src/remediation/target-hash.ts';
import type { Ports } from '../ports.ts';

export type FinalPlan = { readonly plan: Plan } | { readonly error: string };

/** The analysed plan as the kept decision changes it; an error when it cannot be run like that. The catalogue is read at this moment. */
export async function finalPlan(r: Remediation, analysed: Plan, ports: Ports): Promise<FinalPlan> {
  const override = r.decision?.override;
  if (override === undefined) return { plan: analysed };
  const name = override.workflowName;
  const named = name ? await ports.readCatalogue({ namespace: r.request.namespace, name }) : undefined;
  const result = applyOverride(analysed.workflow, override, named);
  return result.kind === 'usable' ? { plan: { ...analysed, workflow: result.workflow } } : { error: result.error };
}

/** The hash of the target's state as it is now. Targets outside Kubernetes have none. */
export function targetHash(r: Remediation, { target }: Plan, ports: Ports): Promise<TargetHash> {
  const { targetType, clusterID } = r.request.spec;
  if (targetType !== 'kubernetes') return Promise.resolve({ kind: 'none' });
  return ports.captureHash({ target, ...(clusterID === undefined ? {} : { clusterID }) });
}
