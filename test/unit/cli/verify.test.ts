import assert from 'node:assert/strict';
import { UsageError } from '../../../src/cli/command.ts';
import { verify } from '../../../src/cli/commands/verify.ts';
import type { Verification } from '../../../src/postgres/verify.ts';
import { UID, aRequest, aRow, fakeDependencies, recordingIo } from './fakes.ts';
import type { World } from './fakes.ts';

const READY = { status: 'False', reason: 'NotReady', message: 'm', lastTransitionTime: '2026-11-24T10:00:00Z' };
const FOLD = { overallPhase: 'Processing', message: 'Signal processing runs', conditions: { Ready: READY } };
const AS_TOLD = { ...FOLD, conditions: [{ type: 'Ready', ...READY }] };

const verified = (parts: Partial<Verification> = {}): Verification => ({
  ok: true,
  findings: [],
  events: 3,
  fold: FOLD,
  head: { seq: 3, hash: 'x' },
  ...parts,
});

async function run(world: World, options: { readonly all?: boolean } = {}, json = false) {
  const io = recordingIo(json);
  const request = options.all === true ? undefined : 'rr-a';
  const code = await verify.invoke(request, options, io.io, fakeDependencies(world));
  return { code, ...io };
}

describe('rrctl verify', () => {
  it('exits with 0 when the trail is intact and tells what the cluster shows', async () => {
    const { code, notes } = await run({ objects: [aRequest(AS_TOLD)], verification: verified });
    assert.equal(code, 0);
    assert.equal(notes(), 'Intact: 1 remediation, 3 events in namespace ro.');
  });

  it('exits with 1 and lists what the chain check found', async () => {
    const finding = {
      code: 'EVENT_HASH_MISMATCH',
      chain: `rr:${UID}`,
      seq: 2,
      message: 'The event is not what was hashed.',
    };
    const broken = () => verified({ ok: false, findings: [{ ...finding, code: 'EVENT_HASH_MISMATCH' }] });
    const { code, text } = await run({ objects: [aRequest(AS_TOLD)], verification: broken });
    assert.equal(code, 1);
    assert.match(text(), /rr-a +EVENT_HASH_MISMATCH +2 +The event is not what was hashed\./);
  });

  it('exits with 1 when the cluster shows something else than the trail tells', async () => {
    const objects = [aRequest({ ...AS_TOLD, overallPhase: 'Failed', message: 'Somebody was here' })];
    const { code, text } = await run({ objects, verification: verified });
    assert.equal(code, 1);
    assert.match(
      text(),
      /STATUS_MISMATCH +- +status\.message is "Somebody was here" in the cluster and "Signal processing runs"/,
    );
    assert.match(text(), /status\.overallPhase is "Failed" in the cluster and "Processing" by the trail/);
  });

  it('gives a step time to become visible, since it is recorded first', async () => {
    let asked = 0;
    const verification = () => {
      asked += 1;
      return verified(asked === 1 ? { fold: { ...FOLD, overallPhase: 'Pending' } } : {});
    };
    const { code } = await run({ objects: [aRequest(AS_TOLD)], verification });
    assert.equal(code, 0);
    assert.equal(asked, 2);
  });

  it('verifies a request that is gone, or re-created, by trail and ledger alone', async () => {
    const gone = await run({ verification: verified });
    assert.equal(gone.code, 0);
    assert.match(gone.notes(), /1 not in the cluster any more/);
    const another = { ...aRequest({ overallPhase: 'Failed' }), metadata: { ...aRequest().metadata, uid: 'other' } };
    assert.equal((await run({ objects: [another], verification: verified })).code, 0);
  });

  it('goes through all of a namespace and prints JSON', async () => {
    const rows = [aRow, { ...aRow, name: 'rr-b' }];
    const { code, parsed } = await run({ rows, verification: verified }, { all: true }, true);
    assert.equal(code, 0);
    const { intact, verified: count } = parsed();
    assert.deepEqual([intact, count], [true, 2]);
  });

  it('wants one name or --all, not both', () => {
    assert.throws(() => verify.parse(undefined, {}), UsageError);
    assert.throws(() => verify.parse('rr-a', { all: true }), UsageError);
  });
});
