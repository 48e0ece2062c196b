import { limitOf } from '../deadlines.ts';
import type { RemediationIn } from '../state.ts';
import { toRfc3339 } from '../time.ts';
import type { Instant } from '../time.ts';
import { transition } from '../transition.ts';
import type { TouchedChild, Transition } from '../transition.ts';
import { failure, isFalse, isTrue, moved, refTo, timeout, touched, withDetail } from './shared.ts';
import type { Ensured, FailureCount } from './shared.ts';

type In = RemediationIn<'Processing'>;

/** L05: the signal is processed and its AIAnalysis is there. */
export function startAnalyzing(r: In, ensured: Ensured<'AIAnalysis'>, now: Instant): Transition<'L05'> {
  return transition(
    'L05',
    { phase: 'Analyzing', since: now },
    {
      delta: { phaseProgress: { aiAnalysisRef: refTo(ensured.child), analyzingStartTime: toRfc3339(now) } },
      conditions: {
        SignalProcessingComplete: isTrue('SignalProcessingSucceeded', 'The signal is enriched and classified'),
        AIAnalysisReady: isTrue('AIAnalysisCreated', `AIAnalysis ${ensured.child.name} is there`),
      },
      children: [touched(ensured)],
      kubernetesEvents: [moved(r.state.phase, 'Analyzing')],
    },
  );
}

/** L06: signal processing failed, or there is none where there should be one. */
export function failProcessing(r: In, detail: string, failures: FailureCount, now: Instant): Transition<'L06'> {
  const reason =
    r.children.SignalProcessing === undefined
      ? 'SignalProcessing not found'
      : withDetail('SignalProcessing failed', detail);
  return transition(
    'L06',
    { phase: 'Failed', since: now },
    {
      ...failure(r, { phase: 'SignalProcessing', reason }, failures, now),
      conditions: { SignalProcessingComplete: isFalse('SignalProcessingFailed', reason) },
    },
  );
}

/** L07: signal processing did not end in time. */
export function processingTimedOut(
  r: In,
  closed: readonly TouchedChild[],
  failures: FailureCount,
  now: Instant,
): Transition<'L07'> {
  const parts = timeout(r, { type: 'phase', limit: limitOf(r, 'processing'), counts: true }, failures, now);
  return transition(
    'L07',
    { phase: 'TimedOut', since: now },
    {
      ...parts,
      children: closed,
      conditions: { SignalProcessingComplete: isFalse('SignalProcessingTimeout', parts.ending.message) },
    },
  );
}
