/** What was done to a target before, and with what success: the context for whoever decides about it next. */
import type pg from 'pg';
import { translating } from '../postgres/pool.ts';
import { parseDuration } from '../remediation/durations.ts';
import type { JsonObject } from '../remediation/json.ts';
import { effectivenessOf, renamed } from './effectiveness.ts';
import type { AssessmentEvent } from './effectiveness.ts';
import { Problem } from './problem.ts';

/** The question, checked. */
export interface HistoryQuestion {
  readonly target: string;
  readonly specHash: string;
  readonly tier1Window: string;
  readonly tier2Window: string;
  readonly tier1Ms: number;
  readonly tier2Ms: number;
  readonly clusterId: string | undefined;
}

const MOST = 1000;

/** Reads the parameters of the route. */
export function historyQuestion(query: Readonly<Record<string, string | undefined>>): HistoryQuestion {
  const required = (name: string): string => {
    const value = query[name];
    if (value === undefined || value === '')
      throw new Problem(400, 'missing-parameter', `${name} is required`, { [name]: 'required' });
    return value;
  };
  const window = (name: string, initial: string): readonly [string, number] => {
    const text = query[name] ?? initial;
    const ms = parseDuration(text);
    if (ms === undefined || ms <= 0)
      throw new Problem(400, 'invalid-parameter', `${name} must be a duration such as 24h`, { [name]: 'invalid' });
    return [text, ms];
  };
  const [kind, name, specHash] = [required('targetKind'), required('targetName'), required('currentSpecHash')];
  const [tier1Window, tier1Ms] = window('tier1Window', '24h');
  const [tier2Window, tier2Ms] = window('tier2Window', '2160h');
  if (tier2Ms < tier1Ms)
    throw new Problem(400, 'invalid-parameter', 'tier2Window must be at least tier1Window', { tier2Window: 'invalid' });
  const target = `${query['targetNamespace'] ?? ''}/${kind}/${name}`;
  return { target, specHash, tier1Window, tier2Window, tier1Ms, tier2Ms, clusterId: query['clusterId'] || undefined };
}

interface Run {
  readonly correlation_id: string;
  readonly at: string;
  readonly data: JsonObject;
}

const RUNS = `
  select w.correlation_id, to_char(w.event_timestamp at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, w.event_data as data
  from audit_events w
  where w.event_type = 'remediation.workflow_created' and w.event_data ->> 'target_resource' = $1
    and w.event_timestamp >= $2 and w.event_timestamp < $3
    and ($5::text is null or w.cluster_id = $5)
    and (w.event_data ->> 'pre_remediation_spec_hash' = $4 or exists (
      select from audit_events e where e.correlation_id = w.correlation_id and e.event_category = 'effectiveness'
        and e.event_data ->> 'post_remediation_spec_hash' = $4
    ))
  order by w.event_timestamp desc limit ${String(MOST)}`;

const ASSESSMENTS = `
  select correlation_id, event_type, event_data from audit_events
  where correlation_id = any($1::text[]) and event_category = 'effectiveness' order by event_timestamp, chain_seq`;

/** The answer of the route: what ran lately with details, what ran earlier in short. */
export async function remediationHistory(pool: pg.Pool, question: HistoryQuestion, now: number) {
  const start = now - question.tier1Ms;
  const recent = await runs(pool, question, start, now + 1);
  // What lies further back is a help, not a condition.
  const earlier = await runs(pool, question, now - question.tier2Ms, start).catch(() => []);
  const tier1 = recent.map((run) => detailed(run, question.specHash));
  const tier2 = earlier.map((run) => brief(run, question.specHash));
  return {
    targetResource: question.target,
    currentSpecHash: question.specHash,
    regressionDetected: [...tier1, ...tier2].some(({ hashMatch }) => hashMatch === 'preRemediation'),
    tier1: { window: question.tier1Window, chain: tier1 },
    tier2: { window: question.tier2Window, chain: tier2 },
  };
}

interface AssessedRun extends Run {
  readonly events: readonly AssessmentEvent[];
}

async function runs(
  pool: pg.Pool,
  question: HistoryQuestion,
  from: number,
  to: number,
): Promise<readonly AssessedRun[]> {
  const values = [question.target, new Date(from), new Date(to), question.specHash, question.clusterId ?? null];
  const found = await translating(() => pool.query<Run>(RUNS, values));
  const names = [...new Set(found.rows.map((run) => run.correlation_id))];
  if (names.length === 0) return [];
  const { rows } = await translating(() =>
    pool.query<AssessmentEvent & { correlation_id: string }>(ASSESSMENTS, [names]),
  );
  return found.rows
    .map((run) => ({ ...run, events: rows.filter((event) => event.correlation_id === run.correlation_id) }))
    .reverse();
}

function brief({ correlation_id: name, at, data, events }: AssessedRun, specHash: string) {
  const assessed = effectivenessOf(events);
  const before = textOf(data['pre_remediation_spec_hash']) ?? assessed.before;
  const alert = assessed.parts.alert.details;
  const resolved = alert?.['alert_resolved'] ?? alert?.['resolved'];
  return {
    remediationUID: name,
    signalType: textOf(data['signal_type']),
    actionType: textOf(data['action_type']),
    outcome: assessed.status,
    effectivenessScore: assessed.score,
    signalResolved: typeof resolved === 'boolean' ? resolved : undefined,
    hashMatch: before === specHash ? 'preRemediation' : assessed.after === specHash ? 'postRemediation' : 'none',
    assessmentReason: assessed.reason,
    completedAt: at,
  };
}

function detailed(run: AssessedRun, specHash: string) {
  const assessed = effectivenessOf(run.events);
  const { health, metrics } = assessed.parts;
  return {
    ...brief(run, specHash),
    signalFingerprint: textOf(run.data['signal_fingerprint']),
    preRemediationSpecHash: textOf(run.data['pre_remediation_spec_hash']) ?? assessed.before,
    postRemediationSpecHash: assessed.after,
    healthChecks: renamed(health.details?.['health_checks'] ?? health.details, HEALTH),
    metricDeltas: renamed(metrics.details?.['metric_deltas'] ?? metrics.details, METRICS),
    sideEffects: [] as readonly string[],
  };
}

const HEALTH = {
  pod_running: 'podRunning',
  readiness_pass: 'readinessPass',
  restart_delta: 'restartDelta',
  crash_loops: 'crashLoops',
  oom_killed: 'oomKilled',
  pending_count: 'pendingCount',
};
const METRICS = Object.fromEntries(
  ['cpu', 'memory', 'latency_p95', 'error_rate', 'throughput'].flatMap((name) =>
    ['before', 'after'].map((when) => [`${name}_${when}`, camel(`${name}_${when}`)]),
  ),
) as Readonly<Record<string, string>>;

function camel(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
