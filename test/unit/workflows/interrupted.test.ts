import assert from 'node:assert/strict';
import { play } from '../../builders/play.ts';
import { HOUR, MINUTE, SECOND, START } from '../../builders/request.ts';
import { inNeedOfApproval, processed } from '../../builders/snapshots.ts';
import type { Answers, World } from '../../builders/world.ts';
import type { LivePhase } from '../../../src/remediation/phases.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';

/** Children that leave a remediation waiting in a phase. */
const WAITS: Readonly<Partial<Record<LivePhase, Answers>>> = {
  Processing: { SignalProcessing: 'silent' },
  Analyzing: { AIAnalysis: 'silent' },
  AwaitingApproval: { AIAnalysis: { status: inNeedOfApproval() } },
  Executing: { WorkflowExecution: 'silent' },
  Verifying: { EffectivenessAssessment: 'silent' },
};

const waitingIn = (phase: LivePhase, meanwhile: (world: World) => void) =>
  play({ answers: WAITS[phase] ?? {}, meanwhile });

describe('a remediation that is cancelled', () => {
  for (const phase of Object.keys(WAITS) as LivePhase[]) {
    it(`ends from ${phase} when somebody asks for it, with who and why (CX-1, CX-3)`, async () => {
      const { status, told, events } = await waitingIn(phase, ({ at, cancel }) =>
        at(MINUTE, () => cancel('ada', 'a false alarm')),
      );
      assert.equal(status.overallPhase, 'Cancelled');
      assert.equal(status.message, `Cancelled in ${phase} by ada: a false alarm`);
      assert.deepEqual(told.at(-1), ['transitioned', 'completed']);
      const [end] = events('completed');
      assert.deepEqual([end?.action, end?.outcome], ['cancelled', 'failure']);
      assert.deepEqual(end?.data['cancelled'], { by: 'ada', via: 'api', reason: 'a false alarm' });
    });

    it(`ends from ${phase} when the status says so, and keeps what stands there (CX-1)`, async () => {
      const { status, events, world } = await waitingIn(phase, ({ at, edit }) =>
        at(MINUTE, () => edit({ overallPhase: 'Cancelled', operatorAudit: { lastModifiedBy: 'eve' } })),
      );
      assert.equal(status.overallPhase, 'Cancelled');
      assert.equal((events('completed')[0]?.data['cancelled'] as { by: string }).by, 'eve');
      assert.ok(status.completedAt !== undefined && status.phaseProgress?.signalProcessingRef !== undefined);
      assert.equal(world.ledger.commits.at(-1)?.ledger.phase, 'Cancelled');
    });
  }

  it('stays cancelled when the result of its child and every deadline come with it (CX-2, T26)', async () => {
    const { status } = await waitingIn('Processing', ({ at, cancel, tell, down }) => {
      down(MINUTE, 2 * HOUR);
      at(HOUR, () => {
        tell('SignalProcessing', processed);
        cancel('ada');
      });
    });
    assert.equal(status.overallPhase, 'Cancelled');
  });

  it('closes an approval request that was made for a step that never came to be', async () => {
    const { child, told } = await waitingIn('AwaitingApproval', ({ at, cancel, crash }) => {
      crash(4, 'before', MINUTE);
      at(30 * SECOND, () => cancel('ada'));
    });
    assert.equal((child('RemediationApprovalRequest')?.['status'] as { decision: string }).decision, 'Expired');
    assert.ok(!told.flat().includes('approval.requested'));
  });

  it('names the first who asked', async () => {
    const { status } = await waitingIn('Executing', ({ at, cancel }) =>
      at(MINUTE, () => {
        cancel('ada');
        cancel('bob');
      }),
    );
    assert.match(status.message ?? '', /by ada/);
  });

  it('leaves an ended child as it is, and closes the others', async () => {
    const { child } = await waitingIn('Executing', ({ at, cancel }) => at(MINUTE, () => cancel('ada')));
    const phaseOf = (kind: 'SignalProcessing' | 'WorkflowExecution') =>
      (child(kind)?.['status'] as { phase: string }).phase;
    assert.deepEqual([phaseOf('SignalProcessing'), phaseOf('WorkflowExecution')], ['Completed', 'Failed']);
  });
});

describe('a remediation whose object is deleted', () => {
  for (const phase of Object.keys(WAITS) as LivePhase[])
    it(`closes its trail from ${phase} (L46)`, async () => {
      const { path, told, world } = await waitingIn(phase, ({ at, cluster }) =>
        at(MINUTE, () => cluster.remove('RemediationRequest', 'rr-a')),
      );
      assert.equal(path.at(-1), 'Cancelled');
      assert.deepEqual(told.at(-1), ['transitioned', 'completed', 'deleted']);
      assert.equal(world.ledger.commits.at(-1)?.write, undefined);
    });
});

describe('a remediation that somebody else ends', () => {
  for (const phase of ['Completed', 'Failed', 'TimedOut', 'Skipped'] as const)
    it(`takes ${phase} as it stands, and fills in what is missing (L43)`, async () => {
      const { status, told, world } = await waitingIn('Executing', ({ at, edit }) =>
        at(MINUTE, () => edit({ overallPhase: phase })),
      );
      assert.equal(status.overallPhase, phase);
      assert.equal(status.completedAt, toRfc3339(START + MINUTE));
      assert.equal(status.completionStatus?.outcome, undefined);
      assert.equal(status.conditions['Ready']?.status, phase === 'Completed' || phase === 'Skipped' ? 'True' : 'False');
      assert.deepEqual(told.at(-1), ['transitioned', 'completed']);
      assert.equal(world.cluster.all('WorkflowExecution')[0]?.status?.['phase'], 'Failed');
    });

  it('loses no reference when the end arrives while a step is under way (LC-6)', async () => {
    const { status, path, world } = await play({
      effectMs: 100,
      meanwhile: ({ at, edit }) => at(1250, () => edit({ overallPhase: 'Failed' })),
    });
    assert.equal(status.overallPhase, 'Failed');
    assert.deepEqual(path.slice(-2), ['Analyzing', 'Failed']);
    assert.equal(status.phaseProgress?.aiAnalysisRef?.name, 'ai-rr-a');
    assert.equal(world.cluster.all('AIAnalysis')[0]?.status?.['phase'], 'Failed');
  });
});

describe('a remediation whose limits are edited', () => {
  it('times out at once when the new limit has passed, and tells both (T21, TE-2, TE-3)', async () => {
    const { status, told, events } = await waitingIn('Executing', ({ at, edit }) =>
      at(20 * MINUTE, () => edit({ timeoutConfig: { global: '10m' }, operatorAudit: { lastModifiedBy: 'ada' } })),
    );
    assert.deepEqual([status.overallPhase, status.completedAt], ['TimedOut', toRfc3339(START + 20 * MINUTE)]);
    assert.deepEqual(told.slice(-2), [['timeouts.modified'], ['transitioned', 'completed']]);
    const [modified] = events('timeouts.modified');
    assert.deepEqual(modified?.actor, { type: 'user', id: 'ada' });
    assert.equal((modified.data['previous'] as { global: string }).global, '1h0m0s');
    assert.equal((modified.data['timeout_config'] as { global: string }).global, '10m');
  });

  it('goes on under longer limits (T22)', async () => {
    const { status } = await waitingIn('Executing', ({ at, edit }) =>
      at(25 * MINUTE, () => edit({ timeoutConfig: { executing: '2h', global: '3h' } })),
    );
    assert.equal(status.completedAt, toRfc3339(START + 2 * SECOND + 2 * HOUR));
  });

  const unusable = [
    { text: '-100s', says: 'timeoutConfig.global must be positive, got -100s' },
    { text: '0s', says: 'timeoutConfig.global must be positive, got 0s' },
    { text: 'soon', says: 'timeoutConfig.global is not a duration: "soon"' },
    { text: '9000h', says: 'timeoutConfig.global must not exceed 8760h, got 9000h' },
  ];
  for (const { text, says } of unusable)
    it(`fails once when a limit is ${text} (T23)`, async () => {
      const { status, events } = await waitingIn('Executing', ({ at, edit }) =>
        at(MINUTE, () => edit({ timeoutConfig: { global: text } })),
      );
      assert.deepEqual([status.overallPhase, status.completionStatus?.failurePhase], ['Failed', 'Configuration']);
      assert.equal(status.completionStatus?.failureReason, says);
      const ends = events('completed');
      assert.deepEqual([ends.length, ends[0]?.errorCode], [1, 'ERR_INVALID_TIMEOUT_CONFIG']);
      const details = ends[0]?.data['error_details'] as { message: string; retry_possible: boolean };
      assert.match(details.message, /\[ERR_INVALID_TIMEOUT_CONFIG\]/);
      assert.equal(details.retry_possible, false);
    });

  it('names every limit that is wrong', async () => {
    const { status } = await waitingIn('Executing', ({ at, edit }) =>
      at(MINUTE, () => edit({ timeoutConfig: { global: '0', processing: 'x' } })),
    );
    assert.match(
      status.completionStatus?.failureReason ?? '',
      /global must be positive.*; .*processing is not a duration/,
    );
  });

  it('falls back to the configured limits when they are taken away (TE-4)', async () => {
    const { status, events } = await waitingIn('Executing', ({ at, edit }) => {
      at(MINUTE, () => edit({ timeoutConfig: { executing: '3h', global: '5h' } }));
      at(40 * MINUTE, () => edit({ timeoutConfig: { executing: null } }));
    });
    assert.equal(events('timeouts.modified').length, 2);
    assert.equal(status.completedAt, toRfc3339(START + 40 * MINUTE));
  });

  it('is not disturbed by unusable limits while it is verified', async () => {
    const { status } = await waitingIn('Verifying', ({ at, edit }) =>
      at(MINUTE, () => edit({ timeoutConfig: { global: '-1s' } })),
    );
    assert.equal(status.completionStatus?.outcome, 'VerificationTimedOut');
  });

  it('counts from a start that somebody moved back (TE-5)', async () => {
    const { status, events } = await waitingIn('Executing', ({ at, edit }) =>
      at(MINUTE, () => edit({ startTime: toRfc3339(START - 2 * HOUR) })),
    );
    assert.equal(status.overallPhase, 'TimedOut');
    assert.deepEqual(events('transitioned').at(-1)?.data['status_edits'], ['startTime']);
  });
});

describe('a remediation that was not looked after for a while', () => {
  it('does not start more work past the global limit (T7, T24)', async () => {
    const { status, world } = await play({
      answers: { SignalProcessing: { after: 10 * MINUTE, status: processed } },
      meanwhile: ({ down }) => down(3 * MINUTE, 70 * MINUTE),
    });
    assert.deepEqual([status.overallPhase, status.completionStatus?.timeoutPhase], ['TimedOut', 'Processing']);
    assert.equal(world.cluster.all('AIAnalysis').length, 0);
  });

  it('takes up a result that came meanwhile before the deadline of its phase', async () => {
    const { path } = await play({
      answers: { SignalProcessing: { after: 10 * MINUTE, status: processed }, AIAnalysis: 'silent' },
      meanwhile: ({ down }) => down(3 * MINUTE, 20 * MINUTE),
      until: 21 * MINUTE,
    });
    assert.equal(path.at(-1), 'Analyzing');
  });

  it('stays where it is explained while the API server is away, then goes on', async () => {
    const { path, status } = await play({ meanwhile: ({ outage }) => outage(1500, 5 * MINUTE) });
    assert.equal(path.at(-1), 'Completed');
    assert.equal(status.completionStatus?.outcome, 'Remediated');
  });
});
