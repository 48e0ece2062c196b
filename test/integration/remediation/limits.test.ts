import assert from 'node:assert/strict';
import { trailOf } from '../../../src/postgres/trail.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';
import { describeRun } from '../../../src/temporal/starter.ts';
import { eventually } from '../../support/eventually.ts';
import { standingChecks } from './standing-checks.ts';
import { useRig } from './rig.ts';

const HOUR = 3_600_000;

/** Started, task scheduled, task started. */
const EVENTS_BEFORE_THE_FIRST_TASK_ENDS = 3;

describe('the limits of a remediation on real servers', function () {
  this.timeout(90_000);
  const rig = useRig({ timeouts: { awaitingApproval: 3000, verifying: 3000 } });
  const edit = (name: string, status: JsonObject) => rig().objects.patchStatus('RemediationRequest', name, status);
  const last = async (uid: string) => {
    const events = await trailOf(rig().pool, { uid });
    return events.at(-1)?.event_data ?? assert.fail('no events');
  };

  it('end a wait for a person who does not answer (A-23, E-127, A3)', async () => {
    const uid = await rig().create('unanswered', 'ai-approval');
    const status = await rig().untilPhase('unanswered', 'Failed');
    assert.match(status.completionStatus?.failureReason ?? '', /expired/);
    await eventually(async () => {
      const rar = await rig().client.get('RemediationApprovalRequest', rig().servers.namespace, 'rar-unanswered');
      const { decision, decidedBy, expired, timeRemaining } = rar?.status ?? {};
      assert.deepEqual([decision, decidedBy, expired, timeRemaining], ['Expired', 'system', true, '0s']);
    });
    await standingChecks(rig(), 'unanswered', uid);
  });

  it('complete a remediation whose verdict does not come', async () => {
    const uid = await rig().create('no-verdict', 'ea-silent');
    const status = await rig().untilPhase('no-verdict', 'Completed');
    assert.equal(status.completionStatus?.outcome, 'VerificationTimedOut');
    await standingChecks(rig(), 'no-verdict', uid);
  });

  const silent = [
    { simulate: 'sp-silent', phase: 'Processing', member: 'processing', kind: 'SignalProcessing', child: 'sp' },
    { simulate: 'ai-silent', phase: 'Analyzing', member: 'analyzing', kind: 'AIAnalysis', child: 'ai' },
    { simulate: 'we-silent', phase: 'Executing', member: 'executing', kind: 'WorkflowExecution', child: 'we' },
  ] as const;
  for (const { simulate, phase, member, kind, child } of silent)
    it(`end ${phase}, and close the child, when they are edited to be short (A-28, A-29, A-30, E-095, F-46)`, async () => {
      const uid = await rig().create(simulate, simulate);
      await rig().untilPhase(simulate, phase);
      await edit(simulate, { timeoutConfig: { [member]: '1s' } });
      const status = await rig().untilPhase(simulate, 'TimedOut');
      assert.equal(status.completionStatus?.timeoutPhase, phase);
      const { items } = await rig().client.list(kind, rig().servers.namespace);
      const closed = items.find(({ metadata }) => metadata.name === `${child}-${simulate}`);
      assert.equal(closed?.status?.['phase'], 'Failed');
      assert.match(JSON.stringify(closed.status), /terminal phase: TimedOut/);
      const events = await trailOf(rig().pool, { uid });
      assert.equal(events.filter(({ event_type: type }) => type === 'orchestrator.timeouts.modified').length, 1);
      await standingChecks(rig(), simulate, uid);
    });

  it('count from a start that somebody moved back (A-31, E-144, TE-5)', async () => {
    const uid = await rig().create('moved', 'sp-silent');
    await rig().untilPhase('moved', 'Processing');
    await edit('moved', { startTime: toRfc3339(Date.now() - 2 * HOUR) });
    await rig().untilPhase('moved', 'TimedOut');
    assert.equal(((await last(uid))['timeout'] as { type: string }).type, 'global');
  });

  it('fail a remediation when they cannot be (E-096, T23)', async () => {
    const uid = await rig().create('negative', 'sp-silent');
    await rig().untilPhase('negative', 'Processing');
    await edit('negative', { timeoutConfig: { global: '-100s' } });
    const status = await rig().untilPhase('negative', 'Failed');
    assert.equal(status.completionStatus?.failureReason, 'timeoutConfig.global must be positive, got -100s');
    assert.equal(((await last(uid))['error_details'] as { code: string }).code, 'ERR_INVALID_TIMEOUT_CONFIG');
    await standingChecks(rig(), 'negative', uid);
  });

  it('are one timer, and cost nothing while a remediation waits', async () => {
    const uid = await rig().create('waiting', 'sp-silent');
    await rig().untilPhase('waiting', 'Processing');
    const before = await eventually(async () => {
      const run = await describeRun(rig().temporal, uid);
      assert.equal(run?.pendingActivities.length, 0);
      // The phase shows before the workflow task that entered it has ended; only then does the waiting begin.
      assert.notEqual(run.historyLength, EVENTS_BEFORE_THE_FIRST_TASK_ENDS);
      return run;
    });
    const { resourceVersion } =
      (await rig().client.get('RemediationRequest', rig().servers.namespace, 'waiting'))?.metadata ?? {};
    await rig().objects.patchStatus('RemediationRequest', 'waiting', {
      conditions: [],
      deduplication: { occurrenceCount: 7 },
    });
    const { metadata } = (await rig().client.get('RemediationRequest', rig().servers.namespace, 'waiting')) ?? {};
    assert.notEqual(metadata?.resourceVersion, resourceVersion);
    // A later remediation has come to its end: by then the change would have been heard of.
    await rig().create('later');
    await rig().untilPhase('later', 'Completed');
    const after = await describeRun(rig().temporal, uid);
    assert.equal(after?.historyLength, before.historyLength);
  });
});
