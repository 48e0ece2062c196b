import assert from 'node:assert/strict';
import { checkInvariants } from '../../builders/invariants.ts';
import { aWorld } from '../../builders/world.ts';

describe('driving a remediation', () => {
  it('takes the direct way to Completed in six commits', async () => {
    const world = aWorld();
    const end = await world.run();
    assert.equal(end.state.phase, 'Completed');
    assert.equal(world.ledger.commits.length, 6);
    checkInvariants(world);
  });
});
