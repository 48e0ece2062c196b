/** A remediation in a phase, with everything that got it there. */
import type { LivePhase } from '../../src/remediation/phases.ts';
import { NO_NOTIFICATIONS } from '../../src/remediation/state.ts';
import type { Plan, Remediation, RemediationIn } from '../../src/remediation/state.ts';
import type { ObjectReference, Status } from '../../src/remediation/status.ts';
import { toRfc3339 } from '../../src/remediation/time.ts';
import { refTo } from '../../src/remediation/transitions/shared.ts';
import { aRequest, aSettings, MINUTE, SECOND, START } from './request.ts';
import { aChild, analysed, aWorkflow, executed, inNeedOfApproval, processed } from './snapshots.ts';

/** What runs on what, unless the test says otherwise. */
export const aPlan = (changes: Partial<Plan> = {}): Plan => ({
  workflow: aWorkflow(),
  target: aRequest().spec.targetResource,
  ...changes,
});

/** When the builder lets each phase begin. */
export const SINCE: Readonly<Record<LivePhase, number>> = {
  Pending: START,
  Processing: START + SECOND,
  Analyzing: START + 2 * SECOND,
  AwaitingApproval: START + 3 * SECOND,
  Executing: START + 4 * SECOND,
  Verifying: START + 5 * SECOND,
  Blocked: START + 6 * SECOND,
};

/** The phases that lie behind a remediation in this phase. */
const BEHIND: Readonly<Record<LivePhase, readonly LivePhase[]>> = {
  Pending: [],
  Processing: ['Pending'],
  Analyzing: ['Pending', 'Processing'],
  AwaitingApproval: ['Pending', 'Processing', 'Analyzing'],
  Executing: ['Pending', 'Processing', 'Analyzing'],
  Verifying: ['Pending', 'Processing', 'Analyzing', 'Executing'],
  Blocked: ['Pending'],
};

/** A remediation that waits in this phase. Its present child has said nothing yet. */
export function aRemediation<P extends LivePhase>(phase: P, changes: Partial<Remediation> = {}): RemediationIn<P> {
  const reached = [...BEHIND[phase], phase];
  const base: Remediation = {
    request: aRequest(),
    settings: aSettings(),
    generation: 1,
    step: reached.length,
    state: stateOf(phase),
    status: statusOf(phase, reached),
    children: childrenOf(phase, reached),
    notifications: NO_NOTIFICATIONS,
    observed: { resourceVersion: '50', generation: 1, gone: false, foreignConditions: {} },
    edits: [],
    suspendedMs: 0,
  };
  return { ...base, ...changes } as RemediationIn<P>;
}

function stateOf(phase: LivePhase): Remediation['state'] {
  const since = SINCE[phase];
  switch (phase) {
    case 'AwaitingApproval':
      return {
        phase,
        since,
        plan: aPlan(),
        approval: {
          uid: 'RemediationApprovalRequest-uid',
          planDigest: 'digest',
          requiredBy: since + 15 * MINUTE,
          requestedAt: since,
          requested: { step: 4, type: 'orchestrator.approval.requested', ordinal: 0, at: since },
        },
      };
    case 'Executing':
      return { phase, since, plan: aPlan() };
    case 'Verifying':
      return { phase, since, plan: aPlan(), enteredAt: since };
    case 'Blocked':
      return { phase, since, reason: undefined, origin: 'Pending' };
    default:
      return { phase, since };
  }
}

type Known = Remediation['children'];

function childrenOf(phase: LivePhase, reached: readonly LivePhase[]): Known {
  const has = (other: LivePhase) => reached.includes(other);
  const analysis = phase === 'AwaitingApproval' ? inNeedOfApproval() : analysed();
  return {
    ...(has('Processing')
      ? { SignalProcessing: aChild('SignalProcessing', phase === 'Processing' ? {} : processed) }
      : {}),
    ...(has('Analyzing') ? { AIAnalysis: aChild('AIAnalysis', phase === 'Analyzing' ? {} : analysis) } : {}),
    ...(has('AwaitingApproval')
      ? { RemediationApprovalRequest: aChild('RemediationApprovalRequest', {}, { planDigest: 'digest' }) }
      : {}),
    ...(has('Executing')
      ? { WorkflowExecution: aChild('WorkflowExecution', phase === 'Executing' ? {} : executed) }
      : {}),
    ...(has('Verifying') ? { EffectivenessAssessment: aChild('EffectivenessAssessment') } : {}),
  };
}

function statusOf(phase: LivePhase, reached: readonly LivePhase[]): Status {
  const { SignalProcessing, AIAnalysis, WorkflowExecution, EffectivenessAssessment } = childrenOf(phase, reached);
  const named = (field: string, child: { readonly kind: string } | undefined): Record<string, ObjectReference> =>
    child === undefined ? {} : { [field]: refTo(child as never) };
  const began = (field: string, of: LivePhase): Record<string, string> =>
    reached.includes(of) ? { [field]: toRfc3339(SINCE[of]) } : {};
  return {
    overallPhase: phase,
    startTime: toRfc3339(START),
    observedGeneration: 1,
    timeoutConfig: { global: '1h0m0s', processing: '5m0s', analyzing: '10m0s', executing: '30m0s' },
    phaseProgress: {
      ...named('signalProcessingRef', SignalProcessing),
      ...began('processingStartTime', 'Processing'),
      ...named('aiAnalysisRef', AIAnalysis),
      ...began('analyzingStartTime', 'Analyzing'),
      ...named('workflowExecutionRef', WorkflowExecution),
      ...began('executingStartTime', 'Executing'),
      ...named('effectivenessAssessmentRef', EffectivenessAssessment),
    },
    conditions: {
      Ready: {
        status: phase === 'Verifying' ? 'True' : 'False',
        reason: phase === 'Pending' ? 'NotReady' : phase,
        message: `The remediation is in phase ${phase}`,
        lastTransitionTime: toRfc3339(START),
        observedGeneration: 1,
      },
    },
  };
}

/** The same remediation with another status of one child. */
export const withStatus = <P extends LivePhase, K extends keyof Known>(
  r: RemediationIn<P>,
  kind: K,
  status: NonNullable<Known[K]>['status'],
): RemediationIn<P> => ({
  ...r,
  children: { ...r.children, [kind]: { ...(r.children[kind] ?? aChild(kind as 'AIAnalysis')), kind, status } },
});
