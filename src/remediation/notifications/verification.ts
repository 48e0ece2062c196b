/** What a completion says of the check that followed the workflow. */
import type { JsonObject } from '../json.ts';
import type { EffectivenessAssessmentStatus } from '../snapshots.ts';
import { isEnded } from '../snapshots.ts';
import type { Remediation } from '../state.ts';
import type { Status } from '../status.ts';
import { present } from './notification.ts';
import { inline, line, lines } from './text.ts';

export interface Verification {
  /** Typed facts of the notification. */
  readonly context: JsonObject;
  /** The same for people. */
  readonly text: string;
}

type Outcome = 'passed' | 'completed' | 'partial' | 'inconclusive' | 'unavailable';

const MEANING: Readonly<Record<string, readonly [Outcome, string]>> = {
  Partial: ['partial', 'some checks could not be made'],
  MetricsTimedOut: ['partial', 'some checks could not be made: metrics came too late'],
  SpecDrift: ['inconclusive', 'the effect cannot be judged: the target was changed by somebody else meanwhile'],
  AlertDecayTimeout: ['inconclusive', 'the effect cannot be judged: alerts went on firing'],
};

const SCORES = { alertScore: 'alerts', healthScore: 'health', metricsScore: 'metrics' } as const;

/** The parts that were scored and are not as good as they should be. */
const weakParts = (components: EffectivenessAssessmentStatus['components']): readonly string[] =>
  (['alertScore', 'healthScore', 'metricsScore'] as const).flatMap((key) => {
    const score = components?.[key];
    return score !== undefined && score < 1 ? [`- ${SCORES[key]}: ${score.toFixed(2)} of 1`] : [];
  });

function judged(status: EffectivenessAssessmentStatus): readonly [Outcome, string] {
  if (status.assessmentReason !== 'Full')
    return MEANING[status.assessmentReason ?? ''] ?? ['unavailable', 'no check was made'];
  const weak = weakParts(status.components);
  return weak.length === 0
    ? ['passed', 'all checks passed']
    : ['completed', lines('the checks ran, some show that it was not fully effective', ...weak)];
}

/** Why a comparison before and after is weaker than it should be; empty when it is not. */
function degradedReason(r: Remediation, after: Status): string {
  const before = after.conditions?.['PreRemediationHashCaptured'];
  const afterwards = r.children.EffectivenessAssessment?.status.postHashCaptured;
  return [
    before?.status === 'False' ? `state before the remediation: ${before.message}` : '',
    afterwards?.status === 'False' ? `state after the remediation: ${afterwards.message ?? 'not captured'}` : '',
  ]
    .filter((part) => part !== '')
    .join('; ');
}

/** The check as it stands at the end. */
export function verification(r: Remediation, after: Status): Verification {
  const assessment = r.children.EffectivenessAssessment;
  const isAssessed = assessment !== undefined && isEnded(assessment);
  const [outcome, meaning] = isAssessed ? judged(assessment.status) : (['unavailable', 'not available'] as const);
  const degraded = degradedReason(r, after);
  return {
    context: {
      assessed: isAssessed,
      outcome,
      ...present({
        reason: isAssessed ? assessment.status.assessmentReason : undefined,
        summary: meaning.split('\n')[0],
      }),
      ...(degraded === '' ? {} : { degraded: true, degradedReason: inline(degraded) }),
    },
    text: lines(
      line('Verification', meaning),
      degraded === '' ? '' : `Warning, not everything could be compared: ${inline(degraded)}`,
    ),
  };
}
