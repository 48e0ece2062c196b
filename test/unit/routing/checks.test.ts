import assert from 'node:assert/strict';
import { ALL_PHASES, isTerminal, isPhase } from '../../../src/remediation/phases.ts';
import { blockOf, ORDER } from '../../../src/remediation/routing/checks.ts';
import type { RoutingFacts } from '../../../src/remediation/routing/facts.ts';
import {
  anEnd,
  aRun,
  completed,
  factsAfterAnalysis,
  failures,
  HOUR,
  MINUTE,
  NOW,
  reasonOf,
  someFacts,
  theBlock,
} from './facts.ts';

const other = { uid: 'other', name: 'rr-other' };
const holder = { ...other, executionName: 'we-rr-other', since: NOW - MINUTE };
const recent = (minutes: number) => ({ name: 'we-rr-other', completedAt: NOW - minutes * MINUTE });

describe('routing checks', () => {
  describe('failures in a row', () => {
    it('block from the threshold on, for the configured cooldown (D-01, D-19, D-30, B-17)', () => {
      const block = theBlock(someFacts({ earlier: failures(3) }));
      assert.deepEqual([block.reason, block.until, block.failures], ['ConsecutiveFailures', NOW + HOUR, 3]);
    });
    it('do not block below it, whatever the own counter says (D-02, D-31)', () => {
      assert.equal(reasonOf(someFacts({ earlier: failures(2) })), 'clear');
      assert.equal(reasonOf(someFacts({ present: { reason: undefined, retries: 2 } })), 'clear');
    });
    for (const count of [5, 10])
      it(`are told with their number and the end (${count === 5 ? 'D-03' : 'D-33'})`, () => {
        const { message } = theBlock(someFacts({ earlier: failures(count) }));
        assert.match(message, new RegExp(`${String(count)} consecutive failures.*2026-11-23T11:00:00Z`));
      });
    it('count across an inconclusive end (D-47, D-49)', () => {
      const mixed = [anEnd(), completed('Inconclusive'), anEnd()];
      assert.equal(reasonOf(someFacts({ earlier: mixed })), 'ConsecutiveFailures');
      const inconclusive = [completed('Inconclusive'), completed('Inconclusive'), completed('Inconclusive')];
      assert.equal(reasonOf(someFacts({ earlier: inconclusive })), 'ConsecutiveFailures');
    });
    it('begin anew after a success (D-48)', () => {
      assert.equal(reasonOf(someFacts({ earlier: [anEnd(), completed('Remediated'), ...failures(5)] })), 'clear');
    });
    it('do not count what was inherited (D-51, D-62, R8)', () => {
      const inherited = anEnd({ failurePhase: 'Deduplicated', wasInherited: true });
      assert.equal(reasonOf(someFacts({ earlier: [inherited, inherited, inherited] })), 'clear');
    });
    it('begin anew after a served cooldown, or one that was lifted by hand (D-53)', () => {
      const served = anEnd({ failurePhase: 'Blocked' });
      const { failurePhase: _, ...byHand } = anEnd({ endedWhileBlocked: true });
      for (const end of [served, byHand])
        assert.equal(reasonOf(someFacts({ earlier: [end, ...failures(3)] })), 'clear');
    });
    it('weigh each kind of end as the table says (D-54)', () => {
      const timedOut = (timeoutPhase: string) => {
        const { failurePhase: _, ...end } = anEnd({ phase: 'TimedOut', timeoutPhase });
        return end;
      };
      const { failurePhase: _, ...plain } = anEnd();
      const ends = [
        ...(['NoActionRequired', 'VerificationTimedOut', 'ManualReviewRequired', 'Remediated'] as const).map(
          (outcome) => completed(outcome),
        ),
      ];
      const passed = [
        completed('DryRun'),
        completed('Remediated', { wasInherited: true }),
        { ...plain, phase: 'Cancelled' },
        { ...plain, phase: 'Skipped' },
        ...['Pending', 'AwaitingApproval', 'Blocked'].map(timedOut),
      ];
      const counted = ['Processing', 'Analyzing', 'Executing'].map(timedOut);
      for (const end of [...ends, ...passed])
        assert.equal(reasonOf(someFacts({ earlier: [end, ...failures(2)] })), 'clear');
      for (const end of passed)
        assert.equal(reasonOf(someFacts({ earlier: [end, ...failures(3)] })), 'ConsecutiveFailures');
      for (const end of ends) assert.equal(reasonOf(someFacts({ earlier: [end, ...failures(3)] })), 'clear');
      for (const end of counted)
        assert.equal(reasonOf(someFacts({ earlier: [end, ...failures(2)] })), 'ConsecutiveFailures');
    });
    it('are asked before duplicates (D-34)', () => {
      assert.equal(reasonOf(someFacts({ earlier: failures(3), owner: other })), 'ConsecutiveFailures');
    });
  });

  describe('duplicates', () => {
    it('wait for the owner of the signal, without a time (D-04, D-20, B-42)', () => {
      const block = theBlock(someFacts({ owner: other }));
      assert.deepEqual(
        [block.reason, block.duplicateOf, block.waitingOn, block.until],
        ['DuplicateInProgress', 'rr-other', 'other', undefined],
      );
      assert.match(block.message, /Duplicate.*rr-other/);
    });
    it('are none where there is no owner, or it is the owner itself (D-05, D-06, D-07, D-21, D-25, F-28)', () => {
      const { owner: _, ...noOwner } = someFacts();
      assert.equal(reasonOf(noOwner), 'clear');
      assert.equal(reasonOf(someFacts()), 'clear');
    });
  });

  describe('targets', () => {
    it('that another remediation holds are busy (D-09)', () => {
      const block = theBlock(factsAfterAnalysis({ holder }));
      assert.deepEqual(
        [block.reason, block.blockingExecution, block.until],
        ['ResourceBusy', 'we-rr-other', undefined],
      );
    });
    it('are not asked about before the analysis (D-74)', () => {
      assert.equal(reasonOf(someFacts({ holder })), 'clear');
    });
    it('on which somebody else works are busy (D-27)', () => {
      const block = theBlock(factsAfterAnalysis({ foreign: { name: 'we-by-hand', phase: 'Running' } }));
      assert.deepEqual([block.reason, block.blockingExecution, block.isForeign], ['ResourceBusy', 'we-by-hand', true]);
    });
    it('with a live run are busy rather than recently remediated (D-32)', () => {
      const block = theBlock(factsAfterAnalysis({ holder, recent: recent(1) }));
      assert.equal(block.blockingExecution, 'we-rr-other');
      assert.equal(block.reason, 'ResourceBusy');
    });
    it('that nobody works on are free (D-10, D-11, D-73)', () => {
      assert.equal(reasonOf(factsAfterAnalysis()), 'clear');
    });
    it('are left to the more senior waiter, with the blocker that is shown (WK-3)', () => {
      const present = { reason: 'ResourceBusy', blockingExecution: 'we-before', retries: 0 } as const;
      const block = theBlock(factsAfterAnalysis({ ahead: other, present }));
      assert.deepEqual([block.reason, block.blockingExecution], ['ResourceBusy', 'we-before']);
    });
    it('of the same workflow rest for the cooldown after a run (D-12, D-14, C-28)', () => {
      const block = theBlock(factsAfterAnalysis({ recent: recent(2) }));
      assert.deepEqual([block.reason, block.until], ['RecentlyRemediated', NOW + 3 * MINUTE]);
    });
    it('are free again after it (D-13, D-29)', () => {
      for (const minutes of [5, 6, 10, 60])
        assert.equal(reasonOf(factsAfterAnalysis({ recent: recent(minutes) })), 'clear');
    });
    it('are all that is asked about after an approval (E-134)', () => {
      const facts: Partial<RoutingFacts> = {
        asking: 'after approval',
        scope: { managed: false, why: 'no label' },
        earlier: failures(3),
        owner: other,
        recent: recent(1),
      };
      assert.equal(reasonOf(factsAfterAnalysis(facts)), 'clear');
      assert.equal(reasonOf(factsAfterAnalysis({ ...facts, holder })), 'ResourceBusy');
    });
  });

  describe('the own back-off', () => {
    it('blocks until its time (D-16)', () => {
      const block = theBlock(someFacts({ nextAllowedExecution: NOW + 5 * MINUTE }));
      assert.deepEqual([block.reason, block.until], ['ExponentialBackoff', NOW + 5 * MINUTE]);
      assert.match(block.message, /2026-11-23T10:05:00Z/);
    });
    it('does not block once it is over, or never was (D-17, D-18)', () => {
      assert.equal(reasonOf(someFacts({ nextAllowedExecution: NOW - 10 * MINUTE })), 'clear');
      assert.equal(reasonOf(someFacts()), 'clear');
    });
  });

  describe('the scope', () => {
    const scope = { managed: false, why: 'without the label' } as const;
    it('blocks what is not managed, first of all (D-35, D-36)', () => {
      const block = theBlock(someFacts({ scope, earlier: failures(3) }));
      assert.deepEqual([block.reason, block.until, block.retries], ['UnmanagedResource', NOW + 5000, 0]);
      assert.match(block.message, /kubernaut\.ai\/managed=true/);
    });
    it('is asked again after growing pauses (D-37)', () => {
      const delays = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => {
        const present = { reason: 'UnmanagedResource', retries: n - 1 } as const;
        const block = theBlock(someFacts({ scope, ...(n === 0 ? {} : { present }) }));
        assert.equal(block.retries, n);
        return ((block.until ?? 0) - NOW) / 1000;
      });
      assert.deepEqual(delays, [5, 5, 10, 20, 40, 80, 160, 300, 300]);
    });
    it('never pauses shorter than the base or longer than the maximum (D-37)', () => {
      for (const random of [0, 1])
        for (const retries of [0, 20]) {
          const present = { reason: 'UnmanagedResource', retries } as const;
          const { backoffMs = 0 } = theBlock(someFacts({ scope, present, random }));
          assert.ok(backoffMs >= 5000 && backoffMs <= 300_000, String(backoffMs));
        }
    });
    it('says when it could not be found out (D-38)', () => {
      const why = 'looking up its label failed: no answer';
      assert.match(theBlock(someFacts({ scope: { managed: false, why } })).message, /looking up its label failed/);
    });
  });

  describe('the history of a target', () => {
    const chain = (runs: RoutingFacts['chain']) => reasonOf(factsAfterAnalysis({ chain: runs ?? [], preHash: 'now' }));
    it('blocks after three runs that left it as it was (D-77)', () => {
      const same = { preHash: 'now' };
      const block = theBlock(
        factsAfterAnalysis({ chain: [aRun(90, same), aRun(60, same), aRun(30, same)], preHash: 'now' }),
      );
      assert.deepEqual([block.reason, block.until], ['IneffectiveChain', undefined]);
      const back = { hasFallenBack: true };
      assert.equal(chain([aRun(90, back), aRun(60, back), aRun(30, back)]), 'IneffectiveChain');
    });
    it('does not block for a broken, short, old or unknown chain (D-78)', () => {
      const same = { preHash: 'now' };
      assert.equal(chain([aRun(90, same), aRun(60, { preHash: 'x' }), aRun(30, same)]), 'clear');
      assert.equal(chain([aRun(60), aRun(30)]), 'clear');
      assert.equal(chain([aRun(60, same), aRun(30, same)]), 'clear');
      assert.equal(chain([aRun(300, same), aRun(280, same), aRun(250, same)]), 'clear');
      assert.equal(reasonOf(factsAfterAnalysis({ chain: [aRun(9, same), aRun(8, same), aRun(7, same)] })), 'clear');
    });
    it('blocks after five runs in the window, whatever they did (D-79)', () => {
      assert.equal(chain([5, 4, 3, 2, 1].map((hours) => aRun(hours * 40))), 'IneffectiveChain');
    });
    const linked = [
      aRun(40, { preHash: 'a', postHash: 'b', isResolved: false }),
      aRun(20, { preHash: 'b', postHash: 'now', isResolved: false }),
    ] as const;
    it('blocks after two runs that led to each other (D-80)', () => {
      assert.equal(chain(linked), 'IneffectiveChain');
    });
    it('does not block where a link is missing (D-81)', () => {
      const [first, last] = linked;
      const { postHash: _, ...noPost } = last;
      for (const pair of [
        [{ ...first, postHash: 'x' }, last],
        [first, { ...last, postHash: 'x' }],
        [last],
        [first, noPost],
        [{ ...first, actionType: 'ScaleUp' }, last],
        [first, { ...last, isResolved: true }],
        [{ ...first, completedAt: NOW - 61 * MINUTE }, last],
      ])
        assert.equal(chain(pair), 'clear');
    });
    it('gives one block, after everything else (D-82)', () => {
      const facts = factsAfterAnalysis({ chain: linked, preHash: 'now', earlier: failures(3) });
      assert.equal(reasonOf(facts), 'ConsecutiveFailures');
    });
    it('blocks nothing when it cannot be read (D-83)', () => {
      const { chain: _, ...unreadable } = factsAfterAnalysis({ preHash: 'now' });
      assert.equal(reasonOf(unreadable), 'clear');
    });
  });

  const everything = (asking: RoutingFacts['asking']): RoutingFacts =>
    factsAfterAnalysis({
      asking,
      scope: { managed: false, why: 'no label' },
      earlier: failures(3),
      owner: other,
      holder,
      recent: recent(1),
      nextAllowedExecution: NOW + MINUTE,
      preHash: 'now',
      chain: [5, 4, 3, 2, 1].map((hours) => aRun(hours * 40)),
    });

  for (const asking of ['before analysis', 'after analysis'] as const)
    it(`are asked in the documented order ${asking} (D-89)`, () => {
      const found: string[] = [];
      for (let facts = everything(asking), block = blockOf(facts); block !== undefined; block = blockOf(facts)) {
        found.push(block.reason);
        facts = { ...facts, lifted: [...facts.lifted, block.reason] };
      }
      assert.deepEqual(found, ORDER[asking]);
    });

  it('give the same answer to the same facts (R9)', () => {
    for (const asking of ['before analysis', 'after analysis', 'after approval'] as const)
      assert.deepEqual(blockOf(everything(asking)), blockOf(everything(asking)));
  });

  it('are not asked about ended remediations: five words are ends, seven are not, and none is no end (D-22, D-23, D-24)', () => {
    const ends = ALL_PHASES.filter(isTerminal);
    assert.deepEqual([...ends].sort(), ['Cancelled', 'Completed', 'Failed', 'Skipped', 'TimedOut']);
    assert.equal(ALL_PHASES.length - ends.length, 7);
    assert.equal(isPhase(''), false);
  });
});
