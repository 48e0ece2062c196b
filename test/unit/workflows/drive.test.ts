import assert from 'node:assert/strict';
import { InvariantError } from '../../../src/errors.ts';
import { drive } from '../../../workflows/drive.ts';
import { aRemediation } from '../../builders/remediation.ts';
import { START } from '../../builders/request.ts';
import { play, played } from '../../builders/play.ts';
import { inNeedOfApproval } from '../../builders/snapshots.ts';
import { aWorld } from '../../builders/world.ts';

/** A change by a moment, in milliseconds after the start. */
const approveAt = 10_000;

describe('the way of a remediation', () => {
  it('is six steps and twelve events without an approval (audit 4)', async () => {
    const { told, status, path } = await play();
    assert.deepEqual(path, ['Pending', 'Processing', 'Analyzing', 'Executing', 'Verifying', 'Completed']);
    assert.equal(status.completionStatus?.outcome, 'Remediated');
    assert.deepEqual(told, [
      ['started', 'created'],
      ['transitioned'],
      ['transitioned'],
      ['transitioned', 'remediation.workflow_created'],
      ['transitioned', 'verifying_started', 'ea.created'],
      ['verification_completed', 'transitioned', 'completed'],
    ]);
  });

  it('is seven steps and fifteen events with an approval (audit 4)', async () => {
    const { told, path, world } = await play({
      answers: { AIAnalysis: { status: inNeedOfApproval() } },
      meanwhile: ({ at, decide }) => at(approveAt, () => void decide({ decision: 'Approved', by: 'ada' })),
    });
    assert.deepEqual(path.slice(2, 5), ['Analyzing', 'AwaitingApproval', 'Executing']);
    assert.deepEqual(told.slice(3, 5), [
      ['approval.requested', 'transitioned'],
      ['approval.approved', 'transitioned', 'remediation.workflow_created'],
    ]);
    assert.equal(world.ledger.events().length, 15);
    assert.equal(world.cluster.writes.filter(({ kind }) => kind === 'RemediationRequest').length, 7);
  });

  it('writes the status once a step (A-44, S6)', async () => {
    const { world } = await play();
    const writes = world.cluster.writes.filter(({ kind }) => kind === 'RemediationRequest');
    assert.equal(writes.length, 6);
  });

  it('stops where the ledger says that it has ended, and writes nothing (A-05, A-33, A-42, TI-4)', async () => {
    const { world } = await play();
    const [commits, writes] = [world.ledger.commits.length, world.cluster.writes.length];
    world.forget();
    const end = await world.run();
    assert.equal(end.state.phase, 'Completed');
    assert.deepEqual([world.ledger.commits.length, world.cluster.writes.length], [commits, writes]);
  });

  it('stops when another run has taken over (CX-4)', async () => {
    const world = aWorld();
    await world.run(500);
    world.ledger.raiseGeneration();
    const end = await world.run();
    assert.equal(end.state.phase, 'Processing');
    assert.equal(world.ledger.commits.length, 2);
  });

  it('loses nothing and doubles nothing when a worker dies at any commit (F-05, P4)', async () => {
    for (const point of ['before', 'between', 'after'] as const)
      for (let commit = 1; commit <= 7; commit += 1) {
        const { told, path } = await play({
          answers: { AIAnalysis: { status: inNeedOfApproval() } },
          meanwhile: ({ at, decide, crash }) => {
            at(approveAt, () => void decide({ decision: 'Approved', by: 'ada' }));
            crash(commit, point);
          },
        });
        assert.equal(path.at(-1), 'Completed', `${point} commit ${String(commit)}`);
        assert.equal(told.flat().length, 15, `${point} commit ${String(commit)}`);
      }
  });

  it('sends the Kubernetes Events that people look for', async () => {
    const { world } = await play({
      answers: { AIAnalysis: { status: inNeedOfApproval() } },
      meanwhile: ({ at, decide }) => at(approveAt, () => void decide({ decision: 'Approved', by: 'ada' })),
    });
    const reasons = world.ledger.commits.flatMap(({ kubernetesEvents }) =>
      kubernetesEvents.map(({ reason }) => reason),
    );
    assert.deepEqual(
      reasons.filter((reason) => reason !== 'NotificationCreated'),
      [
        'RemediationCreated',
        'PhaseTransition',
        'PhaseTransition',
        'PhaseTransition',
        'ApprovalRequired',
        'ApprovalGranted',
        'PhaseTransition',
        'RemediationCompleted',
        'EffectivenessAssessmentCreated',
      ],
    );
  });

  it('stops with the error of an effect that is a bug, and commits nothing (A-45)', async () => {
    const bug = new InvariantError('INVARIANT', 'something that cannot be');
    const world = aWorld();
    const ports = world.portsWith({ ensureChild: () => Promise.reject(bug) });
    await assert.rejects(drive(aRemediation('Pending'), ports), bug);
    assert.deepEqual([world.ledger.commits.length, world.cluster.writes.length], [0, 0]);
  });

  it('has a trail whose instants are those of the steps', async () => {
    const world = aWorld();
    const { world: after } = played(world, await world.run());
    const instants = after.ledger.commits.map(({ at }) => at - START);
    assert.deepEqual(instants, [0, 0, 1000, 2000, 3000, 4000]);
  });
});
