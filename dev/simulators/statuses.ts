/** The statuses that end each kind of child, by behaviour: what the real controllers would have found out. */
import type { JsonObject } from '../../src/remediation/json.ts';
import { toRfc3339 } from '../../src/remediation/time.ts';
import type { Behaviour } from './behaviours.ts';
import { at, textAt } from './watched.ts';
import type { Child } from './watched.ts';

type Ending = (child: Child, now: number, behaviour: Behaviour | undefined) => JsonObject;

const SEVERITIES = ['critical', 'high', 'medium', 'low'];
const PRIORITIES: Readonly<Record<string, string>> = { critical: 'P1', high: 'P2' };
const ROOT_CAUSE = 'memory limit too low';

/** A SignalProcessing that is classified, or has failed. */
export const endOfProcessing: Ending = (child, now, behaviour) => {
  const time = toRfc3339(now);
  if (behaviour === 'sp-fails')
    return {
      phase: 'Failed',
      completionTime: time,
      failureInfo: { error: 'the namespace of the target cannot be read', lastFailureTime: time },
    };
  const raw = textAt(child.spec, 'signal', 'severity').toLowerCase();
  const severity = SEVERITIES.includes(raw) ? raw : 'unknown';
  const environment = textAt(child.spec, 'signal', 'labels', 'environment');
  return {
    phase: 'Completed',
    completionTime: time,
    signalClassification: { severity, signalMode: 'reactive', signalName: textAt(child.spec, 'signal', 'name') },
    environmentClassification: {
      environment: environment === '' ? 'Unknown' : capitalised(environment),
      source: 'signal-labels',
      classifiedAt: time,
    },
    priorityAssignment: { priority: PRIORITIES[severity] ?? 'P3', source: 'policy', assignedAt: time },
  };
};

const capitalised = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();

/** An AIAnalysis with its verdict: a workflow to run, for production after a person's approval; or why there is none. */
export const endOfAnalysis: Ending = (child, now, behaviour) => {
  const common = { phase: 'Completed', reason: 'AnalysisCompleted', completedAt: toRfc3339(now) };
  const signal = at(child.spec, 'analysisRequest', 'signalContext');
  const findings = { summary: ROOT_CAUSE, severity: textAt(signal, 'severity'), signalType: 'alert' };
  switch (behaviour) {
    case 'ai-no-action':
      return {
        ...common,
        reason: 'WorkflowNotNeeded',
        subReason: 'ProblemResolved',
        message: 'the pods have been stable for ten minutes',
        rcaResult: { rootCause: 'a short traffic peak', actionability: 'NotActionable' },
      };
    case 'ai-manual-review':
      return {
        ...common,
        message: 'no workflow in the catalogue fits',
        review: { needsHumanReview: true, humanReviewReason: 'no_matching_workflows' },
        rcaResult: { rootCauseAnalysis: { ...findings, summary: 'the certificate of the provider has expired' } },
      };
    case 'ai-fails':
      return {
        ...common,
        phase: 'Failed',
        reason: 'APIError',
        subReason: 'MaxRetriesExceeded',
        message: 'the model did not answer',
      };
    default: {
      const needsApproval = behaviour === 'ai-approval' || textAt(signal, 'environment').toLowerCase() === 'production';
      const confidence = needsApproval ? 0.72 : 0.93;
      const garbled = behaviour === 'ai-garbage' ? { workflowId: '', executionBundle: '' } : {};
      const target = behaviour === 'ai-no-target' ? {} : { remediationTarget: at(signal, 'targetResource') };
      return {
        ...common,
        message: ROOT_CAUSE,
        rcaResult: {
          rootCause: ROOT_CAUSE,
          rootCauseAnalysis: { ...findings, ...target },
          selectedWorkflow: { ...WORKFLOW, ...garbled, confidence },
        },
        approval: needsApproval ? approval(confidence) : { approvalRequired: false },
      };
    }
  }
};

const WORKFLOW = {
  workflowId: '6b1f7a52-0b5e-4c8e-9d53-2f6f1a3f7c01',
  workflowName: 'raise-memory',
  actionType: 'IncreaseMemory',
  version: '1.2.0',
  executionBundle: `registry.example/raise-memory@sha256:${'a'.repeat(64)}`,
  executionEngine: 'job',
  rationale: 'the limit is below the working set',
  parameters: { MEMORY_LIMIT: '512Mi' },
};

const approval = (confidence: number): JsonObject => ({
  approvalRequired: true,
  approvalReason: 'production target',
  approvalContext: {
    reason: 'production target',
    confidenceScore: confidence,
    confidenceLevel: 'medium',
    investigationSummary: 'The container is killed because its memory limit is too low.',
    whyApprovalRequired: 'production target',
    recommendedActions: [{ workflowId: WORKFLOW.workflowId, rationale: WORKFLOW.rationale }],
    evidenceCollected: ['exit code 137 four times in five minutes'],
    policyEvaluation: {
      policyName: 'approval.rego',
      decision: 'ManualReviewRequired',
      matchedRules: ['production_needs_person'],
    },
  },
});

/** A WorkflowExecution whose job is over. */
export const endOfExecution: Ending = (child, now, behaviour) => {
  const began = textAt(child.status, 'startTime');
  const startTime = began === '' ? toRfc3339(now) : began;
  const common = { startTime, completionTime: toRfc3339(now) };
  if (behaviour === 'we-fails')
    return {
      ...common,
      phase: 'Failed',
      failureReason: 'the job ended with exit code 2',
      failureDetails: {
        failedTaskIndex: 0,
        failedTaskName: 'apply',
        reason: 'TaskFailed',
        message: 'exit code 2',
        exitCode: 2,
        failedAt: toRfc3339(now),
        executionTimeBeforeFailure: lasted(startTime, now),
        naturalLanguageSummary: 'The apply step could not change the target.',
        wasExecutionFailure: true,
      },
    };
  return { ...common, phase: 'Completed', duration: lasted(startTime, now) };
};

const lasted = (startTime: string, now: number): string =>
  `${String(Math.max(0, Math.round((now - Date.parse(startTime)) / 1000)))}s`;

/** An EffectivenessAssessment with its scores; the alert still fires when it is inconclusive. */
export const endOfAssessment: Ending = (_child, now, behaviour) => {
  const isBetter = behaviour !== 'ea-inconclusive';
  return {
    phase: 'Completed',
    assessmentReason: isBetter ? 'Full' : 'AlertDecayTimeout',
    completedAt: toRfc3339(now),
    components: {
      alertAssessed: true,
      alertScore: isBetter ? 1 : 0,
      healthAssessed: true,
      healthScore: isBetter ? 1 : 0.5,
      hashComputed: true,
      postRemediationSpecHash: `sha256:${'d'.repeat(64)}`,
    },
  };
};

/** A NotificationRequest that has been delivered, or could not be. */
export const endOfNotification: Ending = (_child, now, behaviour) =>
  behaviour === 'nr-fails'
    ? { phase: 'Failed', message: 'SMTP server unreachable', totalAttempts: 3, failedDeliveries: 3 }
    : { phase: 'Sent', completionTime: toRfc3339(now), totalAttempts: 1, successfulDeliveries: 1 };
