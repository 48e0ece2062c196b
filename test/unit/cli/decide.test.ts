import assert from 'node:assert/strict';
import { approve, reject } from '../../../src/cli/commands/decide.ts';
import { UsageError } from '../../../src/cli/command.ts';
import type { Options } from '../../../src/cli/command.ts';
import type { RefusedAttempt } from '../../../src/cli/ports.ts';
import { UnavailableError } from '../../../src/errors.ts';
import type { DecideRequest } from '../../../workflows/messages.ts';
import { RAR_UID, aRequest, anObject, fakeDependencies, recordingIo } from './fakes.ts';
import type { World } from './fakes.ts';

const WAITING = aRequest({ overallPhase: 'AwaitingApproval' });
const ENDED = aRequest({ overallPhase: 'Completed' });
const APPROVAL = anObject('RemediationApprovalRequest', 'rar-rr-a', { uid: RAR_UID });
const decided = (decision: string) =>
  anObject('RemediationApprovalRequest', 'rar-rr-a', {
    uid: RAR_UID,
    status: { decision, decidedBy: 'ada', decidedAt: '2026-11-24T10:02:00Z' },
  });

/** Runs a command and keeps what the workflow and the trail were told. */
async function decide(command: typeof approve, options: Options, world: World, json = false) {
  const asked: { readonly request: DecideRequest; readonly updateId: string }[] = [];
  const refusals: RefusedAttempt[] = [];
  const io = recordingIo(json);
  const code = await command.invoke(
    'rr-a',
    options,
    io.io,
    fakeDependencies({
      recordRefusal: (attempt) => {
        refusals.push(attempt);
        return Promise.resolve();
      },
      ...world,
      decide: (request, updateId) => {
        asked.push({ request, updateId });
        return (
          world.decide?.(request, updateId) ?? {
            kind: 'done',
            result: { verdict: 'accepted', decision: request.decision, by: request.by, at: '2026-11-24T10:05:00Z' },
          }
        );
      },
    }),
  );
  return { code, asked, refusals, ...io };
}

describe('rrctl approve and reject', () => {
  it('decide under the name that the API server knows the caller by', async () => {
    const { code, asked, text } = await decide(approve, { message: 'seen' }, { objects: [WAITING, APPROVAL] });
    assert.equal(code, 0);
    assert.deepEqual(asked, [
      { request: { decision: 'Approved', by: 'ada', message: 'seen' }, updateId: `decide-${RAR_UID}-ada-Approved` },
    ]);
    assert.equal(text(), 'ro/rr-a: approved by ada at 2026-11-24T10:05:00Z.');
  });

  it('record the caller beside the person they speak for', async () => {
    const world = { objects: [WAITING, APPROVAL], caller: 'console' };
    const { asked } = await decide(reject, { by: 'ada' }, world);
    assert.deepEqual(asked[0]?.request, { decision: 'Rejected', by: 'ada', via: 'console' });
  });

  it('take the approval from the workflow when somebody has deleted it', async () => {
    const view = () =>
      Promise.resolve({
        phase: 'AwaitingApproval',
        since: '',
        waitingFor: '',
        step: 4,
        approval: { name: 'rar-rr-a', uid: RAR_UID, planDigest: 'd', requiredBy: '' },
      });
    const { asked } = await decide(approve, {}, { objects: [WAITING], view });
    assert.equal(asked[0]?.updateId, `decide-${RAR_UID}-ada-Approved`);
  });

  it('print a refusal with its code and record it before', async () => {
    const refused = { kind: 'refused', code: 'already_decided', message: 'rr-a was already rejected by bob' } as const;
    const { code, refusals, notes } = await decide(
      approve,
      {},
      { objects: [WAITING, APPROVAL], decide: () => refused },
    );
    assert.equal(code, 1);
    assert.match(notes(), /Refused \(already_decided\): rr-a was already rejected by bob/);
    assert.equal(refusals.length, 1);
    const { code: recorded, by, decision, approval, updateId } = refusals[0] ?? assert.fail();
    assert.deepEqual([recorded, by, decision, approval.uid], ['already_decided', 'ada', 'Approved', RAR_UID]);
    assert.equal(updateId, `decide-${RAR_UID}-ada-Approved`);
  });

  it('stay refused when the refusal cannot be recorded', async () => {
    const { code, notes } = await decide(
      approve,
      {},
      {
        objects: [ENDED],
        recordRefusal: () => Promise.reject(new UnavailableError('POSTGRES_UNAVAILABLE', 'PostgreSQL is away')),
      },
    );
    assert.equal(code, 1);
    assert.match(notes(), /Refused \(not_pending\): rr-a does not wait for an approval: it is Completed/);
    assert.match(notes(), /could not be recorded in the trail: PostgreSQL is away/);
  });

  it('say who decided when, after the end', async () => {
    const late = await decide(reject, {}, { objects: [ENDED, decided('Approved')] });
    assert.equal(late.code, 1);
    assert.match(late.notes(), /Refused \(already_decided\): rr-a was already approved by ada at 2026-11-24T10:02:00Z/);
    const expired = await decide(approve, {}, { objects: [ENDED, decided('Expired')] });
    assert.match(expired.notes(), /Refused \(expired\)/);
  });

  it('answer the same decision of the same person again as recorded already', async () => {
    const { code, text, refusals } = await decide(approve, {}, { objects: [ENDED, decided('Approved')] });
    assert.equal(code, 0);
    assert.match(text(), /accepted \(already recorded\), approved by ada/);
    assert.equal(refusals.length, 0);
  });

  it('know their own decision when the workflow ended over it and the answer is lost', async () => {
    const objects = [WAITING, APPROVAL];
    const { code, text } = await decide(
      reject,
      {},
      {
        objects,
        decide: () => {
          objects.splice(0, 2, aRequest({ overallPhase: 'Failed' }), decided('Rejected'));
          return { kind: 'no-workflow' };
        },
      },
    );
    assert.equal(code, 0);
    assert.match(text(), /accepted \(already recorded\), rejected by ada/);
  });

  it('ask whether the watcher runs when no workflow does', async () => {
    const { code, notes, refusals } = await decide(
      approve,
      {},
      { objects: [WAITING, APPROVAL], decide: () => ({ kind: 'no-workflow' }) },
    );
    assert.equal(code, 1);
    assert.match(notes(), /is the watcher running\?/);
    assert.equal(refusals.length, 0);
  });

  it('A9 refuse an override that cannot be used, without asking the workflow', async () => {
    const options = { overrideWorkflow: 'restart' };
    const missing = await decide(approve, options, { objects: [WAITING, APPROVAL] });
    assert.match(missing.notes(), /Refused \(invalid_override\): .*restart does not exist/);
    const inactive = anObject('RemediationWorkflow', 'restart', { status: { catalogStatus: 'Disabled' } });
    const disabled = await decide(approve, options, { objects: [WAITING, APPROVAL, inactive] });
    assert.match(disabled.notes(), /Refused \(invalid_override\): .*restart is not Active/);
    assert.equal(missing.asked.length + disabled.asked.length, 0);
    assert.equal(disabled.refusals[0]?.code, 'invalid_override');
  });

  it('A9 pass an override on that can be used', async () => {
    const active = anObject('RemediationWorkflow', 'restart', {
      spec: { execution: { engine: 'job', bundle: 'b' }, parameters: [{ name: 'N' }] },
      status: { catalogStatus: 'Active', workflowId: 'w' },
    });
    const options = { overrideWorkflow: 'restart', parameter: ['N=a=b'], rationale: 'safer' };
    const { asked } = await decide(approve, options, { objects: [WAITING, APPROVAL, active] });
    assert.deepEqual(asked[0]?.request.override, {
      workflowName: 'restart',
      parameters: { N: 'a=b' },
      rationale: 'safer',
    });
  });

  it('print JSON on request, for a refusal too', async () => {
    const { parsed } = await decide(approve, {}, { objects: [ENDED] }, true);
    assert.equal(parsed()['code'], 'not_pending');
  });

  it('want parameters as KEY=VALUE', () => {
    assert.throws(() => approve.parse('rr-a', { parameter: ['N'] }), UsageError);
  });
});
