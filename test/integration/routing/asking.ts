/** Requests in a ledger, and the questions that they ask. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { commitTransaction } from '../../../src/postgres/commit-transaction.ts';
import { register } from '../../../src/postgres/ledger.ts';
import { decideRouting } from '../../../src/postgres/routing/decision.ts';
import type { Decided, Known } from '../../../src/postgres/routing/decision.ts';
import type { Commit, LedgerChange, Registration } from '../../../src/remediation/commit.ts';
import type { Phase } from '../../../src/remediation/phases.ts';
import { keyOf } from '../../../src/remediation/routing/target.ts';
import type { Intent, RoutingAnswer, RoutingQuestion } from '../../../src/remediation/routing/question.ts';
import { aSettings } from '../../builders/request.ts';
import { aCommit, anEvent, writer } from '../../unit/postgres/commits.ts';

/** A registered request of this signal. `age` is in seconds before now. */
export async function aRegistered(
  pool: pg.Pool,
  signal: string,
  { age = 0, ...changes }: Partial<Registration> & { readonly age?: number } = {},
): Promise<Registration> {
  const uid = randomUUID();
  const registration: Registration = {
    namespace: 'kubernaut-system',
    name: `rr-${uid.slice(0, 8)}`,
    uid,
    fingerprint: signal,
    targetNamespace: 'shop',
    createdAt: Date.now() - age * 1000,
    workflowId: `rr-${uid}`,
    phase: '',
    ...changes,
  };
  await register(pool, [registration]);
  return registration;
}

/** The same workflow on this target. */
export const anIntent = (target = 'shop/Deployment/web', workflowId = 'restart'): Intent => ({
  targetKey: keyOf('', 'kubernaut-system', target),
  target,
  workflowId,
  cluster: '',
  resource: { kind: 'Deployment', name: 'web', namespace: 'shop' },
});

let asks = 0;

/** A question that nobody has asked before. */
export function aQuestion(request: Registration, changes: Partial<RoutingQuestion> = {}): RoutingQuestion {
  const { routing, consecutiveFailureThreshold, retentionPeriod } = aSettings();
  asks += 1;
  return {
    request,
    generation: 1,
    step: 2,
    ask: asks,
    asking: changes.intent === undefined ? 'before analysis' : 'after analysis',
    at: Date.now(),
    random: 0.5,
    signalTarget: { kind: 'Deployment', name: 'web', namespace: 'shop' },
    lifted: [],
    limits: { ...routing, consecutiveFailureThreshold, retentionPeriod },
    ...changes,
  };
}

const MANAGED: Known = { scope: { managed: true }, now: 0, over: [], running: [] };

/** What the decision transaction says, whatever it is. */
export const decided = (pool: pg.Pool, question: RoutingQuestion, known: Partial<Known> = {}): Promise<Decided> =>
  decideRouting(pool, question, { ...MANAGED, now: Date.now(), ...known });

/** The answer, which must need nothing else to be known. */
export async function answered(
  pool: pg.Pool,
  question: RoutingQuestion,
  known: Partial<Known> = {},
): Promise<RoutingAnswer> {
  const result = await decided(pool, question, known);
  if (result.kind !== 'answered') throw new Error(`not answered: ${result.kind}`);
  return result.answer;
}

/** The reason for the block, or `admitted` or `over`. */
export const verdict = (answer: RoutingAnswer): string =>
  answer.answer === 'blocked' ? answer.block.reason : answer.answer;

/** Moves the request into this phase with its next commit, or ends it. */
export async function moveTo(
  pool: pg.Pool,
  request: Registration,
  step: number,
  phase: Phase,
  ledger: Partial<LedgerChange> = {},
  more: Partial<Commit> = {},
) {
  const events = [anEvent(request, step, 'orchestrator.lifecycle.transitioned', { to_phase: phase })];
  const commit = { ...aCommit(request, step, phase, events, ledger), at: Date.now(), ...more };
  return commitTransaction(pool, commit, writer);
}

/** The unreleased claims on keys that contain this text, by the uid of their holders. */
export async function holders(pool: pg.Pool, kind: 'fingerprint' | 'target', text: string): Promise<readonly string[]> {
  const sql = `select holder_uid as uid from claims where kind = $1 and position($2 in key) > 0 and released_at is null`;
  return (await pool.query<{ uid: string }>(sql, [kind, text])).rows.map(({ uid }) => uid);
}
