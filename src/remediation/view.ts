/** What a running remediation tells people: where it is, since when, what it waits for, and until when. */
import { globalDeadline, nextDeadline } from './deadlines.ts';
import { nameOf } from './orders.ts';
import { isTerminal } from './phases.ts';
import type { LivePhase } from './phases.ts';
import type { Remediation } from './state.ts';
import { toRfc3339 } from './time.ts';

export interface RemediationView {
  readonly phase: string;
  readonly since: string;
  readonly waitingFor: string;
  readonly deadline?: string;
  readonly deadlineOf?: string;
  readonly globalDeadline?: string;
  readonly step: number;
  readonly message?: string;
  readonly approval?: {
    readonly name: string;
    readonly uid: string;
    readonly planDigest: string;
    readonly requiredBy: string;
  };
}

const WAITS: { readonly [P in LivePhase]: (r: Remediation) => string } = {
  Pending: () => 'routing',
  Processing: (r) => child(r, 'SignalProcessing'),
  Analyzing: (r) => child(r, 'AIAnalysis'),
  AwaitingApproval: (r) => `a decision on RemediationApprovalRequest ${nameOf('RemediationApprovalRequest', r)}`,
  Executing: (r) => child(r, 'WorkflowExecution'),
  Verifying: (r) => child(r, 'EffectivenessAssessment'),
  Blocked: (r) => `the end of the block ${r.status.routingStatus?.blockReason ?? 'set by hand'}`,
};

function child(
  r: Remediation,
  kind: 'SignalProcessing' | 'AIAnalysis' | 'WorkflowExecution' | 'EffectivenessAssessment',
): string {
  const known = r.children[kind];
  const state =
    known === undefined ? '' : known.gone === true ? ' (deleted)' : ` (${known.status.phase || 'not started'})`;
  return `${kind} ${nameOf(kind, r)}${state}`;
}

/** The view of a remediation as it stands. */
export function viewOf(r: Remediation): RemediationView {
  const { state } = r;
  const base = { phase: state.phase, since: toRfc3339(state.since), step: r.step };
  if (isTerminal(state.phase)) return { ...base, waitingFor: 'nothing', message: r.status.message ?? '' };
  const deadline = nextDeadline(r, state.phase);
  const global = globalDeadline(r);
  return {
    ...base,
    waitingFor: WAITS[state.phase](r),
    ...(deadline === undefined ? {} : { deadline: toRfc3339(deadline.at), deadlineOf: deadline.clock }),
    ...(global === undefined ? {} : { globalDeadline: toRfc3339(global) }),
    ...(state.phase === 'AwaitingApproval'
      ? {
          approval: {
            name: nameOf('RemediationApprovalRequest', r),
            uid: state.approval.uid,
            planDigest: state.approval.planDigest,
            requiredBy: toRfc3339(state.approval.requiredBy),
          },
        }
      : {}),
  };
}

/** The view as a small Markdown table, for the Temporal UI. */
export function detailsOf(r: Remediation): string {
  const view = viewOf(r);
  const rows: readonly (readonly [string, string])[] = [
    ['Phase', view.phase],
    ['Since', view.since],
    ['Waits for', view.waitingFor],
    ['Until', view.deadline === undefined ? 'no deadline' : `${view.deadline} (${String(view.deadlineOf)} clock)`],
    ...(view.globalDeadline === undefined ? [] : [['Global deadline', view.globalDeadline] as const]),
    ...(view.message === undefined ? [] : [['Ended', view.message] as const]),
  ];
  return [
    '| | |',
    '|---|---|',
    ...rows.map(([name, value]) => `| **${name}** | ${value.replaceAll('|', '\\|')} |`),
  ].join('\n');
}
