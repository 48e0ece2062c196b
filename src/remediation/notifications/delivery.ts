/** How the delivery of notifications comes back to the status of their request. The same rules hold while it lives and afterwards. */
import type { ChildSnapshot } from '../snapshots.ts';
import type { SeenNotification } from '../state.ts';
import type { Condition } from '../status.ts';
import { toRfc3339 } from '../time.ts';
import type { Instant } from '../time.ts';

type Snapshot = ChildSnapshot<'NotificationRequest'>;

/** What the status says of the delivery, the worst first. */
const WORDS = ['Failed', 'Cancelled', 'Pending', 'InProgress', 'Sent'] as const;
export type DeliveryWord = (typeof WORDS)[number];

const WORD: Readonly<Record<string, DeliveryWord>> = {
  Pending: 'Pending',
  Sending: 'InProgress',
  Sent: 'Sent',
  Failed: 'Failed',
};

const isOver = ({ status }: Snapshot): boolean => status.phase === 'Sent' || status.phase === 'Failed';

/** The word for one notification; undefined when nothing is to be said of it. */
export function deliveryOf(seen: SeenNotification | undefined): DeliveryWord | undefined {
  if (seen === undefined || seen === 'absent') return undefined;
  if (seen.gone === true && !isOver(seen)) return 'Cancelled';
  return WORD[seen.status.phase ?? ''];
}

/** The notification as it is known after this news. An end is final, and a phase without a word of its own changes nothing. */
export function afterNews(known: SeenNotification | undefined, news: Snapshot): SeenNotification {
  if (known === undefined || known === 'absent' || known.uid !== news.uid) return news;
  const keeps = isOver(known) || news.gone === true || WORD[news.status.phase ?? ''] === undefined;
  return keeps ? { ...news, status: known.status } : news;
}

export interface Delivery {
  readonly word: DeliveryWord;
  /** Absent where the condition stays as it is. */
  readonly condition?: Pick<Condition, 'status' | 'reason' | 'message'>;
  /** For people, where a person has intervened. */
  readonly message?: string;
}

/** What all followed notifications come to: the worst of them; undefined when there is nothing to say. */
export function deliveryOfAll(followed: readonly (SeenNotification | undefined)[]): Delivery | undefined {
  const told = followed.flatMap((seen) => {
    const word = deliveryOf(seen);
    return word === undefined || seen === undefined || seen === 'absent' ? [] : [{ word, seen }];
  });
  const worst = WORDS.flatMap((word) => told.find((one) => one.word === word) ?? [])[0];
  if (worst === undefined) return undefined;
  const { word, seen } = worst;
  switch (word) {
    case 'Sent':
      return {
        word,
        condition: { status: 'True', reason: 'DeliverySucceeded', message: 'Notification delivered successfully' },
      };
    case 'Failed': {
      const detail = seen.status.message ? `: ${seen.status.message}` : '';
      const message = `Notification ${seen.name} could not be delivered${detail}`;
      return { word, condition: { status: 'False', reason: 'DeliveryFailed', message } };
    }
    case 'Cancelled': {
      const message = `Notification ${seen.name} was deleted by a user before it was delivered`;
      return { word, condition: { status: 'False', reason: 'UserCancelled', message }, message };
    }
    default:
      return { word };
  }
}

/** The part of a status that mirrors the delivery. */
export interface Mirror {
  readonly notificationStatus: DeliveryWord;
  readonly condition?: Condition;
  readonly message?: string;
}

/** What stands in the status now. */
export interface Shown {
  readonly notificationStatus?: string | undefined;
  readonly condition?: Condition | undefined;
  readonly generation: number;
}

/** The write that brings the status up to the delivery; undefined when it shows it already. */
export function mirrorOf(delivery: Delivery | undefined, shown: Shown, now: Instant): Mirror | undefined {
  if (delivery === undefined) return undefined;
  const { word, condition, message } = delivery;
  const known = shown.condition;
  const isShown =
    shown.notificationStatus === word &&
    (condition === undefined ||
      (known?.status === condition.status && known.reason === condition.reason && known.message === condition.message));
  if (isShown) return undefined;
  const since = known !== undefined && known.status === condition?.status ? known.lastTransitionTime : toRfc3339(now);
  return {
    notificationStatus: word,
    ...(condition === undefined
      ? {}
      : { condition: { ...condition, lastTransitionTime: since, observedGeneration: shown.generation } }),
    ...(message === undefined ? {} : { message }),
  };
}
