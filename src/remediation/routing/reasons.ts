/** What sets the seven reasons apart while a block lasts. */
import type { BlockReason } from '../status.ts';

interface Nature {
  /** The end stands in status.routingStatus.blockedUntil. */
  readonly isTimed: boolean;
  /** The global clock rests meanwhile: it measures the remediation's own work. */
  readonly rests: boolean;
  /** A person may lift it. The others guard somebody else's work. */
  readonly mayBeLifted: boolean;
  readonly event: { readonly type: 'Normal' | 'Warning'; readonly reason: string };
}

const normal = (reason: string) => ({ type: 'Normal', reason }) as const;
const warning = (reason: string) => ({ type: 'Warning', reason }) as const;

/** The nature of each reason. */
export const REASONS: { readonly [R in BlockReason]: Nature } = {
  UnmanagedResource: {
    isTimed: true,
    rests: false,
    mayBeLifted: true,
    event: warning('UnmanagedResourceBlocked'),
  },
  ConsecutiveFailures: {
    isTimed: true,
    rests: true,
    mayBeLifted: true,
    event: warning('ConsecutiveFailureBlocked'),
  },
  DuplicateInProgress: { isTimed: false, rests: true, mayBeLifted: false, event: normal('DuplicateBlocked') },
  ResourceBusy: { isTimed: false, rests: true, mayBeLifted: false, event: normal('ResourceBusyBlocked') },
  RecentlyRemediated: { isTimed: true, rests: true, mayBeLifted: true, event: normal('CooldownActive') },
  ExponentialBackoff: { isTimed: true, rests: true, mayBeLifted: true, event: normal('CooldownActive') },
  IneffectiveChain: {
    isTimed: false,
    rests: false,
    mayBeLifted: true,
    event: warning('IneffectiveChainDetected'),
  },
};

/** Whether the word is one of the seven reasons. */
export const isBlockReason = (word: string | undefined): word is BlockReason =>
  word !== undefined && Object.keys(REASONS).includes(word);

/** Whether a block for this reason ends with a time. One that somebody else set without a reason does when they said so. */
export const isTimed = (reason: BlockReason | undefined): boolean => reason === undefined || REASONS[reason].isTimed;
