import assert from 'node:assert/strict';
import { UsageError } from '../../../src/cli/command.ts';
import { cancel } from '../../../src/cli/commands/cancel.ts';
import type { CancelRequest } from '../../../workflows/messages.ts';
import { aRequest, fakeDependencies, recordingIo } from './fakes.ts';

const EXECUTING = aRequest({ overallPhase: 'Executing' });

describe('rrctl cancel', () => {
  it('cancels with the name of the caller and the reason', async () => {
    const asked: CancelRequest[] = [];
    const { io, text } = recordingIo();
    const code = await cancel.invoke(
      'rr-a',
      { reason: 'maintenance' },
      io,
      fakeDependencies({
        objects: [EXECUTING],
        cancel: (request) => {
          asked.push(request);
          return { kind: 'done', result: { phase: 'Cancelled' } };
        },
      }),
    );
    assert.equal(code, 0);
    assert.deepEqual(asked, [{ by: 'ada', reason: 'maintenance' }]);
    assert.equal(text(), 'ro/rr-a is cancelled by ada.');
  });

  it('prints a refusal of the workflow', async () => {
    const { io, notes } = recordingIo();
    const refused = { kind: 'refused', code: 'not_pending', message: 'rr-a has ended as Completed' } as const;
    const world = { objects: [EXECUTING], cancel: () => refused };
    assert.equal(await cancel.invoke('rr-a', { reason: 'x' }, io, fakeDependencies(world)), 1);
    assert.equal(notes(), 'Refused (not_pending): rr-a has ended as Completed');
  });

  it('refuses what has ended, and asks for the watcher when nothing runs', async () => {
    for (const [phase, expected] of [
      ['Completed', /ro\/rr-a has ended already: it is Completed/],
      ['Executing', /is the watcher running\?/],
    ] as const) {
      const { io, notes } = recordingIo();
      const world = { objects: [aRequest({ overallPhase: phase })] };
      assert.equal(await cancel.invoke('rr-a', { reason: 'x' }, io, fakeDependencies(world)), 1);
      assert.match(notes(), expected);
    }
  });

  it('knows its own cancellation when the answer is lost', async () => {
    const { io, text } = recordingIo();
    const objects = [EXECUTING];
    const dependencies = fakeDependencies({
      objects,
      cancel: () => {
        objects[0] = aRequest({ overallPhase: 'Cancelled', message: 'Cancelled in Executing by ada: storm' });
        return { kind: 'no-workflow' };
      },
    });
    assert.equal(await cancel.invoke('rr-a', { reason: 'storm' }, io, dependencies), 0);
    assert.equal(text(), 'ro/rr-a is cancelled by ada.');
  });

  it('wants a reason', () => {
    assert.throws(() => cancel.parse('rr-a', {}), UsageError);
    assert.throws(() => cancel.parse('rr-a', { reason: ' ' }), /--reason is empty/);
  });
});
