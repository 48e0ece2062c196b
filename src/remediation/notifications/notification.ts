/** How the order of a notification is put together: what a kind says for itself, and what all say alike. */
import type { BodyPart, NotificationKind, NotificationOrder } from '../children.ts';
import type { JsonObject } from '../json.ts';
import { childName } from '../names.ts';
import type { Remediation } from '../state.ts';
import { API_VERSION } from '../transitions/shared.ts';
import { subject } from './text.ts';

type NotificationType = 'Escalation' | 'Simple' | 'StatusUpdate' | 'Approval' | 'ManualReview' | 'Completion';
export type Priority = 'Critical' | 'High' | 'Medium' | 'Low';

/** What a kind of notification says for itself; the rest is the same for all. */
export interface Draft {
  readonly kind: NotificationKind;
  /** The name is this and the name of the request. */
  readonly prefix: string;
  readonly type: NotificationType;
  readonly priority: Priority;
  readonly subject: string;
  readonly body: readonly BodyPart[];
  /** Typed facts beside the lineage to the request. */
  readonly context?: JsonObject;
  readonly aiAnalysis?: string | undefined;
  readonly severity?: string;
  readonly more?: JsonObject;
  readonly source?: NotificationOrder['source'] | undefined;
}

/** Members that have a value: an empty key says nothing and would take part in routing rules. */
export const present = (members: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== ''));

/** The order of this draft for a remediation. */
export function order(r: Remediation, draft: Draft): NotificationOrder {
  const { namespace, name, uid, spec } = r.request;
  return {
    kind: draft.kind,
    name: childName(draft.prefix, r.request),
    owner: { namespace, name, uid },
    spec: {
      remediationRequestRef: { apiVersion: API_VERSION, kind: 'RemediationRequest', name, namespace, uid },
      type: draft.type,
      priority: draft.priority,
      subject: subject(draft.subject),
      ...present({ clusterID: spec.clusterID, severity: draft.severity ?? spec.severity }),
      context: { lineage: present({ remediationRequest: name, aiAnalysis: draft.aiAnalysis }), ...draft.context },
      ...draft.more,
    },
    body: draft.body,
    ...(draft.source === undefined ? {} : { source: draft.source }),
  };
}
