/** What every trail obeys, whatever happened to the remediation: pure, over the events in the order of their chain. */
import type { Json } from '../remediation/json.ts';
import { isPhase, isTerminal, ROWS } from '../remediation/phases.ts';
import type { Row } from '../remediation/phases.ts';
import type { TrailEvent } from './event-row.ts';
import { deltaOf } from './fold.ts';

/** An event as far as the rules look at it. */
export type RuledEvent = Pick<
  TrailEvent,
  'chain_seq' | 'event_type' | 'event_action' | 'event_data' | 'step_no' | 'step_ordinal'
>;

/** A rule that a trail breaks, and where. */
export interface Breach {
  readonly seq?: number;
  readonly message: string;
}

/** Every rule that these events break. */
export const checkTrailRules = (events: readonly RuledEvent[]): readonly Breach[] =>
  RULES.flatMap((rule) => rule(events));

const RULES: readonly ((events: readonly RuledEvent[]) => readonly Breach[])[] = [
  beginning,
  phases,
  ending,
  decisions,
  steps,
];

const LIFECYCLE = 'orchestrator.lifecycle';
const STARTED = `${LIFECYCLE}.started`;
const CREATED = `${LIFECYCLE}.created`;
const ADOPTED = `${LIFECYCLE}.adopted`;
const MOVED = `${LIFECYCLE}.transitioned`;
const COMPLETED = `${LIFECYCLE}.completed`;
const DELETED = `${LIFECYCLE}.deleted`;
const REQUESTED = 'orchestrator.approval.requested';
const APPROVED = 'orchestrator.approval.approved';
const REJECTED = 'orchestrator.approval.rejected';
const REFUSED = 'orchestrator.approval.refused';
const STATUS_UPDATED = 'orchestrator.status.updated';

const of = (events: readonly RuledEvent[], ...types: readonly string[]): readonly RuledEvent[] =>
  events.filter((event) => types.includes(event.event_type));

/** One started and one created come first, or one adopted in their place. A request that had ended unseen is only deleted. */
function beginning(events: readonly RuledEvent[]): readonly Breach[] {
  const [started, created, adopted] = [STARTED, CREATED, ADOPTED].map((type) => of(events, type).length);
  const first = events[0];
  if (first === undefined || events.every((event) => event.event_type === DELETED)) return [];
  if (first.event_type === ADOPTED)
    return adopted === 1 && started === 0 && created === 0
      ? []
      : [{ seq: first.chain_seq, message: 'An adopted remediation is not begun or adopted again.' }];
  if (first.event_type !== STARTED || started !== 1 || created !== 1 || adopted !== 0)
    return [{ seq: first.chain_seq, message: 'A trail begins with exactly one started and one created event.' }];
  const isLate = events.findIndex(({ event_type: type }) => type === MOVED || type === COMPLETED);
  const begun = events.findIndex(({ event_type: type }) => type === CREATED);
  return isLate === -1 || begun < isLate
    ? []
    : [{ seq: events[begun]?.chain_seq ?? 1, message: 'The created event comes before any change of phase.' }];
}

/** Each change of phase begins where the last one ended, is one of the table's, and out of Blocked it says why. */
function phases(events: readonly RuledEvent[]): readonly Breach[] {
  const breaches: Breach[] = [];
  let phase: Json | undefined;
  for (const event of events) {
    const { event_data: data, chain_seq: seq, event_type: type } = event;
    if (type === CREATED) phase = deltaOf(event)?.['overallPhase'] ?? 'Pending';
    if (type === ADOPTED) phase = data['phase_found'];
    if (type !== MOVED) continue;
    const { from_phase: from, to_phase: to, transition_reason: reason } = data;
    const words = `${word(from)} to ${word(to)} (${word(reason)})`;
    if (from !== phase)
      breaches.push({ seq, message: `The change ${words} begins where none ended: in ${word(phase)}.` });
    if (!isLegal(from, to, reason))
      breaches.push({ seq, message: `The change ${words} is not in the transition table.` });
    if (from === 'Blocked' && to !== 'Blocked' && data['unblocked'] === undefined)
      breaches.push({ seq, message: `The change ${words} does not say what ended the block.` });
    phase = to;
  }
  return breaches;
}

const word = (value: Json | undefined): string => (typeof value === 'string' ? value : 'nothing');

const isLegal = (from: Json | undefined, to: Json | undefined, reason: Json | undefined): boolean =>
  Object.values<Row>(ROWS).some(
    (row) => row.from.some((phase) => phase === from) && row.to.some((phase) => phase === to) && row.reason === reason,
  );

const AFTER_THE_END = [STATUS_UPDATED, REFUSED, DELETED];

/** Exactly one completed event, and only at an end; after it nothing but the books are kept. */
function ending(events: readonly RuledEvent[]): readonly Breach[] {
  const completed = of(events, COMPLETED);
  const last = of(events, MOVED).at(-1)?.event_data['to_phase'];
  const hasEnded = typeof last === 'string' && isPhase(last) && isTerminal(last);
  if (completed.length !== (hasEnded ? 1 : 0)) {
    const wanted = hasEnded
      ? `exactly one completed event, for it ended as ${last}`
      : 'no completed event while it is live';
    return [{ message: `The trail has ${String(completed.length)} completed events; it should have ${wanted}.` }];
  }
  const end = completed[0];
  if (end === undefined) return [];
  const isSame = end.event_data['terminal_phase'] === last;
  const later = events.filter(
    (event) => event.chain_seq > end.chain_seq && !AFTER_THE_END.includes(event.event_type) && isEffective(event),
  );
  return [
    ...(isSame ? [] : [{ seq: end.chain_seq, message: `The completed event names another phase than ${word(last)}.` }]),
    ...later.map(({ chain_seq: seq, event_type: type }) => ({ seq, message: `${type} comes after the end.` })),
  ];
}

const isEffective = (event: RuledEvent): boolean => event.event_data['effective'] !== false;

/** At most one decision counts, and only after it was asked for. */
function decisions(events: readonly RuledEvent[]): readonly Breach[] {
  const decided = of(events, APPROVED, REJECTED).filter((event) => isEffective(event) && event.event_action !== 'vote');
  const asked = events.find(
    ({ event_type: type, event_data: data }) =>
      type === REQUESTED || (type === ADOPTED && data['phase_found'] === 'AwaitingApproval'),
  );
  return [
    ...decided.slice(1).map(({ chain_seq: seq }) => ({ seq, message: 'A second decision took effect.' })),
    ...decided
      .slice(0, 1)
      .filter(({ chain_seq: seq }) => asked === undefined || asked.chain_seq > seq)
      .map(({ chain_seq: seq }) => ({ seq, message: 'A decision took effect that nobody had asked for.' })),
  ];
}

/** Steps are numbered without a gap, their events as well, and a step changes the status in one event at most. */
function steps(events: readonly RuledEvent[]): readonly Breach[] {
  const breaches: Breach[] = [];
  let [step, ordinal, deltas] = [0, -1, 0];
  for (const event of events) {
    if (event.step_no === undefined) continue;
    const isNext = event.step_no === step + 1 && event.step_ordinal === 0;
    const isSame = event.step_no === step && event.step_ordinal === ordinal + 1;
    const place = `event ${String(event.step_ordinal)} of step ${String(event.step_no)}`;
    if (!isNext && !isSame)
      breaches.push({
        seq: event.chain_seq,
        message: `The ${place} does not follow event ${String(ordinal)} of step ${String(step)}.`,
      });
    deltas = (event.step_no === step ? deltas : 0) + (deltaOf(event) === undefined ? 0 : 1);
    if (deltas > 1)
      breaches.push({
        seq: event.chain_seq,
        message: `Step ${String(event.step_no)} changes the status in more than one event.`,
      });
    [step, ordinal] = [event.step_no, event.step_ordinal];
  }
  return breaches;
}
