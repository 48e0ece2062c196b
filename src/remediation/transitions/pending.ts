import { formatDuration } from '../durations.ts';
import type { Remediation, RemediationIn } from '../state.ts';
import type { TimeoutConfig } from '../status.ts';
import { parseTime, toRfc3339 } from '../time.ts';
import type { Instant } from '../time.ts';
import { transition } from '../transition.ts';
import type { Transition } from '../transition.ts';
import { isTrue, moved, refTo, touched } from './shared.ts';
import type { Ensured } from './shared.ts';

const MEMBERS = ['global', 'processing', 'analyzing', 'executing'] as const;

/** The limits in force, with the configured default for each member that the status lacks. */
export function completedLimits(r: Remediation): Required<TimeoutConfig> {
  const limit = (member: (typeof MEMBERS)[number]) =>
    r.status.timeoutConfig?.[member] || formatDuration(r.settings.timeouts[member]);
  return {
    global: limit('global'),
    processing: limit('processing'),
    analyzing: limit('analyzing'),
    executing: limit('executing'),
  };
}

/** L01: the request is taken up. */
export function accept(r: Remediation, now: Instant): Transition<'L01'> {
  const limits = completedLimits(r);
  const missing = MEMBERS.filter((member) => !r.status.timeoutConfig?.[member]);
  const startTime = r.status.startTime ?? toRfc3339(now);
  return transition(
    'L01',
    { phase: 'Pending', since: now },
    {
      delta: {
        startTime,
        ...(missing.length > 0 ? { timeoutConfig: Object.fromEntries(missing.map((m) => [m, limits[m]])) } : {}),
      },
      ledger: { startedAt: parseTime(startTime) ?? now },
      kubernetesEvents: [
        {
          type: 'Normal',
          reason: 'RemediationCreated',
          message: `Remediation of ${r.request.spec.signalName} started`,
        },
      ],
    },
  );
}

/** L03: routing admits it and its SignalProcessing is there. */
export function startProcessing(
  r: RemediationIn<'Pending'>,
  ensured: Ensured<'SignalProcessing'>,
  now: Instant,
): Transition<'L03'> {
  return transition(
    'L03',
    { phase: 'Processing', since: now },
    {
      delta: { phaseProgress: { signalProcessingRef: refTo(ensured.child), processingStartTime: toRfc3339(now) } },
      conditions: {
        SignalProcessingReady: isTrue('SignalProcessingCreated', `SignalProcessing ${ensured.child.name} is there`),
      },
      children: [touched(ensured)],
      kubernetesEvents: [moved('Pending', 'Processing')],
    },
  );
}
