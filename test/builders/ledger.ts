/** The durable half of commits in memory, by the same rules as the transaction in PostgreSQL. */
import type { AuditEvent } from '../../src/remediation/audit.ts';
import type { Commit } from '../../src/remediation/commit.ts';
import { mergePatch, sameJson } from '../../src/remediation/json.ts';
import type { Json, JsonObject } from '../../src/remediation/json.ts';
import { isPhase, isTerminal } from '../../src/remediation/phases.ts';
import type { LastStep } from '../../src/postgres/commit-transaction.ts';
import { deltaOf } from '../../src/postgres/fold.ts';
import type { RuledEvent } from '../../src/postgres/trail-rules.ts';

export type LedgerAnswer =
  | {
      readonly kind: 'committed';
      readonly fold: JsonObject;
      readonly recorded?: LastStep;
    }
  | { readonly kind: 'already-ended'; readonly phase: string }
  | { readonly kind: 'superseded'; readonly generation: number };

export interface Ledger {
  commit(commit: Commit): LedgerAnswer;
  /** Every step that was recorded, in order. */
  readonly commits: readonly Commit[];
  /** The status that the trail tells. */
  readonly fold: () => JsonObject;
  /** The trail, as its rules look at it. */
  readonly trail: () => readonly RuledEvent[];
  readonly events: () => readonly AuditEvent[];
  /** What any other run would have to be to go on. */
  raiseGeneration(): void;
}

/** A ledger that knows nothing yet. */
export function aLedger(): Ledger {
  const commits: Commit[] = [];
  let folded: JsonObject = {};
  let generation = 1;

  const trail = (): readonly RuledEvent[] => {
    let seq = 0;
    return commits.flatMap(({ step, events }) =>
      events.map((event, ordinal): RuledEvent => {
        seq += 1;
        return {
          chain_seq: seq,
          event_type: event.type,
          event_action: event.action,
          event_data: plain(event.data),
          step_no: step,
          step_ordinal: ordinal,
        };
      }),
    );
  };

  return {
    commits,
    fold: () => folded,
    trail,
    events: () => commits.flatMap(({ events }) => events),
    raiseGeneration: () => {
      generation += 1;
    },
    commit: (commit) => {
      const last = commits.at(-1);
      if (commit.generation < generation) return { kind: 'superseded', generation };
      if (last !== undefined && last.step >= commit.step) {
        const isSame = last.step === commit.step && sameJson(contentOf(last), contentOf(commit));
        return { kind: 'committed', fold: folded, ...(isSame ? {} : { recorded: recordedOf(last, folded) }) };
      }
      if (last !== undefined && isTerminal(last.ledger.phase))
        return { kind: 'already-ended', phase: last.ledger.phase };
      if (commit.step !== (last?.step ?? 0) + 1)
        throw new Error(`Step ${String(commit.step)} cannot follow step ${String(last?.step ?? 0)}`);
      const kept = plain(commit);
      commits.push(kept);
      folded = commitDeltas(kept).reduce(mergePatch, folded);
      return { kind: 'committed', fold: folded };
    },
  };
}

/** As it is after a journey through a database: nothing undefined, nothing shared. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const contentOf = ({ events }: Commit): Json => plain(events.map(({ type, data }) => [type, data]));

const commitDeltas = ({ events }: Commit): readonly JsonObject[] =>
  events
    .map(({ type, data }) => deltaOf({ event_type: type, event_data: data }))
    .filter((delta) => delta !== undefined);

function recordedOf(last: Commit, status: JsonObject): LastStep {
  const before = last.events.map(({ data }) => data['from_phase']).find((word) => typeof word === 'string');
  return {
    step: last.step,
    status,
    memory: plain(last.memory),
    phase: last.ledger.phase,
    ...(isPhase(before) ? { phaseBefore: before } : {}),
    delta: commitDeltas(last)[0] ?? {},
  };
}
