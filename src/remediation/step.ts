/** From a transition to a commit: what the trail, the ledger, the status and the Kubernetes Events get, all from one value. */
import type { Commit, CommitAnswer, RecordedStep } from './commit.ts';
import { mergePatch } from './json.ts';
import type { JsonObject } from './json.ts';
import type { Mirror } from './notifications/delivery.ts';
import { mirrorDue, shown } from './notifications/following.ts';
import { isTerminal } from './phases.ts';
import type { Phase } from './phases.ts';
import type { Remediation } from './state.ts';
import { asJson } from './status.ts';
import type { Condition, Outcome, Status, StatusDelta } from './status.ts';
import { registration } from './registration.ts';
import { endsExecution } from './routing/target.ts';
import { clockChange, globalClock, withClock } from './suspension.ts';
import { takeSnapshot } from './take.ts';
import { parseTime, toRfc3339 } from './time.ts';
import type { Instant } from './time.ts';
import { begun, ended, envelope, limitsModified, moved, objectDeleted } from './trail.ts';
import type { ConditionChange, ConditionChanges, EventBody, Transition } from './transition.ts';

const READY_WHEN_COMPLETED: Readonly<Partial<Record<Outcome, string>>> = {
  NoActionRequired: 'NoActionRequired',
  ManualReviewRequired: 'ManualReviewRequired',
  DryRun: 'DryRun',
};

const NOT_READY: Readonly<Record<Exclude<Phase, 'Completed' | 'Verifying' | 'Skipped'>, string>> = {
  Pending: 'NotReady',
  Processing: 'Processing',
  Analyzing: 'Analyzing',
  AwaitingApproval: 'AwaitingApproval',
  Executing: 'Executing',
  Blocked: 'RemediationBlocked',
  Failed: 'RemediationFailed',
  TimedOut: 'RemediationTimedOut',
  Cancelled: 'NotReady',
};

/** The Ready condition of a phase: a summary of it, for whoever looks at conditions only. */
function ready(t: Transition, outcome: Outcome | undefined): ConditionChange {
  const { phase } = t.to;
  const message = t.ending?.message ?? `The remediation is in phase ${phase}`;
  if (phase === 'Verifying') return { status: 'True', reason: 'Verifying', message };
  if (phase === 'Completed' || phase === 'Skipped')
    return { status: 'True', reason: (outcome && READY_WHEN_COMPLETED[outcome]) ?? 'Ready', message };
  const reason =
    t.row === 'L36' ? 'RemediationBlocked' : t.row === 'L38' || t.row === 'L28' ? 'NotReady' : NOT_READY[phase];
  return { status: 'False', reason, message };
}

/** The changed conditions with their times: lastTransitionTime moves only with the status word. */
function stamped(changes: ConditionChanges, r: Remediation, now: Instant): Readonly<Record<string, Condition>> {
  return Object.fromEntries(
    Object.entries(changes).map(([type, change]) => {
      const known = r.status.conditions?.[type];
      const since = known?.status === change.status ? known.lastTransitionTime : toRfc3339(now);
      return [type, { ...change, lastTransitionTime: since, observedGeneration: r.observed.generation }];
    }),
  );
}

/** The members that every end writes. Those that others have written already stay as they are. */
function end(r: Remediation, t: Transition, now: Instant): StatusDelta {
  const completedAt = r.status.completedAt ?? toRfc3339(now);
  const expiry = (parseTime(completedAt) ?? now) + r.settings.retentionPeriod;
  return {
    completedAt,
    retentionExpiryTime: r.status.retentionExpiryTime ?? toRfc3339(expiry),
    message: t.row === 'L43' && r.status.message ? r.status.message : (t.ending?.message ?? ''),
  };
}

function deltaOf(r: Remediation, t: Transition, now: Instant): StatusDelta {
  const outcome = t.delta.completionStatus?.outcome ?? r.status.completionStatus?.outcome;
  const conditions = stamped({ ...t.conditions, Ready: ready(t, outcome) }, r, now);
  return {
    overallPhase: t.to.phase,
    observedGeneration: r.observed.generation,
    ...t.delta,
    ...duplicates(r, t),
    ...(isTerminal(t.to.phase) ? end(r, t, now) : {}),
    conditions,
  };
}

/** Who waits as a duplicate, as far as the status does not show it yet. */
function duplicates({ duplicates: found, status }: Remediation, { delta }: Transition): StatusDelta {
  if (found === undefined || found.count <= (status.routingStatus?.duplicateCount ?? 0)) return {};
  return { routingStatus: { ...delta.routingStatus, duplicateCount: found.count, duplicateRefs: found.names } };
}

function eventsOf(
  r: Remediation,
  t: Transition,
  from: Phase | undefined,
  delta: StatusDelta,
  after: Status,
  now: Instant,
): readonly EventBody[] {
  if (from === undefined) return begun(r, t, delta);
  if (t.row === 'L39')
    return t.before.map((event) => ({ ...event, data: { ...event.data, status_delta: asJson(delta) } }));
  return [
    ...t.before,
    moved(r, t, from, delta, now),
    ...t.after,
    ...(isTerminal(t.to.phase) ? [ended(r, t, after.completionStatus?.outcome, now)] : []),
    ...(t.isGone === true ? [objectDeleted(r, t.ending?.cancelled?.by ?? 'unknown')] : []),
  ];
}

/** A step that is ready to be made durable, and what is known once it is. */
export interface Step {
  readonly commit: Commit;
  readonly next: Remediation;
}

/** The commit of a transition, and the remediation after it. */
export function stepOf(r: Remediation, t: Transition, now: Instant): Step {
  const step = r.step + 1;
  const from = r.step === 0 ? undefined : r.state.phase;
  const clock = globalClock(r, t.to, now);
  const { mirror, with: told } = delivered(r, t, now);
  const { foreignPhase: _, ...observed } = told.observed;
  const delta = deltaOf(r, t, now);
  const status = mergePatch(asJson(r.status), asJson(delta)) as Status;
  const commit: Commit = {
    registration: registration(r),
    generation: r.generation,
    step,
    at: now,
    events: eventsOf(r, t, from, delta, status, now).map((body) => envelope(r, step, body)),
    ledger: {
      phase: t.to.phase,
      ...clockChange(r, clock),
      ...t.ledger,
      ...(isTerminal(t.to.phase) ? { terminalAt: now } : {}),
    },
    ...(t.isGone === true
      ? {}
      : {
          write: {
            delta,
            resourceVersion: r.observed.resourceVersion,
            foreignConditions: observed.foreignConditions,
            ...(mirror === undefined ? {} : { notificationStatus: mirror.notificationStatus }),
            phaseBefore: from,
          },
        }),
    kubernetesEvents: t.isGone === true ? [] : t.kubernetesEvents,
    ...(t.targetToken === undefined ? {} : { targetToken: t.targetToken }),
    ...(t.releasesTarget === true || endsExecution(r, t) ? { releasesTarget: true } : {}),
    memory: memoryOf({ ...withClock(r, clock), state: t.to }),
  };
  return { commit, next: { ...withClock(told, clock), step, state: t.to, status, edits: [], observed } };
}

/** The delivery of notifications that the step's PATCH shows as well; one that has something to say waits for a write of its own. */
function delivered(
  r: Remediation,
  t: Transition,
  now: Instant,
): { readonly mirror?: Mirror; readonly with: Remediation } {
  const mirror = t.isGone === true ? undefined : mirrorDue(r, now);
  return mirror === undefined || mirror.message !== undefined ? { with: r } : { mirror, with: shown(r, mirror) };
}

/** What the status does not tell of a remediation, and a run needs to go on. */
interface Memory {
  readonly state: Remediation['state'];
  readonly decision?: Remediation['decision'];
  readonly suspendedMs: number;
  readonly suspendedSince?: Instant;
  readonly lifted?: Remediation['lifted'];
  /** Notifications that are still to be made; whoever goes on makes them. */
  readonly unsent?: Remediation['notifications']['unsent'];
}

/** What the ledger keeps of a remediation beside its status. */
export const memoryOf = (r: Remediation): JsonObject => {
  const { state, decision, suspendedMs, suspendedSince, lifted } = r;
  const { unsent } = r.notifications;
  const waiting = unsent.length === 0 ? {} : { unsent };
  return { state, decision, suspendedMs, suspendedSince, lifted, ...waiting } as unknown as JsonObject;
};

/** The remediation as the ledger has it, which counts more than what this run would have done. */
export function resumed(r: Remediation, { step, status, memory }: RecordedStep): Remediation {
  const { state, decision, suspendedMs, suspendedSince, lifted, unsent = [] } = memory as unknown as Memory;
  const { decision: _d, suspendedSince: _s, lifted: _l, ...rest } = r;
  return {
    ...rest,
    step,
    state,
    status: status,
    suspendedMs,
    edits: [],
    notifications: { ...r.notifications, unsent },
    ...(decision === undefined ? {} : { decision }),
    ...(lifted === undefined ? {} : { lifted }),
    ...(suspendedSince === undefined ? {} : { suspendedSince }),
  };
}

/** The commit that records limits somebody changed. It has no PATCH: they stand in the status already. */
export function limitsStep(r: Remediation, now: Instant): Step {
  const step = r.step + 1;
  const commit: Commit = {
    registration: registration(r),
    generation: r.generation,
    step,
    at: now,
    events: [envelope(r, step, limitsModified(r))],
    ledger: { phase: r.state.phase },
    kubernetesEvents: [],
    memory: memoryOf(r),
  };
  return { commit, next: { ...r, step, edits: r.edits.filter(({ field }) => field !== 'timeoutConfig') } };
}

/** What is known after the commit was answered. */
export function settled(next: Remediation, answer: CommitAnswer): Remediation {
  switch (answer.kind) {
    case 'committed': {
      const made = answer.recorded === undefined ? next : resumed(next, answer.recorded);
      const resourceVersion = answer.resourceVersion ?? made.observed.resourceVersion;
      const { duplicates = made.duplicates } = answer;
      const known = {
        ...made,
        observed: { ...made.observed, resourceVersion },
        ...(duplicates === undefined ? {} : { duplicates }),
      };
      return answer.observed === undefined ? known : takeSnapshot(known, answer.observed);
    }
    case 'gone': {
      const made = answer.recorded === undefined ? next : resumed(next, answer.recorded);
      return { ...made, observed: { ...made.observed, gone: true } };
    }
    case 'already-ended':
    case 'superseded':
    case 'claim-lost':
      return next;
  }
}
