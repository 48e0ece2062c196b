/** The children of a remediation: their names, and every field of their specs. */
import type { ChildOrder, CopiedMember, OwnedKind } from './children.ts';
import { limitOf, phaseEnd } from './deadlines.ts';
import { formatDuration } from './durations.ts';
import type { Json, JsonObject } from './json.ts';
import { childName, PLAN_DIGEST_ANNOTATION, TARGET_CLAIM_ANNOTATION } from './names.ts';
import { targetString } from './request.ts';
import type { ResourceTarget } from './request.ts';
import type { Plan, Remediation } from './state.ts';
import { parseTime, toRfc3339 } from './time.ts';
import type { Instant } from './time.ts';
import { API_VERSION } from './transitions/shared.ts';

/** The prefix that a child's name is made with. */
export const PREFIX: { readonly [K in OwnedKind]: string } = {
  SignalProcessing: 'sp',
  AIAnalysis: 'ai',
  RemediationApprovalRequest: 'rar',
  WorkflowExecution: 'we',
  EffectivenessAssessment: 'ea',
};

/** The name of the child of this kind. */
export const nameOf = (kind: OwnedKind, r: Pick<Remediation, 'request'>): string => childName(PREFIX[kind], r.request);

/** Members that have a value; what is absent, empty or undefined is left out, as peers written in Go would. */
const given = (members: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== ''));

const target = ({ apiVersion, kind, name, namespace }: ResourceTarget): JsonObject =>
  given({ apiVersion, kind, name, namespace });

const order = (kind: OwnedKind, r: Remediation, spec: JsonObject, more: Partial<ChildOrder> = {}): ChildOrder => ({
  kind,
  name: nameOf(kind, r),
  owner: { namespace: r.request.namespace, name: r.request.name, uid: r.request.uid },
  blockOwnerDeletion: kind !== 'EffectivenessAssessment',
  spec,
  ...more,
});

const parent = ({ request }: Remediation): JsonObject => ({
  apiVersion: API_VERSION,
  kind: 'RemediationRequest',
  name: request.name,
  namespace: request.namespace,
  uid: request.uid,
});

/** The SignalProcessing of a remediation whose processing starts now. */
export function signalProcessing(r: Remediation, now: Instant): ChildOrder {
  const { spec, name, uid } = r.request;
  const signal = given({
    fingerprint: spec.signalFingerprint,
    name: spec.signalName,
    severity: spec.severity,
    type: spec.signalType,
    source: spec.signalSource,
    clusterID: spec.clusterID,
    targetType: spec.targetType,
    labels: spec.signalLabels,
    annotations: spec.signalAnnotations,
    firingTime: spec.firingTime,
    receivedTime: spec.receivedTime,
    targetResource: target({ ...spec.targetResource, apiVersion: '' }),
  });
  const timesOutAt = toRfc3339(phaseEnd(r, now, limitOf(r, 'processing')));
  const providerData: CopiedMember = {
    from: { kind: 'RemediationRequest', name, uid },
    path: 'spec.providerData',
    to: 'signal.providerData',
  };
  return order(
    'SignalProcessing',
    r,
    { remediationRequestRef: parent(r), signal, timesOutAt },
    {
      copies: r.request.hasProviderData === true ? [providerData] : [],
    },
  );
}

/** The AIAnalysis of a remediation whose analysis starts now; what signal processing left open gets the usual fallbacks. */
export function aiAnalysis(r: Remediation, now: Instant): ChildOrder {
  const { spec, name } = r.request;
  const processed = r.children.SignalProcessing;
  const status = processed?.status;
  const signalContext: JsonObject = {
    ...given({
      fingerprint: spec.signalFingerprint,
      severity: status?.signalClassification?.severity || 'unknown',
      signalName: status?.signalClassification?.signalName || spec.signalType,
      signalMode: status?.signalClassification?.signalMode,
      environment: status?.environmentClassification?.environment || 'Unknown',
      businessPriority: status?.priorityAssignment?.priority || 'P2',
      targetResource: target(spec.targetResource),
      signalAnnotations: spec.signalAnnotations,
      cluster: status?.signalClassification?.clusterClassification,
    }),
    enrichmentResults: {},
  };
  const copied = ['kubernetesContext', 'businessClassification'] as const;
  const copies: readonly CopiedMember[] =
    processed === undefined
      ? []
      : copied
          .filter((member) => status?.enriched?.includes(member))
          .map((member) => ({
            from: { kind: 'SignalProcessing', name: processed.name, uid: processed.uid },
            path: `status.${member}`,
            to: `analysisRequest.signalContext.enrichmentResults.${member}`,
          }));
  const body: JsonObject = {
    remediationRequestRef: parent(r),
    remediationId: name,
    analysisRequest: { analysisTypes: ['Investigation', 'RootCause', 'WorkflowSelection'], signalContext },
    ...given({ clusterID: spec.clusterID }),
    timesOutAt: toRfc3339(phaseEnd(r, now, limitOf(r, 'analyzing'))),
  };
  return order('AIAnalysis', r, body, { copies });
}

const CONFIDENCE_LEVELS = [
  { from: 0.8, level: 'high' },
  { from: 0.6, level: 'medium' },
  { from: 0, level: 'low' },
] as const;

/** The reason that the approver is told; the field may not be empty. */
export const approvalReason = (r: Remediation): string =>
  r.children.AIAnalysis?.status.approval?.approvalReason || 'Approval required by policy';

/** What a decision is about: whoever decides on another plan has not decided on this one. */
export const planOf = (r: Remediation, { workflow, target: on }: Plan): JsonObject =>
  given({
    request: r.request.uid,
    analysis: r.children.AIAnalysis?.uid,
    cluster: r.request.spec.clusterID,
    target: targetString(on),
    workflowId: workflow.workflowId,
    version: workflow.version,
    executionBundle: workflow.executionBundle,
    executionBundleDigest: workflow.executionBundleDigest,
    executionEngine: workflow.executionEngine,
    parameters: workflow.parameters,
  });

/** The RemediationApprovalRequest that puts this plan to a person until `requiredBy`. */
export function approvalRequest(r: Remediation, plan: Plan, requiredBy: Instant, now: Instant): ChildOrder {
  const { workflow } = plan;
  const analysis = r.children.AIAnalysis;
  const rca = analysis?.status.rcaResult;
  const confidence = workflow.confidence ?? 0;
  const reason = approvalReason(r);
  const spec: JsonObject = {
    remediationRequestRef: parent(r),
    aiAnalysisRef: { name: nameOf('AIAnalysis', r) },
    ...given({ clusterID: r.request.spec.clusterID }),
    confidence,
    confidenceLevel: CONFIDENCE_LEVELS.find(({ from }) => confidence >= from)?.level ?? 'low',
    reason,
    whyApprovalRequired: reason,
    recommendedWorkflow: {
      workflowId: workflow.workflowId ?? '',
      version: workflow.version || 'unknown',
      executionBundle: workflow.executionBundle ?? '',
      rationale: workflow.rationale || 'none given',
    },
    recommendedActions: [{ action: 'Read the recommended workflow and approve it if it fits.', rationale: reason }],
    investigationSummary: rca?.rootCause || rca?.rootCauseAnalysis?.summary || 'Investigation completed',
    requiredBy: toRfc3339(requiredBy),
  };
  // Evidence that is too large to be carried here is copied by the activity that makes the object.
  const shown = analysis?.status.approval?.approvalContext?.shown;
  const copies: readonly CopiedMember[] =
    analysis === undefined || shown !== undefined
      ? []
      : (['evidenceCollected', 'alternativesConsidered', 'policyEvaluation'] as const).map((member) => ({
          from: { kind: 'AIAnalysis', name: analysis.name, uid: analysis.uid },
          path: `status.approval.approvalContext.${member}`,
          to: member,
        }));
  return order(
    'RemediationApprovalRequest',
    r,
    { ...spec, ...shown },
    {
      copies,
      digest: { annotation: PLAN_DIGEST_ANNOTATION, of: planOf(r, plan) },
      firstStatus: askedStatus(requiredBy, now),
    },
  );
}

const condition = (status: 'True' | 'False', reason: string, message: string, now: Instant): JsonObject => ({
  status,
  reason,
  message,
  lastTransitionTime: toRfc3339(now),
});

/** The status of an approval request that nobody has answered yet. */
const askedStatus = (requiredBy: Instant, now: Instant): JsonObject => ({
  createdAt: toRfc3339(now),
  timeRemaining: formatDuration(Math.max(0, requiredBy - now)),
  conditions: {
    ApprovalPending: condition('True', 'AwaitingDecision', `Waiting for a person until ${toRfc3339(requiredBy)}`, now),
    ApprovalDecided: condition('False', 'PendingDecision', 'Nobody has decided yet', now),
    ApprovalExpired: condition('False', 'NotExpired', 'The approval request is open', now),
    Ready: condition('False', 'NotReady', 'Nobody has decided yet', now),
  },
});

/** The WorkflowExecution that runs this plan from now on. */
export function workflowExecution(
  r: Remediation,
  { workflow, target: on }: Plan,
  now: Instant,
  targetToken?: number,
): ChildOrder {
  const { workflowId, workflowName, version, executionBundle, executionBundleDigest, engineConfig } = workflow;
  const { executionEngine, serviceAccountName, actionType, dependencies, resources, declaredParameterNames } = workflow;
  const workflowRef = {
    ...given({ workflowId, workflowName, version, executionBundle, executionBundleDigest, engineConfig }),
    ...given({ executionEngine, serviceAccountName, actionType, dependencies, resources }),
    ...(declaredParameterNames === undefined ? {} : { declaredParameterNames }),
  };
  const spec = {
    remediationRequestRef: parent(r),
    workflowRef,
    targetResource: targetString(on),
    ...given({ clusterID: r.request.spec.clusterID, parameters: workflow.parameters, rationale: workflow.rationale }),
    confidence: workflow.confidence ?? 0,
    timesOutAt: toRfc3339(phaseEnd(r, now, limitOf(r, 'executing'))),
  };
  const annotations = { [TARGET_CLAIM_ANNOTATION]: String(targetToken) };
  return order('WorkflowExecution', r, spec, targetToken === undefined ? {} : { annotations });
}

const BUILT_IN_GROUPS = new Set([
  '',
  'apps',
  'batch',
  'autoscaling',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'scheduling.k8s.io',
  'discovery.k8s.io',
  'admissionregistration.k8s.io',
]);

/** How long the assessment waits before it looks, and why. */
export function assessmentDelays(r: Remediation, plan: Plan) {
  const { gitOpsSyncDelay, operatorReconcileDelay, proactiveAlertDelay } = r.settings.asyncPropagation;
  const isGitOpsManaged = r.children.AIAnalysis?.status.postRCAContext?.detectedLabels?.gitOpsManaged === true;
  const [group = '', version] = (plan.target.apiVersion ?? '').split('/');
  const isCustomResource = version !== undefined && !BUILT_IN_GROUPS.has(group);
  const hashDelay = (isGitOpsManaged ? gitOpsSyncDelay : 0) + (isCustomResource ? operatorReconcileDelay : 0);
  const isProactive = r.children.SignalProcessing?.status.signalClassification?.signalMode === 'proactive';
  return {
    isGitOpsManaged,
    isCustomResource,
    ...(hashDelay > 0 ? { hashComputeDelay: formatDuration(hashDelay) } : {}),
    ...(isProactive && proactiveAlertDelay > 0 ? { alertCheckDelay: formatDuration(proactiveAlertDelay) } : {}),
  };
}

/** The EffectivenessAssessment of a plan that was run. */
export function effectivenessAssessment(r: Remediation, plan: Plan): ChildOrder {
  const { hashComputeDelay, alertCheckDelay } = assessmentDelays(r, plan);
  const { spec, name, creationTimestamp } = r.request;
  return order('EffectivenessAssessment', r, {
    correlationID: name,
    remediationRequestPhase: 'Verifying',
    signalTarget: target(spec.targetResource),
    remediationTarget: target(plan.target),
    config: {
      stabilizationWindow: formatDuration(r.settings.stabilizationWindow),
      ...given({ hashComputeDelay, alertCheckDelay }),
    },
    remediationCreatedAt: toRfc3339(parseTime(creationTimestamp) ?? 0),
    ...given({
      signalName: spec.signalName,
      clusterID: spec.clusterID,
      preRemediationSpecHash: r.status.operatorAudit?.preRemediationSpecHash,
    }),
  });
}
