import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { TrailEvent } from '../../src/postgres/event-row.ts';
import { useProduct } from './support/product.ts';

/** What a command is expected to print as JSON. */
type Printed = Readonly<Record<string, unknown>>;

describe('rrctl against the running product', function () {
  this.timeout(90_000);
  const product = useProduct({ delayMs: 30 });

  async function printed(...words: readonly string[]): Promise<Printed> {
    const { code, out, err } = await product().rrctl(...words, '--json');
    assert.equal(code, 0, err);
    return JSON.parse(out) as Printed;
  }

  const untilPhase = (name: string, phase: string): Promise<void> =>
    product().sights.until(
      () => `${name} is ${product().sights.phaseOf(name)}, not ${phase}`,
      () => product().sights.phaseOf(name) === phase,
    );

  async function eventsOf(name: string): Promise<readonly string[]> {
    const events = (await printed('trail', name)) as unknown as readonly TrailEvent[];
    return events.map(({ event_type }) => event_type.replace('orchestrator.', ''));
  }

  it('get tells what an approval waits for and until when', async () => {
    await product().create('approved', 'approval');
    await untilPhase('approved', 'AwaitingApproval');
    const { phase, waitingFor, deadline, approval } = await printed('get', 'approved');
    assert.equal(phase, 'AwaitingApproval');
    assert.match(String(waitingFor), /rar-approved/);
    assert.equal((approval as Printed)['requiredBy'], deadline);
  });

  it('approve lets it go on, and answers the same person the same again', async () => {
    const first = await printed('approve', 'approved', '--message', 'seen with the on-call');
    const again = await printed('approve', 'approved', '--message', 'seen with the on-call');
    assert.deepEqual([first['verdict'], again['verdict']], ['accepted', 'already recorded']);
    assert.equal(again['at'], first['at']);
    await untilPhase('approved', 'Completed');
    const approvals = (await eventsOf('approved')).filter((type) => type === 'approval.approved');
    assert.deepEqual(approvals, ['approval.approved']);
  });

  it('reject of what is approved is refused with a code, and recorded', async () => {
    const { code, out } = await product().rrctl('reject', 'approved', '--json');
    const { verdict, code: refusal } = JSON.parse(out) as Printed;
    assert.deepEqual([code, verdict, refusal], [1, 'refused', 'already_decided']);
    assert.equal((await eventsOf('approved')).at(-1), 'approval.refused');
  });

  it('reject ends a remediation that waits', async () => {
    await product().create('rejected', 'approval');
    await untilPhase('rejected', 'AwaitingApproval');
    await printed('reject', 'rejected', '--message', 'wrong target');
    await untilPhase('rejected', 'Failed');
    const { outcome, failurePhase, failureReason } = await printed('get', 'rejected');
    assert.deepEqual([outcome, failurePhase, failureReason], [undefined, 'Approval', 'wrong target']);
    assert.equal(product().sights.get('WorkflowExecution', 'we-rejected'), undefined);
  });

  it('cancel ends a remediation and the child it waits for, once', async () => {
    await product().create('cancelled', 'direct', { simulate: 'ai-silent' });
    await untilPhase('cancelled', 'Analyzing');
    const answer = await printed('cancel', 'cancelled', '--reason', 'maintenance');
    assert.equal(answer['phase'], 'Cancelled');
    await untilPhase('cancelled', 'Cancelled');
    const analysis = product().sights.get('AIAnalysis', 'ai-cancelled')?.status;
    assert.deepEqual([analysis?.['phase'], analysis?.['reason']], ['Failed', 'ParentCancelled']);
    const { code } = await product().rrctl('cancel', 'cancelled', '--reason', 'again');
    assert.equal(code, 1);
  });

  it('verify finds every trail intact and in agreement with the cluster', async () => {
    const { intact, verified } = await printed('verify', '--all');
    assert.deepEqual({ intact, verified }, { intact: true, verified: 3 });
  });

  it('a name that does not exist is one line and exit code 1, wrong usage is exit code 2', async () => {
    const unknown = await product().rrctl('get', 'nobody');
    assert.deepEqual([unknown.code, unknown.out, unknown.err.trim().split('\n').length], [1, '', 1]);
    assert.match(unknown.err, /nobody not found/);
    assert.equal((await product().rrctl('approve')).code, 2);
  });
});
