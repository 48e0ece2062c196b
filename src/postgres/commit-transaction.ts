/**
 * The durable half of a step: events, chain, claims and ledger in one transaction. Repeating it changes nothing and answers the same.
 *
 * The row of the remediation is locked first. What stands there decides: another generation, a step that is already
 * recorded, an end. Only then events are written, in one statement with everything else that changes.
 */
import type pg from 'pg';
import { InvariantError } from '../errors.ts';
import type { Commit, RecordedStep, Waiter } from '../remediation/commit.ts';
import type { JsonObject } from '../remediation/json.ts';
import { isPhase, isTerminal } from '../remediation/phases.ts';
import type { Phase } from '../remediation/phases.ts';
import type { Duplicates } from '../remediation/state.ts';
import { cleanJson } from './canonical.ts';
import { chainIdOf, linked } from './chain.ts';
import { WRITE_AND_RELEASE, WRITE_STEP } from './commit-statements.ts';
import { eventContents } from './envelope.ts';
import type { Writer } from './envelope.ts';
import { hasSqlState } from './errors.ts';
import type { EventContent, EventRow } from './event-row.ts';
import { deltaOf, fold } from './fold.ts';
import { changedColumns } from './ledger-columns.ts';
import { fingerprintLock, lockedOrRegistered } from './locks.ts';
import type { LockedRow, StepResult } from './locks.ts';
import { withTransaction } from './pool.ts';
import { holdsToken, lockHeldTarget } from './routing/keys.ts';

export type TransactionAnswer =
  | {
      readonly kind: 'committed';
      /** The status that the trail tells up to here. */
      readonly fold: JsonObject;
      readonly waiters: readonly Waiter[];
      /** Who waits as a duplicate of this remediation. */
      readonly duplicates?: Duplicates;
      /** The step was recorded before. */
      readonly repeated: boolean;
      /** Set when the ledger has another step than this one as its last: what is recorded counts. */
      readonly recorded?: LastStep;
    }
  | { readonly kind: 'already-ended'; readonly phase: string }
  /** The target claim that the step needs is not held any more. */
  | { readonly kind: 'claim-lost' }
  | { readonly kind: 'superseded'; readonly generation: number };

/** The last step in the ledger, with what it changed in the status. */
export interface LastStep extends RecordedStep {
  readonly phase: Phase;
  /** The phase that it left; absent when it changed none. */
  readonly phaseBefore?: Phase;
  readonly delta: JsonObject;
}

/** Records the commit exactly once, however often and by whomever it is tried. */
export async function commitTransaction(pool: pg.Pool, commit: Commit, writer: Writer): Promise<TransactionAnswer> {
  const contents = eventContents(commit, writer);
  checkShape(commit, contents);
  try {
    return await withTransaction(pool, (client) => recordStep(client, commit, contents));
  } catch (error) {
    if (!hasSqlState(error, UNIQUE_VIOLATION)) throw error;
    const message = `The trail of ${subject(commit)} holds events that its ledger does not know: run \`rrctl verify\` on it.`;
    throw new InvariantError('INVARIANT', message, { cause: error });
  }
}

const UNIQUE_VIOLATION = '23505';

async function recordStep(
  client: pg.ClientBase,
  commit: Commit,
  contents: readonly EventContent[],
): Promise<TransactionAnswer> {
  const ends = isTerminal(commit.ledger.phase);
  if (ends) await fingerprintLock(client, commit.registration);
  const target = commit.releasesTarget === true ? await lockHeldTarget(client, commit.registration.uid) : undefined;
  const row = await lockedOrRegistered(client, commit.registration);

  if (row.generation > commit.generation) return { kind: 'superseded', generation: row.generation };
  if (row.step >= commit.step) return repeatedAnswer(client, commit, contents, row);
  const isHousekeeping = row.ended && commit.events.every(({ type }) => type === 'orchestrator.lifecycle.deleted');
  if (row.ended && !isHousekeeping) return { kind: 'already-ended', phase: row.phase };
  if (commit.step !== row.step + 1)
    throw new InvariantError(
      'INVARIANT',
      `Step ${String(commit.step)} of ${subject(commit)} cannot follow step ${String(row.step)}, the last in the ledger: steps are missing there.`,
    );
  const { targetToken, registration } = commit;
  if (targetToken !== undefined && !(await holdsToken(client, registration.uid, targetToken)))
    return { kind: 'claim-lost' };
  return writeStep(client, commit, contents, row, target);
}

async function writeStep(
  client: pg.ClientBase,
  commit: Commit,
  contents: readonly EventContent[],
  row: LockedRow,
  target: string | undefined,
): Promise<TransactionAnswer> {
  const { uid } = commit.registration;
  const chainId = chainIdOf(uid);
  const events = linked(chainId, row.chainEnd, contents);
  const end = endOf(events);
  const status = fold(row.statusFold, contents);
  const values = [
    JSON.stringify(events),
    uid,
    commit.step,
    JSON.stringify(row.ended ? onlyDeletion(commit) : changeOf(commit)),
    JSON.stringify(status),
    commit.write?.resourceVersion ?? null,
    row.ended ? row.generation : commit.generation,
    chainId,
    end.chain_seq,
    end.event_hash,
    JSON.stringify(cleanJson(commit.memory)),
  ];
  const ends = !row.ended && isTerminal(commit.ledger.phase);
  const statement =
    ends || target !== undefined
      ? { ...WRITE_AND_RELEASE, values: [...values, ends, target ?? null] }
      : { ...WRITE_STEP, values };
  const written = (await client.query<{ result: StepResult }>(statement)).rows[0]?.result;
  return { kind: 'committed', fold: status, ...released(written), repeated: false };
}

/** What a step found of those who wait. */
const released = (result: StepResult | null | undefined) => ({
  waiters: result?.waiters ?? [],
  ...(result?.duplicates === undefined || result.duplicates.count === 0 ? {} : { duplicates: result.duplicates }),
});

type StoredEvent = Pick<EventRow, 'event_id' | 'event_type' | 'event_data' | 'event_data_sha256'>;

/**
 * The step is in the ledger already. The same content gets the same answer. Another content, or a later step, means
 * that an earlier run went on and was forgotten before the workflow heard of it: then it is told what is recorded.
 */
async function repeatedAnswer(
  client: pg.ClientBase,
  commit: Commit,
  contents: readonly EventContent[],
  row: LockedRow,
): Promise<TransactionAnswer> {
  const stored = await client.query<StoredEvent>({
    name: 'events-of-step',
    text: `select event_id, event_type, event_data, event_data_sha256 from audit_events
      where rr_uid = $1 and step_no = $2 order by step_ordinal`,
    values: [commit.registration.uid, row.step],
  });
  const answer = { kind: 'committed', fold: row.statusFold, ...released(row.lastStepResult), repeated: true } as const;
  const isSame =
    stored.rows.length === contents.length && stored.rows.every((event, i) => isSameEvent(event, contents[i]));
  return isSame ? answer : { ...answer, recorded: lastStep(commit, row, stored.rows) };
}

const isSameEvent = (stored: StoredEvent, content: EventContent | undefined): boolean =>
  stored.event_id === content?.event_id && stored.event_data_sha256 === content.event_data_sha256;

function lastStep(commit: Commit, row: LockedRow, events: readonly StoredEvent[]): LastStep {
  const memory = row.lastStepResult?.memory;
  if (memory === undefined || !isPhase(row.phase))
    throw new InvariantError(
      'INVARIANT',
      `Step ${String(commit.step)} of ${subject(commit)} is recorded with another content, and nothing is kept to go on from there: end its workflow, it is then adopted.`,
    );
  // As it was written: removals in it still have to be made.
  const delta = events.map(deltaOf).find((each) => each !== undefined) ?? {};
  const before = events.map(({ event_data: data }) => data['from_phase']).find((word) => typeof word === 'string');
  const left = isPhase(before) ? { phaseBefore: before } : {};
  return { step: row.step, status: row.statusFold, memory, phase: row.phase, ...left, delta };
}

const subject = ({ registration: { namespace, name, uid } }: Commit): string => `${namespace}/${name} (${uid})`;

function checkShape(commit: Commit, contents: readonly EventContent[]): void {
  const deltas = contents.filter((event) => deltaOf(event) !== undefined);
  if (contents.length === 0)
    throw new InvariantError('INVARIANT', `Step ${String(commit.step)} of ${subject(commit)} has no event.`);
  if (deltas.length > 1)
    throw new InvariantError(
      'INVARIANT',
      `Step ${String(commit.step)} of ${subject(commit)} changes the status in ${String(deltas.length)} events; one at most may.`,
    );
}

function endOf(events: readonly EventRow[]): EventRow {
  const last = events.at(-1);
  if (last === undefined) throw new InvariantError('INVARIANT', 'A step without events has no end.');
  return last;
}

/** A row that has ended is frozen: of a deletion it takes the time and nothing else. */
const onlyDeletion = ({ ledger, at }: Commit): JsonObject => changedColumns({ deletedAt: ledger.deletedAt ?? at });

const changeOf = ({ ledger, at }: Commit): JsonObject =>
  changedColumns(isTerminal(ledger.phase) ? { terminalAt: at, ...ledger } : ledger);
