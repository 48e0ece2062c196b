/**
 * The decision transaction: locks, facts, checks, claims. One answer per question, kept in the ledger, so that whoever
 * asks again hears the same. Waiting is entered here and not by the commit that shows it: under the lock that a release
 * takes too, so that a waiter either sees the release or is on its list.
 */
import type pg from 'pg';
import { InvariantError } from '../../errors.ts';
import { sameJson } from '../../remediation/json.ts';
import type { JsonObject } from '../../remediation/json.ts';
import { blockOf, reachesOwner } from '../../remediation/routing/checks.ts';
import { told } from '../../remediation/routing/facts.ts';
import type { RoutingFacts, ScopeVerdict } from '../../remediation/routing/facts.ts';
import type { Block, RoutingAnswer, RoutingQuestion } from '../../remediation/routing/question.ts';
import { register } from '../ledger.ts';
import { fingerprintKey } from '../locks.ts';
import { withTransaction } from '../pool.ts';
import { lockKeys } from './keys.ts';
import { pastRuns } from './past-runs.ts';
import type { PastRuns } from './past-runs.ts';
import { readLedger } from './reading.ts';
import type { Claim, Reading } from './reading.ts';

/** What was found out before the transaction. */
export interface Known {
  readonly scope: ScopeVerdict;
  readonly now: number;
  /** Former holders of the target whose executions were read and are over. */
  readonly over: readonly string[];
  /** Former holders whose executions were read and still run. */
  readonly running: readonly string[];
}

export type Decided =
  | { readonly kind: 'answered'; readonly answer: RoutingAnswer; readonly chainFault?: Error }
  /** The holder of the target has ended; whether its execution has too must be read before anybody takes over. */
  | { readonly kind: 'read the holder'; readonly holder: Claim };

/** A waiter that is next gets this long before others go past it. */
const TURN_MS = 30_000;

/** Decides, or says what has to be known first. */
export const decideRouting = (pool: pg.Pool, question: RoutingQuestion, known: Known): Promise<Decided> =>
  withTransaction(pool, async (client): Promise<Decided> => {
    const runs = await pastRuns(client, question, known.now);
    await lockKeys(client, fingerprintKey(question.request), question.intent?.targetKey);
    const reading = await registeredReading(client, question, known.now);
    if (reading.hasEnded || reading.generation > question.generation)
      return { kind: 'answered', answer: { answer: 'over' } };
    const { stored } = reading;
    if (stored !== undefined && sameJson(stored.question, identityOf(question)))
      return { kind: 'answered', answer: stored.answer as unknown as RoutingAnswer };
    const { holder } = reading;
    const isKnown = holder === undefined || known.over.includes(holder.uid) || known.running.includes(holder.uid);
    if (holder?.hasEnded === true && holder.uid !== question.request.uid && !isKnown)
      return { kind: 'read the holder', holder };
    const answer = await decide(client, question, known, reading, runs);
    return { kind: 'answered', answer, ...(runs.fault === undefined ? {} : { chainFault: runs.fault }) };
  });

/** What makes two questions the same. */
const identityOf = ({ generation, step, ask, asking, intent }: RoutingQuestion): JsonObject => ({
  generation,
  step,
  ask,
  asking,
  target: intent?.targetKey ?? '',
});

async function registeredReading(client: pg.ClientBase, question: RoutingQuestion, now: number): Promise<Reading> {
  const known = await readLedger(client, question, now);
  if (known !== undefined) return known;
  await register(client, [question.request]);
  const registered = await readLedger(client, question, now);
  if (registered !== undefined) return registered;
  throw new InvariantError('INVARIANT', `${question.request.name} cannot be entered into the ledger.`);
}

async function decide(
  client: pg.ClientBase,
  question: RoutingQuestion,
  known: Known,
  reading: Reading,
  runs: PastRuns,
): Promise<RoutingAnswer> {
  const { request, intent, asking } = question;
  const owner = reading.owner?.hasEnded === true ? undefined : reading.owner;
  const isOver = reading.holder !== undefined && known.over.includes(reading.holder.uid);
  const holder = isOver ? undefined : reading.holder;
  const isMine = holder?.uid === request.uid;
  const facts = factsOf(question, known, reading, { owner, holder: isMine ? undefined : holder, isMine }, runs);
  const block = blockOf(facts);

  if (isOver && block === undefined) await release(client, reading.holder);
  const elects =
    owner === undefined && reading.candidate !== undefined && reachesOwner(asking, block) && block?.isOver !== true;
  if (elects && reading.owner !== undefined) await release(client, reading.owner);
  const claims = block === undefined && intent !== undefined && !isMine;
  const waiters = leavesQueue(question, reading, block) && reading.waiter !== undefined ? [reading.waiter] : [];
  const answer = {
    answer: block === undefined ? 'admitted' : 'blocked',
    ...(block === undefined ? {} : { block }),
    ...(isMine && block === undefined ? { token: holder.token } : {}),
    decision: { check: block?.reason ?? 'none', inputs: told(facts) },
    waiters: waiters.map(({ uid, workflowId }) => ({ uid, workflowId })),
  };
  return await write(client, {
    question,
    answer,
    waitingOn: block?.waitingOn,
    elected: elects ? reading.candidate.uid : undefined,
    claims,
  });
}

interface Holding {
  readonly owner: Claim | undefined;
  readonly holder: Claim | undefined;
  readonly isMine: boolean;
}

function factsOf(
  question: RoutingQuestion,
  { scope, now }: Known,
  reading: Reading,
  { owner, holder, isMine }: Holding,
  { entries }: PastRuns,
): RoutingFacts {
  const { request, signalTarget, intent, present, nextAllowedExecution, preHash } = question;
  const { foreign, recent, waiter, freeSince, lastOwner } = reading;
  // Whoever was there while the last owner worked is its duplicate, even if it comes to ask only now.
  const isLate = owner === undefined && lastOwner !== undefined && question.asking === 'before analysis';
  const ownerOrElected = owner ?? reading.candidate;
  const isFree = !isMine && holder === undefined && foreign === undefined;
  const hasTurn = waiter?.isSenior === true && freeSince !== undefined && now - freeSince <= TURN_MS;
  return {
    now,
    random: question.random,
    asking: question.asking,
    limits: question.limits,
    lifted: question.lifted,
    scope,
    signalTarget: [signalTarget.namespace, signalTarget.kind, signalTarget.name].filter(Boolean).join('/'),
    self: { uid: request.uid, name: request.name },
    earlier: reading.earlier,
    ...(intent === undefined ? {} : { intent }),
    ...(present === undefined ? {} : { present }),
    ...(nextAllowedExecution === undefined ? {} : { nextAllowedExecution }),
    ...(preHash === undefined ? {} : { preHash }),
    ...(ownerOrElected === undefined ? {} : { owner: { uid: ownerOrElected.uid, name: ownerOrElected.name } }),
    ...(holder === undefined
      ? {}
      : { holder: { ...holder, executionName: holder.executionName ?? `we-${holder.name}` } }),
    ...(foreign === undefined || isMine ? {} : { foreign }),
    ...(isFree && hasTurn ? { ahead: { uid: waiter.uid, name: waiter.name } } : {}),
    ...(isLate ? { lastOwner } : {}),
    ...(recent === undefined ? {} : { recent }),
    ...(entries === undefined ? {} : { chain: entries }),
  };
}

/** Whether it gives up its place without taking the target: then it is the next one's turn. */
const leavesQueue = ({ intent }: RoutingQuestion, { waitingOn, holder, foreign }: Reading, block: Block | undefined) =>
  intent !== undefined &&
  waitingOn === intent.targetKey &&
  block !== undefined &&
  block.waitingOn !== intent.targetKey &&
  (holder === undefined || holder.hasEnded) &&
  foreign === undefined;

async function release(client: pg.ClientBase, { token }: Claim): Promise<void> {
  const text = 'update claims set released_at = clock_timestamp() where token = $1 and released_at is null';
  await client.query({ name: 'routing-release', text, values: [token] });
}

const WRITE = `
  with elected as (
    insert into claims (kind, key, holder_uid) select 'fingerprint', $2, $3::uuid where $3::text is not null
  ),
  claimed as (
    insert into claims (kind, key, holder_uid) select 'target', $4, $1::uuid where $5::boolean returning token
  )
  update remediations set
    waiting_on = $6,
    routing = jsonb_build_object(
      'question', $7::jsonb,
      'answer', $8::jsonb || coalesce((select jsonb_build_object('token', token) from claimed), '{}'),
      'at', $9::text)
  where uid = $1::uuid
  returning routing->'answer' as answer`;

interface Written {
  readonly question: RoutingQuestion;
  readonly answer: object;
  readonly waitingOn: string | undefined;
  readonly elected: string | undefined;
  readonly claims: boolean;
}

async function write(client: pg.ClientBase, written: Written): Promise<RoutingAnswer> {
  const { question, answer, waitingOn, elected, claims } = written;
  const { request, intent } = question;
  const values = [
    request.uid,
    fingerprintKey(request) ?? null,
    elected ?? null,
    intent?.targetKey ?? null,
    claims,
    waitingOn ?? null,
    JSON.stringify(identityOf(question)),
    JSON.stringify(answer),
    new Date(question.at).toISOString(),
  ];
  const result = await client.query<{ answer: RoutingAnswer }>({ name: 'routing-write', text: WRITE, values });
  const stored = result.rows[0]?.answer;
  if (stored === undefined)
    throw new InvariantError('INVARIANT', `The ledger row of ${request.name} has gone during a routing decision.`);
  return stored;
}
