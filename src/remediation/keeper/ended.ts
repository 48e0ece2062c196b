/**
 * What is to be done about a remediation that has ended: a list of rules, each with one duty at most. Pure: what the
 * ledger and the cluster say comes in, and what has to be done goes out.
 */
import { followedNames } from '../notifications/references.ts';
import type { RequestIdentity } from '../request.ts';
import type { RequestSnapshot } from '../snapshots.ts';
import { parseTime } from '../time.ts';
import type { Instant } from '../time.ts';

/** An ended remediation, as the ledger and the cluster have it. */
export interface Ended {
  readonly request: RequestIdentity;
  /** How it ended; the first end counts for ever. */
  readonly phase: string;
  readonly endedAt: Instant;
  /** Whether steps of ours brought it to its end. */
  readonly isOurs: boolean;
  readonly hasTrail: boolean;
  /** Whether a legal hold names it. */
  readonly isHeld: boolean;
  /** The object as it stands; undefined when it is gone. */
  readonly found: RequestSnapshot | undefined;
  /** How often its phase was put back within the last hour. */
  readonly restored: number;
  /** Whether notifications of its last step are still to be made. */
  readonly hasUnsent: boolean;
}

/** One thing to do. */
export type Duty =
  | { readonly duty: 'record the deletion' }
  | { readonly duty: 'adopt' }
  | { readonly duty: 'stamp the expiry'; readonly expiry: Instant }
  | { readonly duty: 'put the phase back'; readonly found: string }
  | { readonly duty: 'report the phase'; readonly found: string }
  | { readonly duty: 'delete'; readonly expiry: Instant }
  | { readonly duty: 'show readiness' }
  | { readonly duty: 'make notifications' }
  | { readonly duty: 'show delivery'; readonly names: readonly string[] }
  | { readonly duty: 'show the assessment'; readonly name: string };

const MOST_RESTORED_AN_HOUR = 3;

interface Seen extends Ended {
  readonly found: RequestSnapshot;
  readonly retentionPeriod: number;
  readonly now: Instant;
}

type Rule = (ended: Seen) => Duty | undefined;

/** Everything to be done now, in this order. */
export function dutiesOf(ended: Ended, retentionPeriod: number, now: Instant): readonly Duty[] {
  const { found } = ended;
  if (found === undefined || found.deletionTimestamp !== undefined) return [{ duty: 'record the deletion' }];
  const seen = { ...ended, found, retentionPeriod, now };
  const rules = isExpired(seen) && !ended.isHeld ? LAST_RULES : RULES;
  return rules.flatMap((rule) => rule(seen) ?? []);
}

/** Somebody else's end is taken over with a note, unless it is so long ago that nobody wants to know. */
const adopt: Rule = (ended) => (ended.isOurs || ended.hasTrail || isLongAgo(ended) ? undefined : { duty: 'adopt' });

/** Every end has a time at which its object goes. */
const stampExpiry: Rule = (ended) =>
  isKept(ended) && statedExpiry(ended) === undefined
    ? { duty: 'stamp the expiry', expiry: expiryOf(ended) }
    : undefined;

/** An ended remediation keeps its phase; whoever does not let go is only reported. */
const keepPhase: Rule = (ended) => {
  const found = foreignPhase(ended.found, ended.phase);
  if (found === undefined || !isKept(ended)) return undefined;
  return { duty: ended.restored < MOST_RESTORED_AN_HOUR ? 'put the phase back' : 'report the phase', found };
};

/** Whoever looks at conditions only must find one: Ready is written again when somebody has removed it. */
const showReadiness: Rule = ({ isOurs, found }) =>
  isOurs && found.status.conditions?.['Ready'] === undefined ? { duty: 'show readiness' } : undefined;

/** Notifications that could not be made at the end are still wanted. */
const makeNotifications: Rule = ({ hasUnsent }) => (hasUnsent ? { duty: 'make notifications' } : undefined);

/** Notifications are followed until all are delivered, wherever their references come from. */
const showDelivery: Rule = (ended) => {
  const { completionStatus } = ended.found.status;
  const names = followedNames(completionStatus?.notificationRequestRefs ?? [], ended.request.namespace);
  return names.length > 0 && isKept(ended) ? { duty: 'show delivery', names } : undefined;
};

/** An assessment that comes after its time changes the condition, and nothing of the outcome. */
const showAssessment: Rule = ({ found: { status } }) => {
  const name = status.phaseProgress?.effectivenessAssessmentRef?.name;
  const isOpen = status.conditions?.['EffectivenessAssessed']?.reason === 'AssessmentInProgress';
  const isLate = status.completionStatus?.outcome === 'VerificationTimedOut';
  return name && isOpen && isLate ? { duty: 'show the assessment', name } : undefined;
};

/** The time in the status counts, whoever wrote it. */
const deleteExpired: Rule = (ended) => ({ duty: 'delete', expiry: expiryOf(ended) });

const RULES: readonly Rule[] = [
  adopt,
  stampExpiry,
  keepPhase,
  showReadiness,
  makeNotifications,
  showDelivery,
  showAssessment,
];
const LAST_RULES: readonly Rule[] = [adopt, deleteExpired];

const statedExpiry = ({ found }: Seen): Instant | undefined => parseTime(found.status.retentionExpiryTime);
const completedAt = ({ found }: Seen): Instant | undefined => parseTime(found.status.completedAt);

/** When the object goes: as the status says, else so long after the end; an end that nobody has dated is as of now. */
const expiryOf = (ended: Seen): Instant =>
  statedExpiry(ended) ?? (completedAt(ended) ?? (ended.isOurs ? ended.endedAt : ended.now)) + ended.retentionPeriod;

const isExpired = (ended: Seen): boolean => expiryOf(ended) <= ended.now;

const isLongAgo = (ended: Seen): boolean => {
  const at = completedAt(ended);
  return at !== undefined && at + ended.retentionPeriod <= ended.now;
};

/** Whether it is the product's to keep in order. An old end of somebody else's is left as it is, until it goes. */
const isKept = (ended: Seen): boolean => ended.isOurs || ended.hasTrail || !isLongAgo(ended);

/** The phase that somebody else has put in the place of the end; undefined when the end stands there, or is still being written. */
export function foreignPhase({ status, foreign }: RequestSnapshot, phase: string): string | undefined {
  const { overallPhase = '' } = status;
  if (overallPhase === phase) return undefined;
  return overallPhase === '' || foreign.includes('overallPhase') ? overallPhase : undefined;
}

const SOONEST_MS = 30_000;
const LATEST_MS = 3_600_000;
const HELD_MS = 3_600_000;

/** When to look again: when the retention is over, earlier while something is unfinished, but ever more seldom. */
export function nextLook(ended: Ended, isUnfinished: boolean, retentionPeriod: number, now: Instant): Instant {
  const { found, endedAt, isHeld } = ended;
  if (found === undefined) return now + SOONEST_MS;
  const expiry = expiryOf({ ...ended, found, retentionPeriod, now });
  const kept = expiry <= now && isHeld ? now + HELD_MS : Math.max(expiry, now);
  const again = now + Math.min(Math.max((now - endedAt) / 2, SOONEST_MS), LATEST_MS);
  return isUnfinished ? Math.min(kept, again) : kept;
}
