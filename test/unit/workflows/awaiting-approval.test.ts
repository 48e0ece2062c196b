import assert from 'node:assert/strict';
import { play } from '../../builders/play.ts';
import type { Played, PlayOptions } from '../../builders/play.ts';
import { HOUR, MINUTE, SECOND, START } from '../../builders/request.ts';
import { analysed, inNeedOfApproval } from '../../builders/snapshots.ts';
import type { World } from '../../builders/world.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';

/** When a person is asked, and until when. */
const ASKED = 2 * SECOND;
const REQUIRED_BY = ASKED + 15 * MINUTE;

/** A remediation that asks a person, and whatever they do. */
const asking = (meanwhile?: (world: World) => void, more: PlayOptions = {}) =>
  play({
    ...more,
    answers: { AIAnalysis: { status: inNeedOfApproval() }, WorkflowExecution: 'silent', ...more.answers },
    ...(meanwhile === undefined ? {} : { meanwhile }),
  });

/** Somebody patches the approval request, as kubectl and the console do. */
const patch = ({ at, cluster }: World, ms: number, status: JsonObject): void =>
  at(ms, () => cluster.patchStatus('kubectl', 'RemediationApprovalRequest', 'rar-rr-a', status));

const approved = { decision: 'Approved', decidedBy: 'admin@example.com' };
const rejected = { decision: 'Rejected', decidedBy: 'admin@example.com', decisionMessage: 'Too risky' };

interface Rar {
  readonly decision?: string;
  readonly decidedBy?: string;
  readonly decidedAt?: string;
  readonly expired?: boolean;
  readonly timeRemaining?: string;
  readonly decisionMessage?: string;
  readonly conditions: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
}
const rarOf = ({ child }: Played): Rar => child('RemediationApprovalRequest')?.['status'] as unknown as Rar;
const conditionOf = (rar: Rar, type: string): string => {
  const { status, reason } = rar.conditions.find((condition) => condition.type === type) ?? {};
  return `${String(status)} ${String(reason)}`;
};

describe('a remediation that waits for a person', () => {
  it('executes when the person approves on the object (A-21, A-39)', async () => {
    const outcome = await asking((world) => patch(world, MINUTE, approved), { until: 2 * MINUTE });
    const { status, told, events } = outcome;
    assert.equal(status.overallPhase, 'Executing');
    assert.deepEqual(told.at(-1), ['approval.approved', 'transitioned', 'remediation.workflow_created']);
    const [granted] = events('approval.approved');
    assert.deepEqual(granted?.actor, { type: 'user', id: 'admin@example.com' });
    assert.deepEqual([granted.data['door'], granted.data['identity_source']], ['kubectl', 'claimed']);
    assert.equal(granted.parent?.type, 'orchestrator.approval.requested');
    const rar = rarOf(outcome);
    assert.equal(rar.decidedAt, toRfc3339(START + MINUTE));
    assert.equal(rar.timeRemaining, '14m2s');
    assert.equal(conditionOf(rar, 'ApprovalDecided'), 'True Approved');
    assert.equal(conditionOf(rar, 'AuditRecorded'), 'True AuditSucceeded');
  });

  it('records a decision once, however often its object is seen (A-39)', async () => {
    const { events } = await asking(
      (world) => {
        patch(world, MINUTE, approved);
        patch(world, 2 * MINUTE, { decisionMessage: 'as I said' });
      },
      { until: 3 * MINUTE },
    );
    assert.equal(events('approval.approved').length, 1);
  });

  it('fails with the words of the person who rejects (A-22, A-40, A2)', async () => {
    const outcome = await asking((world) => patch(world, MINUTE, rejected));
    const { status, told, events, world } = outcome;
    assert.deepEqual([status.overallPhase, status.completionStatus?.failurePhase], ['Failed', 'Approval']);
    assert.equal(status.completionStatus?.failureReason, 'Too risky');
    assert.deepEqual(told.at(-1), ['approval.rejected', 'transitioned', 'completed']);
    const [said] = events('approval.rejected');
    assert.deepEqual([said?.outcome, said?.data['rejection_reason']], ['failure', 'Too risky']);
    assert.equal(events('completed')[0]?.data['failure_reason'], 'ApprovalRejected');
    assert.equal(world.cluster.all('WorkflowExecution').length, 0);
    assert.equal(conditionOf(rarOf(outcome), 'ApprovalDecided'), 'True Rejected');
  });

  it('expires when nobody answers, and says so on the object (A-23, A3, T8)', async () => {
    const outcome = await asking();
    const { status, told, events } = outcome;
    assert.deepEqual([status.overallPhase, status.completionStatus?.failurePhase], ['Failed', 'Approval']);
    assert.match(status.completionStatus?.failureReason ?? '', /expired/);
    assert.equal(status.completedAt, toRfc3339(START + REQUIRED_BY));
    assert.deepEqual(told.at(-1), ['approval.rejected', 'transitioned', 'completed']);
    assert.deepEqual(
      [events('approval.rejected')[0]?.action, events('completed')[0]?.data['failure_reason']],
      ['expired', 'Timeout'],
    );
    const { decision, decidedBy, expired, timeRemaining, ...rest } = rarOf(outcome);
    assert.deepEqual([decision, decidedBy, expired, timeRemaining], ['Expired', 'system', true, '0s']);
    const rar = { ...rest };
    assert.equal(conditionOf(rar, 'ApprovalExpired'), 'True Timeout');
    assert.equal(conditionOf(rar, 'ApprovalPending'), 'False DecisionMade');
    assert.equal(conditionOf(rar, 'ApprovalDecided'), 'False PendingDecision');
    assert.equal(conditionOf(rar, 'AuditRecorded'), 'True AuditSucceeded');
  });

  it('waits when its approval request is deleted, and expires at the time it had (A-24, A11)', async () => {
    const deleted = ({ at, cluster }: World) =>
      at(MINUTE, () => cluster.remove('RemediationApprovalRequest', 'rar-rr-a'));
    const waiting = await asking(deleted, { until: 10 * MINUTE });
    assert.equal(waiting.status.overallPhase, 'AwaitingApproval');
    assert.doesNotMatch(waiting.status.message ?? '', /error|failed/);
    const { status, world } = await asking(deleted);
    assert.equal(status.completedAt, toRfc3339(START + REQUIRED_BY));
    assert.equal(world.cluster.all('RemediationApprovalRequest').length, 0);
  });

  it('still takes a decision by update when its approval request is deleted (A11)', async () => {
    const { status } = await asking(
      ({ at, cluster, decide }) => {
        at(MINUTE, () => cluster.remove('RemediationApprovalRequest', 'rar-rr-a'));
        at(2 * MINUTE, () => void decide({ decision: 'Approved', by: 'ada' }));
      },
      { until: 3 * MINUTE },
    );
    assert.equal(status.overallPhase, 'Executing');
  });

  it('writes neither object while it waits (A-25, A15)', async () => {
    const { world } = await asking(undefined, { until: 14 * MINUTE });
    const written = world.cluster.writes.filter(({ kind }) => kind === 'RemediationApprovalRequest');
    assert.deepEqual([world.ledger.commits.length, written.length], [4, 1]);
  });

  it('keeps one of fifty decisions that come at once, by both doors (A4)', async () => {
    const verdicts: string[] = [];
    const outcome = await asking(({ at, cluster, decide }) =>
      at(MINUTE, () => {
        for (let i = 0; i < 25; i += 1) {
          const decision = i % 2 === 0 ? 'Approved' : 'Rejected';
          verdicts.push(decide({ decision, by: `person-${String(i)}` }).judgement);
          cluster.patchStatus('kubectl', 'RemediationApprovalRequest', 'rar-rr-a', {
            decision,
            decidedBy: `k${String(i)}`,
          });
        }
      }),
    );
    const { events, end } = outcome;
    assert.equal(verdicts.filter((verdict) => verdict === 'accepted').length, 1);
    assert.equal(events('approval.approved').length + events('approval.rejected').length, 1);
    const rar = rarOf(outcome);
    assert.deepEqual([rar.decision, rar.decidedBy], [end.decision?.decision, end.decision?.by]);
  });

  it('believes a decision on the object more than the deadline (E-136, A5, A12, AP-4)', async () => {
    const late = await asking(
      (world) => {
        patch(world, 14 * MINUTE, approved);
        world.down(5 * MINUTE, 25 * MINUTE);
      },
      { until: 26 * MINUTE },
    );
    assert.equal(late.status.overallPhase, 'Executing');
    const unheard = await asking((world) => patch(world, REQUIRED_BY - SECOND, approved), {
      lagMs: MINUTE,
      until: 20 * MINUTE,
    });
    assert.equal(unheard.status.overallPhase, 'Executing');
    const after = await asking((world) => patch(world, REQUIRED_BY + 1000, approved));
    assert.equal(after.status.completionStatus?.failurePhase, 'Approval');
  });

  it('is never asked beyond the global limit, which then ends it (E-098, T9)', async () => {
    const outcome = await asking(undefined, {
      answers: { AIAnalysis: { after: 9 * MINUTE, status: inNeedOfApproval() } },
      status: { startTime: toRfc3339(START - 50 * MINUTE) },
    });
    const { status, events } = outcome;
    assert.equal(events('approval.requested')[0]?.data['required_by'], toRfc3339(START + 10 * MINUTE));
    assert.deepEqual([status.overallPhase, status.completionStatus?.timeoutPhase], ['TimedOut', 'AwaitingApproval']);
    assert.equal(events('approval.rejected').length, 0);
    assert.deepEqual([rarOf(outcome).decision, rarOf(outcome).decidedBy], ['Expired', 'system']);
  });

  it('closes its approval request when it is cancelled, without a decision in the trail (A13)', async () => {
    const outcome = await asking(({ at, cancel }) => at(MINUTE, () => cancel('ada', 'not now')));
    const { status, events } = outcome;
    assert.equal(status.overallPhase, 'Cancelled');
    assert.deepEqual([rarOf(outcome).decision, rarOf(outcome).decidedBy], ['Expired', 'system']);
    assert.match(rarOf(outcome).decisionMessage ?? '', /terminal phase: Cancelled/);
    assert.equal(events('approval.rejected').length, 0);
  });

  it('takes no decision from a re-created approval request (A17)', async () => {
    const { status, events } = await asking(({ at, cluster }) =>
      at(MINUTE, () => {
        cluster.remove('RemediationApprovalRequest', 'rar-rr-a');
        const [request] = cluster.all('RemediationRequest');
        const owner = {
          apiVersion: 'kubernaut.ai/v1alpha1',
          kind: 'RemediationRequest',
          name: 'rr-a',
          controller: true,
        };
        cluster.put('RemediationApprovalRequest', {
          metadata: { name: 'rar-rr-a', ownerReferences: [{ ...owner, uid: request?.metadata.uid ?? '' }] },
        });
        cluster.patchStatus('kubectl', 'RemediationApprovalRequest', 'rar-rr-a', approved);
      }),
    );
    assert.equal(events('approval.approved').length, 0);
    assert.equal(status.completedAt, toRfc3339(START + REQUIRED_BY));
  });

  it('takes no decision before it asks', async () => {
    const { status, events } = await asking((world) => {
      world.at(SECOND, () => {
        assert.equal(world.decide({ decision: 'Approved', by: 'ada' }).judgement, 'refused');
      });
    });
    assert.equal(events('approval.approved').length, 0);
    assert.equal(status.completionStatus?.failurePhase, 'Approval');
  });
});

describe('an approver who changes the plan', () => {
  const catalogue = [
    {
      name: 'scale-up',
      catalogStatus: 'Active',
      workflowId: 'scale-up-v2',
      actionType: 'ScaleUp',
      version: '2.0.0',
      bundle: 'registry.example/scale-up:2',
      engine: 'job',
      parameterNames: ['REPLICAS'],
    },
    { name: 'retired', catalogStatus: 'Deprecated', bundle: 'x', engine: 'job', parameterNames: [] },
  ];
  const decide = (workflowOverride: JsonObject) =>
    asking((world) => patch(world, MINUTE, { ...approved, workflowOverride }), { catalogue, until: 2 * MINUTE });
  const workflowIn = ({ child }: Played) =>
    child('WorkflowExecution')?.['spec'] as unknown as {
      readonly workflowRef: { readonly workflowId: string };
      readonly parameters?: object;
    };

  it('has another workflow run (A9)', async () => {
    const outcome = await decide({ workflowName: 'scale-up', parameters: { REPLICAS: '3' } });
    assert.equal(workflowIn(outcome).workflowRef.workflowId, 'scale-up-v2');
    assert.deepEqual(workflowIn(outcome).parameters, { REPLICAS: '3' });
    assert.equal(outcome.events('remediation.workflow_created')[0]?.data['workflow_id'], 'scale-up-v2');
    assert.deepEqual(outcome.events('approval.approved')[0]?.data['workflow_override'], {
      workflow_name: 'scale-up',
      parameters: { REPLICAS: '(set)' },
    });
  });

  it('has the same workflow run with other parameters (A9)', async () => {
    const outcome = await decide({ parameters: { GRACE: '60' } });
    assert.equal(workflowIn(outcome).workflowRef.workflowId, 'restart-pod-v1');
    assert.deepEqual(workflowIn(outcome).parameters, { GRACE: '60' });
  });

  for (const workflowName of ['missing', 'retired'])
    it(`fails the remediation with a workflow that is ${workflowName} (A9, L23)`, async () => {
      const { status, told } = await decide({ workflowName });
      assert.deepEqual([status.overallPhase, status.completionStatus?.failurePhase], ['Failed', 'Approval']);
      assert.match(status.completionStatus?.failureReason ?? '', new RegExp(`Override workflow ${workflowName}`));
      assert.deepEqual(told.at(-1), ['approval.approved', 'transitioned', 'completed']);
    });

  it('may supply what the analysis left out', async () => {
    const lacking = analysed({ actionType: '' }, { approval: { approvalRequired: true } });
    const outcome = await asking(
      (world) => patch(world, MINUTE, { ...approved, workflowOverride: { workflowName: 'scale-up' } }),
      {
        catalogue,
        answers: { AIAnalysis: { status: lacking } },
        until: 2 * MINUTE,
      },
    );
    assert.equal(outcome.status.overallPhase, 'Executing');
  });

  it('is not heard when rejecting', async () => {
    const { status } = await asking((world) =>
      patch(world, MINUTE, { ...rejected, workflowOverride: { workflowName: 'missing' } }),
    );
    assert.equal(status.completionStatus?.failureReason, 'Too risky');
  });
});

describe('a decision under way', () => {
  it('ends in one approval although the first write to the object conflicts (A14)', async () => {
    const outcome = await asking(
      ({ at, decide, cluster }) => {
        at(MINUTE, () => {
          decide({ decision: 'Approved', by: 'ada' });
          cluster.patchStatus('console', 'RemediationApprovalRequest', 'rar-rr-a', { timeRemaining: '1h' });
        });
      },
      { until: HOUR / 4 },
    );
    assert.equal(outcome.status.overallPhase, 'Executing');
    assert.deepEqual([rarOf(outcome).decision, rarOf(outcome).decidedBy], ['Approved', 'ada']);
    assert.equal(outcome.events('approval.approved').length, 1);
  });
});
