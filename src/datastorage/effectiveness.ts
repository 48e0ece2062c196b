/** How well a remediation worked, from the events of its assessment. Pure. */
import { isObject } from '../remediation/json.ts';
import type { Json, JsonObject } from '../remediation/json.ts';

/** An event of the assessment, as far as this needs it. */
export interface AssessmentEvent {
  readonly event_type: string;
  readonly event_data: JsonObject;
}

const WEIGHTS = { health: 0.4, alert: 0.35, metrics: 0.25 } as const;
type Part = keyof typeof WEIGHTS;
const PARTS = Object.keys(WEIGHTS) as readonly Part[];

const lastOf = (events: readonly AssessmentEvent[], type: string): JsonObject | undefined =>
  events.findLast((event) => event.event_type === type)?.event_data;

const numberOf = (value: Json | undefined): number | undefined => (typeof value === 'number' ? value : undefined);
const textOf = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

/** What was assessed, and what it came to. */
export interface Effectiveness {
  readonly score: number | null;
  readonly status: string;
  readonly reason: string | undefined;
  readonly parts: Readonly<
    Record<Part, { readonly assessed: boolean; readonly score?: number; readonly details?: JsonObject }>
  >;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** The assessment of one remediation, its events in the order of their time. */
export function effectivenessOf(events: readonly AssessmentEvent[]): Effectiveness {
  const partOf = (part: Part) => {
    const data = lastOf(events, `effectiveness.${part}.assessed`);
    const score = numberOf(data?.['score']);
    const assessed = data !== undefined && data['assessed'] !== false && score !== undefined;
    return { assessed, ...(score === undefined ? {} : { score }), ...(data === undefined ? {} : { details: data }) };
  };
  const parts = { health: partOf('health'), alert: partOf('alert'), metrics: partOf('metrics') };
  const completed = lastOf(events, 'effectiveness.assessment.completed');
  const hashes = lastOf(events, 'effectiveness.hash.computed');
  const reason = textOf(completed?.['reason'] ?? completed?.['assessment_reason']);
  const assessed = PARTS.filter((part) => parts[part].assessed);
  const weight = assessed.reduce((sum, part) => sum + WEIGHTS[part], 0);
  const sum = assessed.reduce((total, part) => total + WEIGHTS[part] * (parts[part].score ?? 0), 0);
  const score = reason === 'SpecDrift' ? 0 : assessed.length === 0 ? null : Number((sum / weight).toFixed(6));
  const status = completed === undefined ? (events.length === 0 ? 'no_data' : 'in_progress') : statusOf(reason);
  const hash = (name: string): string | undefined => textOf(hashes?.[name]) ?? textOf(completed?.[name]);
  return {
    score,
    status,
    reason,
    parts,
    before: hash('pre_remediation_spec_hash'),
    after: hash('post_remediation_spec_hash'),
  };
}

const WORDS: Readonly<Record<string, string>> = {
  full: 'Full',
  partial: 'Partial',
  specdrift: 'SpecDrift',
  spec_drift: 'SpecDrift',
  expired: 'Expired',
  noexecution: 'NoExecution',
  no_execution: 'NoExecution',
  metricstimedout: 'MetricsTimedOut',
  metrics_timed_out: 'MetricsTimedOut',
};
const statusOf = (reason: string | undefined): string => WORDS[reason?.toLowerCase() ?? ''] ?? 'EffectivenessAssessed';

/** The answer of the route. */
export function effectivenessAnswer(correlationId: string, events: readonly AssessmentEvent[], now: number) {
  const { score, status, parts, before, after } = effectivenessOf(events);
  const components = Object.fromEntries(
    PARTS.flatMap((part) => {
      const { assessed, score: own, details } = parts[part];
      return [
        [`${part}_assessed`, assessed],
        ...(own === undefined ? [] : [[`${part}_score`, own]]),
        ...(details === undefined ? [] : [[`${part}_details`, details]]),
      ];
    }),
  ) as JsonObject;
  return {
    correlation_id: correlationId,
    score,
    components,
    hash_comparison: {
      ...(before === undefined ? {} : { pre_remediation_spec_hash: before }),
      ...(after === undefined ? {} : { post_remediation_spec_hash: after }),
      ...(before === undefined || after === undefined ? {} : { hash_match: before === after }),
    },
    assessment_status: status,
    computed_at: new Date(now).toISOString(),
  };
}

/** The members of an object under other names; absent ones stay absent. */
export function renamed(data: Json | undefined, names: Readonly<Record<string, string>>): JsonObject | undefined {
  if (!isObject(data)) return undefined;
  const members = Object.entries(names).flatMap(([from, to]) =>
    data[from] === undefined ? [] : [[to, data[from]] as const],
  );
  return members.length === 0 ? undefined : Object.fromEntries(members);
}
