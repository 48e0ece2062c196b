import assert from 'node:assert/strict';
import { decide } from '../../../src/remediation/decide/index.ts';
import type { LivePhase } from '../../../src/remediation/phases.ts';
import type { RemediationIn } from '../../../src/remediation/state.ts';
import { aRemediation, withStatus } from '../../builders/remediation.ts';
import { HOUR, SECOND, START } from '../../builders/request.ts';
import { analysed, executed, inNeedOfApproval, processed } from '../../builders/snapshots.ts';

/** Long after every deadline. */
const LATE = START + 10 * HOUR;
const SOON = START + 10 * SECOND;

const found = <P extends LivePhase>(r: RemediationIn<P>, now: number): string | undefined =>
  decide(r, r.state.phase, now)?.found;

const failed = { phase: 'Failed' } as const;
const processing = aRemediation('Processing');
const cancellation = { by: 'ada', via: 'api', reason: '' } as const;
const observed = { ...processing.observed };

describe('who wins when several things are ready (timeouts 5)', () => {
  const everything = withStatus(
    aRemediation('Processing', {
      cancellation,
      observed: { ...observed, gone: true },
      status: { ...processing.status, timeoutConfig: { global: '-1s' } },
    }),
    'SignalProcessing',
    failed,
  );
  const present = { ...everything, observed };
  const { cancellation: _, ...uncancelled } = present;

  it('the deletion before everything', () => {
    assert.equal(found(everything, LATE), 'deleted');
  });
  it('then a cancellation, before every result (T26)', () => {
    assert.equal(found(present, LATE), 'cancelled');
  });
  it('then an end in the status', () => {
    const ended = { ...uncancelled, observed: { ...observed, foreignPhase: 'Failed' } };
    assert.equal(found(ended, LATE), 'ended elsewhere');
  });
  it('then limits that cannot be', () => {
    assert.equal(found(uncancelled, LATE), 'invalid configuration');
  });
  it('then a result that ends it, before every deadline (T6)', () => {
    assert.equal(found(withStatus(processing, 'SignalProcessing', failed), LATE), 'processing failed');
    assert.equal(found(withStatus(aRemediation('Executing'), 'WorkflowExecution', failed), LATE), 'execution failed');
    assert.equal(found(withStatus(aRemediation('Executing'), 'WorkflowExecution', executed), LATE), 'executed');
  });
  it('then the global deadline, before a result that starts more work (T7, T24)', () => {
    assert.equal(found(withStatus(processing, 'SignalProcessing', processed), LATE), 'out of time');
    assert.equal(found(withStatus(aRemediation('Analyzing'), 'AIAnalysis', analysed()), LATE), 'out of time');
    const decision = { decision: 'Approved', by: 'ada', at: START, door: 'api', identity: 'token' } as const;
    assert.equal(found(aRemediation('AwaitingApproval', { decision }), LATE), 'out of time');
  });
  it('then such a result, before the deadline of its phase (T5)', () => {
    const minutes20 = START + HOUR / 3;
    assert.equal(found(withStatus(processing, 'SignalProcessing', processed), minutes20), 'processed');
    assert.equal(
      found(withStatus(aRemediation('Analyzing'), 'AIAnalysis', inNeedOfApproval()), minutes20),
      'approval needed',
    );
  });
  it('then the deadline of the phase', () => {
    assert.equal(found(processing, START + HOUR / 3), 'processing overdue');
    assert.equal(found(aRemediation('AwaitingApproval'), START + HOUR / 3), 'approval overdue');
  });
  it('and nothing before anything is ready', () => {
    for (const phase of ['Processing', 'Analyzing', 'AwaitingApproval', 'Executing', 'Verifying'] as const)
      assert.equal(found(aRemediation(phase), SOON), undefined, phase);
  });
  it('edited limits are told before anything they lead to', () => {
    const edits = [{ field: 'timeoutConfig' }] as const;
    assert.equal(found({ ...present, edits }, LATE), 'limits edited');
  });
});

describe('what an unreadable child means', () => {
  it('wait, whatever the word', () => {
    for (const phase of ['', 'Dreaming', undefined])
      assert.equal(
        found(withStatus(processing, 'SignalProcessing', phase === undefined ? {} : { phase }), SOON),
        undefined,
      );
  });
  it('an execution that nobody has ever seen is gone', () => {
    assert.equal(found(aRemediation('Executing', { children: {} }), SOON), 'execution gone');
  });
});
