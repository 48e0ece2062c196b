import assert from 'node:assert/strict';
import fc from 'fast-check';
import { eventContents } from '../../../src/postgres/envelope.ts';
import { checkTrailRules } from '../../../src/postgres/trail-rules.ts';
import type { RuledEvent } from '../../../src/postgres/trail-rules.ts';
import type { EventType } from '../../../src/remediation/audit.ts';
import type { Commit } from '../../../src/remediation/commit.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import { isTerminal, ROWS } from '../../../src/remediation/phases.ts';
import type { Phase, Row } from '../../../src/remediation/phases.ts';
import { aCommit, anEvent, aRegistration, begin, directPath, move, writer } from './commits.ts';

const of = aRegistration();

const numbered = (events: readonly Omit<RuledEvent, 'chain_seq'>[]): readonly RuledEvent[] =>
  events.map((event, i) => ({ ...event, chain_seq: i + 1 }));
const trail = (...commits: readonly Commit[]): readonly RuledEvent[] =>
  numbered(commits.flatMap((commit) => eventContents(commit, writer)));
const breaches = (events: readonly RuledEvent[]): readonly string[] =>
  checkTrailRules(events).map(({ message }) => message);

/** An event that no step wrote. */
const side = (type: EventType, data: JsonObject = {}): Omit<RuledEvent, 'chain_seq'> => ({
  event_type: type,
  event_action: 'side',
  event_data: data,
  step_ordinal: 0,
});

const direct = trail(...directPath(of));
const rejected = (...before: ReturnType<typeof anEvent>[]): readonly RuledEvent[] => {
  const end = move(of, 5, 'AwaitingApproval', 'Failed', 'ApprovalRejected');
  return trail(
    begin(of),
    move(of, 2, 'Pending', 'Processing', 'SignalProcessingCreated'),
    move(of, 3, 'Processing', 'Analyzing', 'SignalProcessingCompleted'),
    withBefore(move(of, 4, 'Analyzing', 'AwaitingApproval', 'ApprovalRequired'), requested()),
    withBefore(end, ...before),
  );
};
const withBefore = (commit: Commit, ...events: ReturnType<typeof anEvent>[]): Commit => ({
  ...commit,
  events: [...events, ...commit.events],
});
const requested = () => anEvent(of, 4, 'orchestrator.approval.requested');
const rejection = (data: JsonObject = {}) => anEvent(of, 5, 'orchestrator.approval.rejected', data);

describe('the rules of a trail', () => {
  it('hold for a remediation that went its way', () => {
    assert.deepEqual(breaches(direct), []);
    assert.deepEqual(breaches(rejected(rejection())), []);
    assert.deepEqual(breaches([]), []);
  });

  it('F-10: hold for every path through the transition table', () => {
    const rows = Object.values<Row>(ROWS).filter((row) => row.to.length > 0);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 30 }), (choices) => {
        const commits = [begin(of)];
        let phase: Phase = 'Pending';
        for (const choice of choices) {
          const ways = rows
            .filter((row) => row.from.includes(phase))
            .flatMap((row) => row.to.map((to) => ({ row, to })));
          const way = ways[choice % Math.max(1, ways.length)];
          if (way === undefined) break;
          commits.push(move(of, commits.length + 1, phase, way.to, way.row.reason ?? 'External'));
          phase = way.to;
        }
        assert.deepEqual(breaches(trail(...commits)), []);
        if (isTerminal(phase)) assert.equal(commits.at(-1)?.ledger.phase, phase);
      }),
      { numRuns: 1000 },
    );
  });

  it('want the beginning first, and once', () => {
    assert.match(breaches(numbered(direct.slice(1))).join(), /begins with exactly one started and one created/);
    assert.match(breaches(numbered([...direct.slice(0, 2), ...direct])).join(), /begins with exactly one/);
    const late = [direct[0], direct[2], direct[1], ...direct.slice(3)].filter((event) => event !== undefined);
    assert.match(breaches(numbered(late)).join(), /comes before any change of phase/);
  });

  it('take an adoption in place of the beginning', () => {
    const adoption = anEvent(of, 1, 'orchestrator.lifecycle.adopted', {
      phase_found: 'Executing',
      status_snapshot: { overallPhase: 'Executing' },
    });
    const adopted = aCommit(of, 1, 'Executing', [adoption]);
    assert.deepEqual(breaches(trail(adopted, move(of, 2, 'Executing', 'Verifying', 'WorkflowSucceeded'))), []);
    assert.match(breaches(trail(adopted, { ...begin(of), step: 2 })).join(), /not begun or adopted again/);
  });

  it('let a request that had ended before it was seen be deleted', () => {
    assert.deepEqual(breaches(numbered([side('orchestrator.lifecycle.deleted')])), []);
  });

  it('want each change of phase to begin where the last one ended', () => {
    const jump = trail(begin(of), move(of, 2, 'Processing', 'Analyzing', 'SignalProcessingCompleted'));
    assert.match(breaches(jump).join(), /begins where none ended: in Pending/);
  });

  it('want each change of phase, with its reason, to be in the table', () => {
    const illegal = trail(begin(of), move(of, 2, 'Pending', 'Verifying', 'WorkflowSucceeded'));
    assert.match(breaches(illegal).join(), /not in the transition table/);
    const otherReason = trail(begin(of), move(of, 2, 'Pending', 'Processing', 'ApprovalGranted'));
    assert.match(breaches(otherReason).join(), /not in the transition table/);
  });

  it('want to know what ended a block', () => {
    const blocked = [begin(of), move(of, 2, 'Pending', 'Blocked', 'Blocked')];
    const unblocked = move(of, 3, 'Blocked', 'Pending', 'Unblocked');
    assert.deepEqual(breaches(trail(...blocked, unblocked)), []);
    const silent = trail(...blocked, unblocked).map((event) =>
      event.step_no === 3 ? { ...event, event_data: { ...event.event_data, unblocked: undefined } } : event,
    );
    assert.match(breaches(silent).join(), /does not say what ended the block/);
  });

  it('S2: want exactly one completed event at the end and none before', () => {
    const isEnd = (event: RuledEvent): boolean => event.event_type === 'orchestrator.lifecycle.completed';
    assert.match(breaches(direct.filter((event) => !isEnd(event))).join(), /0 completed events.* exactly one/);
    const twice = numbered([...direct, ...direct.filter(isEnd).map((event) => ({ ...event, step_ordinal: 2 }))]);
    assert.match(breaches(twice).join(), /2 completed events/);
    const early = withBefore(begin(of), anEvent(of, 1, 'orchestrator.lifecycle.completed'));
    assert.match(breaches(trail(early)).join(), /1 completed events.* none|no completed event while it is live/);
  });

  it('S2: let only the books be kept after the end', () => {
    const after = (event: Omit<RuledEvent, 'chain_seq'>): readonly string[] => breaches(numbered([...direct, event]));
    assert.deepEqual(after(side('orchestrator.lifecycle.deleted')), []);
    assert.deepEqual(after(side('orchestrator.approval.refused')), []);
    assert.deepEqual(after(side('orchestrator.status.updated', { cause: 'PhaseRestored' })), []);
    assert.match(after(side('orchestrator.routing.blocked')).join(), /comes after the end/);
  });

  it('allow one decision to take effect, after it was asked for', () => {
    const ineffective = rejection({ effective: false });
    assert.deepEqual(breaches(rejected(ineffective, rejection())), []);
    assert.match(breaches(rejected(rejection(), rejection())).join(), /second decision/);
    const unasked = rejected(rejection()).filter(({ event_type: type }) => type !== 'orchestrator.approval.requested');
    assert.match(breaches(unasked).join(), /nobody had asked for/);
  });

  it('want steps and their events numbered without a gap', () => {
    const gap = trail(begin(of), move(of, 3, 'Pending', 'Processing', 'SignalProcessingCreated'));
    assert.match(breaches(gap).join(), /event 0 of step 3 does not follow event 1 of step 1/);
  });

  it('want a step to change the status in one event', () => {
    const delta = { status_delta: { message: 'x' } };
    const twice = withBefore(begin(of), anEvent(of, 1, 'orchestrator.lifecycle.started', delta));
    assert.match(breaches(trail(twice)).join(), /more than one event/);
  });
});
