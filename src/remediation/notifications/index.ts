/** Which notifications a step creates: one for whoever must act, or wants to know, and none that was created before. */
import type { NotificationOrder } from '../children.ts';
import { childName } from '../names.ts';
import type { Remediation } from '../state.ts';
import type { Instant } from '../time.ts';
import type { Transition } from '../transition.ts';
import { approval } from './approval.ts';
import { block } from './block.ts';
import { bulk } from './bulk.ts';
import { completion } from './completion.ts';
import { escalation } from './escalation.ts';
import { manualReview } from './manual-review.ts';
import { selfResolved } from './self-resolved.ts';
import { globalTimeout, phaseTimeout } from './timeouts.ts';

/** The notifications that taking this transition asks for, without those that are there or on their way. */
export const notificationsFor = (r: Remediation, t: Transition, now: Instant): readonly NotificationOrder[] =>
  asked(r, t, now)
    .filter((order) => order !== undefined)
    .filter(({ kind, name }) => !isKnown(r, name) && (kind !== 'escalation' || !hasReview(r)));

function asked(r: Remediation, t: Transition, now: Instant): readonly (NotificationOrder | undefined)[] {
  switch (t.row) {
    case 'L08':
      return [selfResolved(r, t)];
    case 'L11':
      return [approval(r, t, now)];
    case 'L09':
    case 'L14':
    case 'L15':
    case 'L17':
    case 'L25':
      return [manualReview(r, t)];
    case 'L04':
    case 'L13':
    case 'L20':
    case 'L39':
      return [block(r, t), manualReview(r, t)];
    case 'L27':
    case 'L30':
    case 'L31':
    case 'L32':
      return [completion(r, t, now), bulk(r, t)];
    case 'L06':
    case 'L16':
    case 'L21':
    case 'L22':
    case 'L23':
    case 'L26':
    case 'L36':
    case 'L42':
      return [escalation(r, t)];
    case 'L40':
      return [globalTimeout(r, t)];
    case 'L07':
    case 'L18':
    case 'L29':
      return [phaseTimeout(r, t)];
    default:
      return [];
  }
}

const isKnown = ({ status, notifications }: Remediation, name: string): boolean =>
  notifications.seen[name] !== undefined ||
  notifications.unsent.some((order) => order.name === name) ||
  (status.completionStatus?.notificationRequestRefs ?? []).some((ref) => ref.name === name);

/** A person has been asked already: saying again that it failed would only be noise. */
const hasReview = (r: Remediation): boolean => isKnown(r, childName('nr-manual-review', r.request));
