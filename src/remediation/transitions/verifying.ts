import { verificationDeadline } from '../deadlines.ts';
import type { EffectivenessAssessmentStatus } from '../snapshots.ts';
import type { RemediationIn } from '../state.ts';
import { parseTime, toRfc3339 } from '../time.ts';
import type { Instant } from '../time.ts';
import { transition } from '../transition.ts';
import type { ConditionChange, Transition } from '../transition.ts';
import { counted, isFalse, isTrue } from './shared.ts';
import type { FailureCount } from './shared.ts';

type In = RemediationIn<'Verifying'>;

const running = (r: In, now: Instant): number => Math.max(1, now - (parseTime(r.status.startTime) ?? now));

/** The condition that shows how an assessment ended. */
export function assessmentCondition(status: EffectivenessAssessmentStatus | undefined): ConditionChange {
  if (status?.phase === 'Failed') return isFalse('AssessmentFailed', status.message || 'The assessment failed');
  if (status?.assessmentReason === 'Expired')
    return isTrue('AssessmentExpired', 'The assessment ended because its time was up');
  return isTrue('AssessmentCompleted', 'The effect of the remediation was assessed');
}

function completed(r: In, now: Instant) {
  const assessment = r.children.EffectivenessAssessment;
  const deadline = toRfc3339(verificationDeadline(r, r.state.enteredAt));
  const durationMs = running(r, now);
  const score = assessment?.status.components?.alertScore;
  return { name: assessment?.name ?? '', reason: assessment?.status.assessmentReason, deadline, durationMs, score };
}

/** L30 and L31: the verdict is there. An inconclusive one counts as a failure. */
export function conclude(
  r: In,
  verdict: 'Remediated' | 'Inconclusive',
  failures: FailureCount,
  now: Instant,
): Transition<'L30' | 'L31'> {
  const { name, reason, deadline, durationMs, score } = completed(r, now);
  const isInconclusive = verdict === 'Inconclusive';
  const { ledger, routingStatus } = counted(r, failures, now);
  const message = isInconclusive
    ? 'The workflow ran, but the alert is still firing'
    : 'Remediated: the workflow ran and its effect was assessed';
  return transition(
    isInconclusive ? 'L31' : 'L30',
    { phase: 'Completed', since: now },
    {
      delta: {
        completionStatus: { outcome: verdict },
        phaseProgress: { verificationDeadline: deadline },
        ...(isInconclusive ? { routingStatus } : {}),
      },
      conditions: { EffectivenessAssessed: assessmentCondition(r.children.EffectivenessAssessment?.status) },
      before: [
        {
          type: 'orchestrator.lifecycle.verification_completed',
          action: 'completed',
          outcome: 'success',
          durationMs,
          data: {
            ea_name: name,
            duration_ms: durationMs,
            crd_outcome: verdict,
            ...(reason === undefined ? {} : { assessment_reason: reason }),
            ...(score === undefined ? {} : { alert_score: score }),
          },
        },
      ],
      ledger: { outcome: verdict, ...(isInconclusive ? ledger : {}) },
      ending: { message },
    },
  );
}

/** L32: the verdict did not come in time. The workflow ran, so the remediation is complete all the same. */
export function verificationTimedOut(r: In, now: Instant): Transition<'L32'> {
  const { name, deadline, durationMs } = completed(r, now);
  return transition(
    'L32',
    { phase: 'Completed', since: now },
    {
      delta: {
        completionStatus: { outcome: 'VerificationTimedOut' },
        phaseProgress: { verificationDeadline: deadline },
      },
      before: [
        {
          type: 'orchestrator.lifecycle.verification_timed_out',
          action: 'expired',
          outcome: 'failure',
          durationMs,
          data: { ea_name: name, duration_ms: durationMs },
        },
      ],
      ledger: { outcome: 'VerificationTimedOut' },
      ending: { message: `The workflow ran; no assessment of its effect came by ${deadline}` },
    },
  );
}
