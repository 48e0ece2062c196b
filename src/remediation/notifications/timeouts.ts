import type { NotificationOrder } from '../children.ts';
import type { JsonObject } from '../json.ts';
import type { Remediation } from '../state.ts';
import { toRfc3339 } from '../time.ts';
import type { Transition } from '../transition.ts';
import { commonFacts, opening, shownTarget, signal, statusAfter } from './facts.ts';
import { order } from './notification.ts';
import { inline, line, lines } from './text.ts';

/** Word that the time for the whole remediation was up. */
export function globalTimeout(r: Remediation, t: Transition): NotificationOrder {
  const { phase } = r.state;
  return order(r, {
    kind: 'global timeout',
    prefix: 'timeout',
    type: 'Escalation',
    priority: 'Critical',
    subject: `Remediation timeout: ${signal(r)}`,
    context: { execution: { timeoutPhase: phase }, target: target(r) },
    body: [
      opening(r, 'TimedOut (global limit)'),
      commonFacts(r),
      lines(
        line('Ended in phase', phase),
        line('Global limit', t.ending?.timeout?.limit),
        line('Started', r.status.startTime),
        line('Timed out', statusAfter(r, t).completionStatus?.timeoutTime),
      ),
      stillRunning(t),
      `Look at why phase ${phase} did not end in time.`,
    ],
  });
}

/** Word that the time for one phase was up. */
export function phaseTimeout(r: Remediation, t: Transition): NotificationOrder {
  const { phase, since } = r.state;
  const limit = t.ending?.timeout?.limit ?? '';
  return order(r, {
    kind: 'phase timeout',
    prefix: `phase-timeout-${phase.toLowerCase()}`,
    type: 'Escalation',
    priority: 'High',
    subject: `Phase ${phase} timed out: ${signal(r)}`,
    context: { execution: { timeoutPhase: phase, phaseTimeout: limit }, target: target(r) },
    more: { phase },
    body: [
      opening(r, `TimedOut (phase ${phase})`),
      commonFacts(r),
      lines(
        line('Phase', phase),
        line('Limit of the phase', limit),
        line('Phase started', startOf(r) ?? toRfc3339(since)),
        line('Timed out', statusAfter(r, t).completionStatus?.timeoutTime),
      ),
      stillRunning(t),
      `Look at the objects of phase ${phase}; what was done so far is in the audit trail.`,
    ],
  });
}

function startOf({ state, status }: Remediation): string | undefined {
  const progress = status.phaseProgress;
  switch (state.phase) {
    case 'Processing':
      return progress?.processingStartTime;
    case 'Analyzing':
      return progress?.analyzingStartTime;
    case 'Executing':
      return progress?.executingStartTime;
    default:
      return undefined;
  }
}

function target(r: Remediation): JsonObject {
  const { kind, name } = shownTarget(r);
  return { targetResource: `${kind}/${name}` };
}

const stillRunning = ({ children }: Transition): string => {
  const closed = children.filter(({ action }) => action === 'cascaded');
  if (closed.length === 0) return '';
  return lines(
    'Was still running, and was told to end:',
    ...closed.map(({ kind, name }) => `- ${kind} ${inline(name)}`),
  );
};
