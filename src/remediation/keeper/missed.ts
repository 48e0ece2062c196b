/** What a watcher that has just begun can tell that the keeper may have missed, while nobody watched. */
import type { AnyChildSnapshot, ChildSnapshot, RequestSnapshot } from '../snapshots.ts';
import { isEnded } from '../snapshots.ts';

/** After the end these are the only fields of others that mean something. */
const MEANT = ['overallPhase', 'retentionExpiryTime', 'completionStatus.notificationRequestRefs'] as const;

/** Whether somebody may have written to an ended request what the keeper follows or puts back. */
export const isTouched = ({ foreign }: RequestSnapshot): boolean => MEANT.some((field) => foreign.includes(field));

/** Whether a notification has come to its end, well or not. */
export const isDelivered = ({ status }: Pick<ChildSnapshot<'NotificationRequest'>, 'status'>): boolean =>
  status.phase === 'Sent' || status.phase === 'Failed';

const OPEN = new Set(['', 'Pending', 'InProgress']);

/** Whether the end of this child is perhaps not shown by its ended request. */
export function isUnshown({ status }: RequestSnapshot, child: AnyChildSnapshot): boolean {
  switch (child.kind) {
    case 'NotificationRequest':
      return isDelivered(child) && OPEN.has(status.completionStatus?.notificationStatus ?? '');
    case 'EffectivenessAssessment':
      return isEnded(child) && status.conditions?.['EffectivenessAssessed']?.reason === 'AssessmentInProgress';
    default:
      return false;
  }
}
