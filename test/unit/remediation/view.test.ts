import assert from 'node:assert/strict';
import type { LivePhase } from '../../../src/remediation/phases.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';
import { detailsOf, viewOf } from '../../../src/remediation/view.ts';
import { aRemediation, SINCE, withStatus } from '../../builders/remediation.ts';
import { HOUR, MINUTE, START } from '../../builders/request.ts';

describe('what a remediation says of itself', () => {
  const waits: Readonly<Partial<Record<LivePhase, string>>> = {
    Processing: 'SignalProcessing sp-rr-a (not started)',
    Analyzing: 'AIAnalysis ai-rr-a (not started)',
    AwaitingApproval: 'a decision on RemediationApprovalRequest rar-rr-a',
    Executing: 'WorkflowExecution we-rr-a (not started)',
    Verifying: 'EffectivenessAssessment ea-rr-a (not started)',
  };
  for (const [phase, waitingFor] of Object.entries(waits))
    it(`in ${phase} names what it waits for: ${waitingFor}`, () => {
      const view = viewOf(aRemediation(phase as LivePhase));
      assert.deepEqual([view.phase, view.waitingFor], [phase, waitingFor]);
      assert.equal(view.since, toRfc3339(SINCE[phase as LivePhase]));
    });

  it('names the phase of the child, and that it is deleted', () => {
    const running = withStatus(aRemediation('Executing'), 'WorkflowExecution', { phase: 'Running' });
    assert.match(viewOf(running).waitingFor, /\(Running\)$/);
    const { WorkflowExecution } = running.children;
    const gone = { ...running, children: { WorkflowExecution: { ...WorkflowExecution, gone: true } } };
    assert.match(viewOf(gone as typeof running).waitingFor, /\(deleted\)$/);
  });

  it('has the next deadline, whose clock it is, and the global one', () => {
    const view = viewOf(aRemediation('Executing'));
    assert.deepEqual(
      [view.deadline, view.deadlineOf, view.globalDeadline],
      [toRfc3339(SINCE.Executing + 30 * MINUTE), 'executing', toRfc3339(START + HOUR)],
    );
  });

  it('has the question while it asks one', () => {
    const { approval } = viewOf(aRemediation('AwaitingApproval'));
    assert.deepEqual([approval?.name, approval?.planDigest], ['rar-rr-a', 'digest']);
  });

  it('waits for nothing once it has ended, and says how', () => {
    const r = aRemediation('Verifying');
    const ended = { ...r, state: { phase: 'Completed', since: START } as const, status: { message: 'all well' } };
    const view = viewOf(ended);
    assert.deepEqual([view.waitingFor, view.message, view.deadline], ['nothing', 'all well', undefined]);
  });

  it('is a small table for the Temporal UI, safe for any text', () => {
    const r = aRemediation('Verifying');
    const ended = { ...r, state: { phase: 'Failed', since: START } as const, status: { message: 'a | b' } };
    const lines = detailsOf(ended).split('\n');
    assert.ok(lines.length >= 5 && lines.every((line) => line.startsWith('|')));
    assert.match(detailsOf(ended), /a \\\| b/);
  });
});
