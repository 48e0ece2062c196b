/** What a child controller does next: a pure function of what the object shows. */
import type { JsonObject } from '../../src/remediation/json.ts';
import { toRfc3339 } from '../../src/remediation/time.ts';
import { behaviourFor } from './behaviours.ts';
import type { Behaviour, SimulatedKind } from './behaviours.ts';
import { endOfAnalysis, endOfAssessment, endOfExecution, endOfNotification, endOfProcessing } from './statuses.ts';
import { phaseOf } from './watched.ts';
import type { Child } from './watched.ts';

interface Course {
  /** The phases before the last one, each with what the status then shows. */
  readonly onTheWay: readonly (readonly [phase: string, status: (now: number) => JsonObject])[];
  readonly end: (child: Child, now: number, behaviour: Behaviour | undefined) => JsonObject;
}

const nothing = (): JsonObject => ({});
const VALIDITY_MS = 30 * 60_000;

const COURSES: Readonly<Record<SimulatedKind, Course>> = {
  SignalProcessing: {
    onTheWay: [
      ['Enriching', (now) => ({ startTime: toRfc3339(now) })],
      ['Classifying', nothing],
    ],
    end: endOfProcessing,
  },
  AIAnalysis: {
    onTheWay: [
      ['Investigating', (now) => ({ startedAt: toRfc3339(now) })],
      ['Analyzing', nothing],
    ],
    end: endOfAnalysis,
  },
  WorkflowExecution: { onTheWay: [['Running', (now) => ({ startTime: toRfc3339(now) })]], end: endOfExecution },
  EffectivenessAssessment: {
    onTheWay: [['Stabilizing', (now) => ({ validityDeadline: toRfc3339(now + VALIDITY_MS) })]],
    end: endOfAssessment,
  },
  NotificationRequest: { onTheWay: [['Sending', nothing]], end: endOfNotification },
};

const FINAL = new Set(['Completed', 'Failed', 'Sent', 'PartiallySent']);

/** The next status of a child; undefined when it has ended, is being deleted, or is to stay silent. */
export function nextStatus(
  child: Child,
  labels: Readonly<Record<string, string>>,
  now: number,
  straightToTheEnd: boolean,
): JsonObject | undefined {
  const phase = phaseOf(child);
  const behaviour = behaviourFor(child.kind, labels);
  if (FINAL.has(phase) || child.metadata.deletionTimestamp !== undefined) return undefined;
  if (behaviour?.endsWith('-silent') === true) return undefined;
  const { onTheWay, end } = COURSES[child.kind];
  const next = onTheWay[onTheWay.findIndex(([name]) => name === phase) + 1];
  if (straightToTheEnd || next === undefined) return end(child, now, behaviour);
  return { phase: next[0], ...next[1](now) };
}
