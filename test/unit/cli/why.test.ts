import assert from 'node:assert/strict';
import { UsageError } from '../../../src/cli/command.ts';
import { unblock } from '../../../src/cli/commands/unblock.ts';
import { why } from '../../../src/cli/commands/why.ts';
import type { RoutingStanding } from '../../../src/postgres/routing/standing.ts';
import type { UnblockRequest } from '../../../workflows/messages.ts';
import { aRequest, fakeDependencies, recordingIo } from './fakes.ts';

const BLOCKED = aRequest({ overallPhase: 'Blocked' });

const standing: RoutingStanding = {
  phase: 'Blocked',
  blockReason: 'ResourceBusy',
  asking: 'after analysis',
  askedAt: '2026-11-23T10:00:00Z',
  answer: {
    answer: 'blocked',
    block: { reason: 'ResourceBusy', message: 'WorkflowExecution we-rr-b works on shop/Deployment/web' },
    decision: { check: 'ResourceBusy', inputs: { holder: 'rr-b', scope: 'managed' } },
  },
  claims: [
    {
      kind: 'target',
      key: '|ro|shop/deployment/web',
      holder: 'rr-b',
      holderPhase: 'Executing',
      token: 7,
      since: '2026-11-23T09:59:00Z',
    },
  ],
  foreign: [],
};

describe('rrctl why', () => {
  it('names the check, what it saw, who holds what since when, and what ends the wait', async () => {
    const { io, text } = recordingIo();
    const world = { objects: [BLOCKED], routing: standing };
    assert.equal(await why.invoke('rr-a', {}, io, fakeDependencies(world)), 0);
    for (const part of [
      /Check +ResourceBusy/,
      /WorkflowExecution we-rr-b works on shop\/Deployment\/web/,
      /Ends by +the end of the execution on its target/,
      /holder +rr-b/,
      /target +\|ro\|shop\/deployment\/web +rr-b +Executing +7 +2026-11-23T09:59:00Z/,
    ])
      assert.match(text(), part);
  });

  it('says until when a timed block lasts, and who may end it before', async () => {
    const { io, text } = recordingIo();
    const timed: RoutingStanding = {
      ...standing,
      blockReason: 'RecentlyRemediated',
      blockedUntil: '2026-11-23T10:05:00Z',
      claims: [],
    };
    await why.invoke('rr-a', {}, io, fakeDependencies({ objects: [BLOCKED], routing: timed }));
    assert.match(text(), /Ends by +2026-11-23T10:05:00Z \(.*\), or rrctl unblock/);
  });
});

describe('rrctl unblock', () => {
  it('lifts the block under the name of the caller, with the reason', async () => {
    const asked: UnblockRequest[] = [];
    const { io, text } = recordingIo();
    const dependencies = fakeDependencies({
      objects: [BLOCKED],
      unblock: (request) => {
        asked.push(request);
        return { kind: 'done', result: { lifted: 'IneffectiveChain' } };
      },
    });
    assert.equal(await unblock.invoke('rr-a', { reason: 'repaired' }, io, dependencies), 0);
    assert.deepEqual(asked, [{ by: 'ada', reason: 'repaired' }]);
    assert.equal(text(), 'ro/rr-a goes on: ada has lifted IneffectiveChain.');
  });

  it('prints a refusal, and wants a reason', async () => {
    const { io, notes } = recordingIo();
    const refused = { kind: 'refused', code: 'not_liftable', message: 'rr-a guards another' } as const;
    const dependencies = fakeDependencies({ objects: [BLOCKED], unblock: () => refused });
    assert.equal(await unblock.invoke('rr-a', { reason: 'x' }, io, dependencies), 1);
    assert.equal(notes(), 'Refused (not_liftable): rr-a guards another');
    await assert.rejects(unblock.invoke('rr-a', {}, io, dependencies), UsageError);
  });
});
