/** Every clock of a remediation. Deadlines are instants, computed from what started the clock and the limit in force; passed means strictly later. */
import { parseDuration } from './durations.ts';
import type { LivePhase } from './phases.ts';
import type { Remediation } from './state.ts';
import type { TimeoutConfig } from './status.ts';
import { parseTime } from './time.ts';
import type { Instant } from './time.ts';

export type Clock = 'global' | 'processing' | 'analyzing' | 'approval' | 'executing' | 'verification' | 'block';

export interface Deadline {
  readonly clock: Clock;
  readonly at: Instant;
}

const LONGEST_LIMIT = parseDuration('8760h') ?? 0;
const INTERACTIVE_LIMIT = parseDuration('45m') ?? 0;
const VALIDITY_GRACE = parseDuration('30s') ?? 0;
/** In global limits, from the beginning of the block. */
const LONGEST_FOREIGN_WAIT = 4;
const MEMBERS = ['global', 'processing', 'analyzing', 'executing'] as const;

/** What is wrong with each limit in the status, in one sentence each; empty when all are usable. */
export function invalidLimits(config: TimeoutConfig | undefined): readonly string[] {
  return MEMBERS.flatMap((member) => {
    const text = config?.[member];
    if (text === undefined || text === '') return [];
    const limit = parseDuration(text);
    if (limit === undefined) return [`timeoutConfig.${member} is not a duration: "${text}"`];
    if (limit <= 0) return [`timeoutConfig.${member} must be positive, got ${text}`];
    if (limit > LONGEST_LIMIT) return [`timeoutConfig.${member} must not exceed 8760h, got ${text}`];
    return [];
  });
}

/** The limit in force in milliseconds: the one in the status, else the configured default. An unusable one counts as absent. */
export function limitOf(r: Pick<Remediation, 'status' | 'settings'>, member: (typeof MEMBERS)[number]): number {
  const own = parseDuration(r.status.timeoutConfig?.[member] ?? '');
  return own !== undefined && own > 0 && own <= LONGEST_LIMIT ? own : r.settings.timeouts[member];
}

/** When the whole remediation is out of time; undefined before it started, while its clock rests, and once it is only being verified. */
export function globalDeadline(r: Remediation): Instant | undefined {
  const startedAt = parseTime(r.status.startTime);
  if (startedAt === undefined || r.state.phase === 'Verifying') return undefined;
  if (r.suspendedSince !== undefined) return endOfForeignWait(r);
  return startedAt + limitOf(r, 'global') + r.suspendedMs;
}

/** Somebody else's execution may never end; all other waits in which the clock rests end by themselves. */
const endOfForeignWait = (r: Remediation): Instant | undefined =>
  r.state.phase === 'Blocked' && r.state.isForeign === true
    ? r.state.since + LONGEST_FOREIGN_WAIT * limitOf(r, 'global')
    : undefined;

const earlier = (a: Instant, b: Instant | undefined): Instant => (b === undefined ? a : Math.min(a, b));

/** The end of a phase that starts now and may last this long: never later than the global deadline. */
export const phaseEnd = (r: Remediation, startedAt: Instant, limit: number): Instant =>
  earlier(startedAt + limit, globalDeadline(r));

function analyzingLimit(r: Remediation): number {
  const session = r.children.AIAnalysis?.status.interactiveSession;
  const limit = limitOf(r, 'analyzing');
  const isInteractive = session?.startedAt !== undefined && session.completedAt === undefined;
  return isInteractive && r.children.AIAnalysis?.gone !== true ? Math.max(limit, INTERACTIVE_LIMIT) : limit;
}

/** When the verdict must be there: the assessment's own validity and 30 s, or the configured bound; never later than the global limit after the verification began. */
export function verificationDeadline(r: Remediation, enteredAt: Instant): Instant {
  const cap = enteredAt + limitOf(r, 'global');
  const edited = r.edits.some(({ field }) => field === 'phaseProgress.verificationDeadline');
  const byHand = edited ? parseTime(r.status.phaseProgress?.verificationDeadline) : undefined;
  if (byHand !== undefined) return Math.min(byHand, cap);
  const validity = parseTime(r.children.EffectivenessAssessment?.status.validityDeadline);
  if (validity === undefined || validity < enteredAt) return enteredAt + r.settings.timeouts.verifying;
  return Math.min(validity + VALIDITY_GRACE, cap);
}

const started = (clock: Clock, from: string | undefined, limit: number): Deadline | undefined => {
  const at = parseTime(from);
  return at === undefined ? undefined : { clock, at: at + limit };
};

const PHASE_CLOCKS: { readonly [P in LivePhase]: (r: Remediation) => Deadline | undefined } = {
  Pending: () => undefined,
  Processing: (r) => started('processing', r.status.phaseProgress?.processingStartTime, limitOf(r, 'processing')),
  Analyzing: (r) => started('analyzing', r.status.phaseProgress?.analyzingStartTime, analyzingLimit(r)),
  AwaitingApproval: ({ state }) =>
    state.phase === 'AwaitingApproval' ? { clock: 'approval', at: state.approval.requiredBy } : undefined,
  Executing: (r) => started('executing', r.status.phaseProgress?.executingStartTime, limitOf(r, 'executing')),
  Verifying: (r) =>
    r.state.phase === 'Verifying'
      ? { clock: 'verification', at: verificationDeadline(r, r.state.enteredAt) }
      : undefined,
  Blocked: (r) => started('block', r.status.routingStatus?.blockedUntil, 0),
};

/** The deadline of the present phase's own clock, if it has one. */
export const phaseDeadline = (r: Remediation, phase: LivePhase): Deadline | undefined => PHASE_CLOCKS[phase](r);

/** What the one timer of a waiting remediation is set to. */
export function nextDeadline(r: Remediation, phase: LivePhase): Deadline | undefined {
  const global = globalDeadline(r);
  const own = phaseDeadline(r, phase);
  if (global === undefined) return own;
  return own !== undefined && own.at <= global ? own : { clock: 'global', at: global };
}

/** Whether now is strictly later than the deadline. */
export const hasPassed = (at: Instant | undefined, now: Instant): boolean => at !== undefined && now > at;
