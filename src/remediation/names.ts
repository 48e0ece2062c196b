/** Every name the product derives. A derived name makes an effect repeatable: who tries again finds what is there. */
import type { RemediationRequest } from './request.ts';

/** The id of the workflow that carries the RemediationRequest of this uid. */
export const workflowId = (uid: string): string => `rr-${uid}`;

/** Kubernetes writes of the product carry this field manager; the watcher tells own writes from foreign ones by it. */
export const FIELD_MANAGER = 'remediation-orchestrator';

/** Actor of audit events and source component of Kubernetes Events, as upstream names its controller. */
export const CONTROLLER_NAME = 'remediationorchestrator-controller';

/** Annotation of a RemediationApprovalRequest: digest of the plan that the person was shown. */
export const PLAN_DIGEST_ANNOTATION = 'kubernaut.ai/plan-digest';

/** Annotation of a WorkflowExecution: fencing token of the target claim it runs under. */
export const TARGET_CLAIM_ANNOTATION = 'kubernaut.ai/target-claim';

const LONGEST_NAME = 253;

/** `<prefix>-<request name>`; a name that would pass 253 characters is cut and ends with the digest of the whole name. */
export function childName(prefix: string, request: Pick<RemediationRequest, 'name' | 'nameDigest'>): string {
  const name = `${prefix}-${request.name}`;
  if (name.length <= LONGEST_NAME) return name;
  return `${name.slice(0, LONGEST_NAME - 1 - request.nameDigest.length)}-${request.nameDigest}`;
}
