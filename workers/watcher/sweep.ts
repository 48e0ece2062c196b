/** Which news a workflow seems to have missed: what its request shows is older than what its children, or the request itself, have said. */
import { isConclusive } from '../../src/remediation/news.ts';
import type { ChildKind, Snapshot } from '../../src/remediation/snapshots.ts';
import { isOver, mayStart, objectKey } from './state.ts';
import type { SeenChild, SeenRequest } from './state.ts';

export interface SweepFacts {
  readonly now: number;
  /** News younger than this may still be on their way. */
  readonly ageMs: number;
  readonly intervalMs: number;
  readonly requests: Iterable<SeenRequest>;
  readonly children: Iterable<SeenChild>;
  /** What was sent again before, and may be sent again later; entries that no longer matter are removed. */
  readonly repeats: Map<string, Repeat>;
}

/** How often one piece of news was sent again. A workflow may have it and be held up, so the pauses double. */
export interface Repeat {
  readonly times: number;
  readonly nextAt: number;
}

export interface SweepFindings {
  readonly start: readonly SeenRequest[];
  readonly send: readonly { readonly uid: string; readonly snapshot: Snapshot }[];
}

/** The phases in which the end of a child may not have been consumed yet. */
const UNCONSUMED_IN: Readonly<Record<ChildKind, readonly string[]>> = {
  SignalProcessing: ['', 'Pending', 'Processing'],
  AIAnalysis: ['', 'Pending', 'Processing', 'Analyzing'],
  RemediationApprovalRequest: ['', 'Pending', 'Processing', 'Analyzing', 'AwaitingApproval'],
  WorkflowExecution: ['', 'Pending', 'Processing', 'Analyzing', 'AwaitingApproval', 'Executing'],
  EffectivenessAssessment: ['', 'Executing', 'Verifying'],
  NotificationRequest: [],
};

/** Whether a request in this phase may still have to consume the child's end or answer. */
export const mayBeUnconsumed = (phase: string | undefined, { snapshot }: SeenChild): boolean =>
  isConclusive(snapshot) && UNCONSUMED_IN[snapshot.kind].includes(phase ?? '');

/** Looks at everything once; decides nothing and sends nothing itself. */
export function sweep(facts: SweepFacts): SweepFindings {
  const start: SeenRequest[] = [];
  const send: { uid: string; snapshot: Snapshot }[] = [];
  const live = new Map<string, SeenRequest>();
  const wanted = new Set<string>();
  const oldEnough = (since: number): boolean => facts.now - since >= facts.ageMs;

  const again = (uid: string, snapshot: Snapshot, most = Infinity): void => {
    const key = `${objectKey(snapshot)}@${snapshot.resourceVersion}`;
    wanted.add(key);
    const { times, nextAt } = facts.repeats.get(key) ?? { times: 0, nextAt: 0 };
    if (facts.now < nextAt || times >= most) return;
    facts.repeats.set(key, { times: times + 1, nextAt: facts.now + facts.intervalMs * 2 ** Math.min(times, 6) - 1 });
    send.push({ uid, snapshot });
  };

  for (const seen of facts.requests) {
    const { snapshot, seenAt } = seen;
    if (isOver(snapshot)) continue;
    live.set(snapshot.uid, seen);
    if (!oldEnough(seenAt)) continue;
    if (mayStart(snapshot) && (snapshot.status.overallPhase ?? '') === '') start.push(seen);
    // An edit leaves no trace when it is consumed, so it is said once more and not for ever; a foreign phase stands until it is answered.
    if (snapshot.foreign.length > 0) again(snapshot.uid, snapshot, snapshot.foreign.includes('overallPhase') ? 3 : 1);
    else if (snapshot.deletionTimestamp !== undefined) again(snapshot.uid, snapshot, 3);
  }
  for (const child of facts.children) {
    const { ownerUid = '' } = child.snapshot;
    const owner = live.get(ownerUid);
    if (owner === undefined || child.concludedAt === undefined || !oldEnough(child.concludedAt)) continue;
    if (mayBeUnconsumed(owner.snapshot.status.overallPhase, child)) again(ownerUid, child.snapshot);
  }
  for (const key of [...facts.repeats.keys()]) if (!wanted.has(key)) facts.repeats.delete(key);
  return { start, send };
}
