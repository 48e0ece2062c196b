/** The eight kinds the orchestrator touches: what they are called, how their children are named, where the API server has them. */

export const GROUP = 'kubernaut.ai';
export const VERSION = 'v1alpha1';

/** `apiVersion` of every object of the eight kinds. */
export const API_VERSION = `${GROUP}/${VERSION}`;

/** What a kind is called. `childPrefix` is set where a RemediationRequest has at most one: `<prefix>-<request name>`. */
export interface KindNames {
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly childPrefix?: string;
}

/** One row per kind; the CRD files under deploy/crds say the same. */
export const KINDS = {
  RemediationRequest: { plural: 'remediationrequests', shortNames: ['rr'] },
  SignalProcessing: { plural: 'signalprocessings', shortNames: ['sp'], childPrefix: 'sp' },
  AIAnalysis: { plural: 'aianalyses', shortNames: ['aia'], childPrefix: 'ai' },
  RemediationApprovalRequest: {
    plural: 'remediationapprovalrequests',
    shortNames: ['rar', 'rars'],
    childPrefix: 'rar',
  },
  WorkflowExecution: { plural: 'workflowexecutions', shortNames: ['wfe'], childPrefix: 'we' },
  EffectivenessAssessment: { plural: 'effectivenessassessments', shortNames: ['ea'], childPrefix: 'ea' },
  NotificationRequest: { plural: 'notificationrequests', shortNames: ['notif', 'notifs'] },
  RemediationWorkflow: { plural: 'remediationworkflows', shortNames: ['rw'] },
} as const satisfies Readonly<Record<string, KindNames>>;

/** Name of one of the eight kinds. */
export type Kind = keyof typeof KINDS;

/** All eight, parent first. */
export const KIND_NAMES = Object.keys(KINDS) as readonly Kind[];

/** The only subresource there is on these kinds. */
export type Subresource = 'status';

/** Path of a collection, an object or its status at the API server, ready for a URL. */
export function pathOf(kind: Kind, namespace: string, name?: string, subresource?: Subresource): string {
  const collection = `/apis/${API_VERSION}/namespaces/${encodeURIComponent(namespace)}/${KINDS[kind].plural}`;
  if (name === undefined) return collection;
  const object = `${collection}/${encodeURIComponent(name)}`;
  return subresource === undefined ? object : `${object}/${subresource}`;
}
