/** What bodies of several kinds say alike. */
import { analyzedTarget } from '../decide/analyzing.ts';
import { mergePatch } from '../json.ts';
import { nameOf } from '../orders.ts';
import type { ResourceTarget } from '../request.ts';
import type { Plan, Remediation } from '../state.ts';
import { asJson } from '../status.ts';
import type { Status } from '../status.ts';
import type { Transition } from '../transition.ts';
import type { NotificationOrder } from '../children.ts';
import { inline, line, lines, quoted } from './text.ts';

/** What a remediation looks like once the transition is taken. */
export const statusAfter = (r: Remediation, t: Transition): Status => mergePatch(asJson(r.status), asJson(t.delta));

/** The lines that open every body: a mail alone is enough to find the request. */
export const opening = (r: Remediation, status: string): string =>
  lines(
    line('Cluster', inline(r.request.spec.clusterID ?? '')),
    `RemediationRequest: ${r.request.namespace}/${r.request.name}`,
    `Status: ${inline(status)}`,
  );

/** What people should look at: the target of the signal, or of the analysis where the signal could not tell. */
export function shownTarget(r: Remediation): ResourceTarget {
  const { targetResource } = r.request.spec;
  const analysed = analyzedTarget(r.children.AIAnalysis?.status ?? {});
  return targetResource.kind === 'Unknown' && analysed !== undefined ? analysed : targetResource;
}

/** `Kind name in namespace`. */
export const targetText = ({ kind, name, namespace }: ResourceTarget): string =>
  `${inline(kind)} ${inline(name)}${namespace ? ` in namespace ${inline(namespace)}` : ''}`;

/** Signal, severity and target. */
export const commonFacts = (r: Remediation): string =>
  lines(
    line('Signal', signal(r)),
    line('Severity', inline(r.request.spec.severity)),
    line('Target', targetText(shownTarget(r))),
  );

/** The name of the signal, harmless. */
export const signal = (r: Remediation): string => inline(r.request.spec.signalName);

/** The root cause as the analysis tells it; undefined when it tells none. */
export function rootCause(r: Remediation): string | undefined {
  const rca = r.children.AIAnalysis?.status.rcaResult;
  return rca?.rootCauseAnalysis?.summary || rca?.rootCause || undefined;
}

/** The root cause as a block. */
export const rootCauseBlock = (r: Remediation): string => quoted('Root cause', rootCause(r));

/** The name of the analysis, if there has been one. */
export const analysisName = (r: Remediation): string | undefined =>
  r.children.AIAnalysis === undefined && r.status.phaseProgress?.aiAnalysisRef === undefined
    ? undefined
    : nameOf('AIAnalysis', r);

/** The child to read from, if it is known. */
export function sourceOf(r: Remediation, kind: 'AIAnalysis' | 'WorkflowExecution'): NotificationOrder['source'] {
  const child = r.children[kind];
  return child === undefined || child.gone === true ? undefined : { kind, name: child.name, uid: child.uid };
}

/** Action type and id of the workflow of a plan. */
export const workflowText = ({ workflow }: Plan): string =>
  inline([workflow.actionType, workflow.workflowId].filter((part) => part !== undefined && part !== '').join(' '));
