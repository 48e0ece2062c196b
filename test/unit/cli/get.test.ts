import assert from 'node:assert/strict';
import { get } from '../../../src/cli/commands/get.ts';
import { InvalidRequestError, UnavailableError } from '../../../src/errors.ts';
import { RAR_UID, UID, aRequest, anObject, fakeDependencies, recordingIo } from './fakes.ts';

const ANALYZING = {
  overallPhase: 'Analyzing',
  message: 'The analysis is running',
  startTime: '2026-11-24T10:00:00Z',
  timeoutConfig: { global: '1h0m0s', analyzing: '10m0s' },
  phaseProgress: { analyzingStartTime: '2026-11-24T10:01:00Z', aiAnalysisRef: { name: 'ai-rr-a' } },
};

describe('rrctl get', () => {
  it('lists the requests of the namespace', async () => {
    const { io, text } = recordingIo();
    const objects = [aRequest(ANALYZING), aRequest({}, 'rr-b')];
    assert.equal(await get.run({ request: undefined }, io, fakeDependencies({ objects })), 0);
    assert.deepEqual(
      text()
        .split('\n')
        .map((line) => line.split(/ {3,}/)),
      [
        ['NAME', 'PHASE', 'SINCE', 'AGE', 'OUTCOME', 'MESSAGE'],
        ['rr-a', 'Analyzing', '4m0s', '5m0s', 'The analysis is running'],
        ['rr-b', '(new)', '5m0s'],
      ],
    );
  });

  it('says what a remediation waits for and until when, as its workflow tells', async () => {
    const { io, text } = recordingIo();
    const view = () =>
      Promise.resolve({
        phase: 'Analyzing',
        since: '2026-11-24T10:01:00Z',
        waitingFor: 'AIAnalysis ai-rr-a (Investigating)',
        deadline: '2026-11-24T10:11:00Z',
        deadlineOf: 'analyzing',
        globalDeadline: '2026-11-24T11:00:00Z',
        step: 3,
      });
    assert.equal(await get.run({ request: 'rr-a' }, io, fakeDependencies({ objects: [aRequest(ANALYZING)], view })), 0);
    assert.match(text(), /Since +2026-11-24T10:01:00Z \(4m0s ago\)/);
    assert.match(text(), /Waits for +AIAnalysis ai-rr-a \(Investigating\)/);
    assert.match(text(), /Until +2026-11-24T10:11:00Z \(in 6m0s\), analyzing clock/);
    assert.match(text(), /Step +3/);
    assert.match(text(), /Workflow +running/);
  });

  it('works when Temporal is down, from what the cluster knows, and says so', async () => {
    const { io, text, notes } = recordingIo();
    const view = () => Promise.reject(new UnavailableError('TEMPORAL_UNAVAILABLE', 'Temporal at t:7233 is away'));
    assert.equal(await get.run({ request: 'rr-a' }, io, fakeDependencies({ objects: [aRequest(ANALYZING)], view })), 0);
    assert.match(notes(), /Temporal at t:7233 is away\nWhat follows is what the cluster knows/);
    assert.match(text(), /Waits for +AIAnalysis ai-rr-a/);
    assert.match(text(), /Until +2026-11-24T10:11:00Z \(in 6m0s\)/);
    assert.match(text(), /Workflow +not known: Temporal cannot be reached/);
  });

  it('shows how to answer an approval, also without a workflow', async () => {
    const { io, text } = recordingIo();
    const objects = [
      aRequest({ overallPhase: 'AwaitingApproval' }),
      anObject('RemediationApprovalRequest', 'rar-rr-a', {
        uid: RAR_UID,
        spec: { requiredBy: '2026-11-24T10:15:00Z' },
      }),
    ];
    await get.run({ request: 'rr-a' }, io, fakeDependencies({ objects }));
    assert.match(text(), /Waits for +a decision on RemediationApprovalRequest rar-rr-a/);
    assert.match(text(), /Until +2026-11-24T10:15:00Z \(in 10m0s\)/);
    assert.match(text(), /Answer with +rrctl approve rr-a -n ro, or reject/);
    assert.match(text(), /Workflow +none runs/);
  });

  it('prints one object as JSON', async () => {
    const { io, parsed } = recordingIo(true);
    const ended = { overallPhase: 'Completed', completionStatus: { outcome: 'Remediated' }, message: 'Done' };
    await get.run({ request: 'rr-a' }, io, fakeDependencies({ objects: [aRequest(ended)] }));
    const { uid, phase, ended: isEnded, outcome, workflow } = parsed();
    assert.deepEqual([uid, phase, isEnded, outcome, workflow], [UID, 'Completed', true, 'Remediated', 'ended']);
  });

  it('says where to look when there is no such request', async () => {
    await assert.rejects(
      get.run({ request: 'rr-x' }, recordingIo().io, fakeDependencies()),
      new InvalidRequestError(
        'NOT_FOUND',
        'RemediationRequest rr-x not found in namespace ro: list those that are there with: rrctl get -n ro',
      ),
    );
  });

  it('H-14 lets no text of others reach the terminal as it is', async () => {
    const { io, text } = recordingIo();
    await get.run({ request: 'rr-a' }, io, fakeDependencies({ objects: [aRequest({ message: 'a\u001b[31mb\nc' })] }));
    assert.match(text(), /Message +a�\[31mb�c/);
  });
});
