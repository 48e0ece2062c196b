import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JsonObject } from '../../../src/remediation/json.ts';
import { toRfc3339 } from '../../../src/remediation/time.ts';
import { checkInvariants, hasEnded } from '../../builders/invariants.ts';
import { HOUR, MINUTE, SECOND, START } from '../../builders/request.ts';
import { analysed, assessed, executed, inNeedOfApproval, processed } from '../../builders/snapshots.ts';
import { aWorld } from '../../builders/world.ts';
import type { Answer, Answers, CrashPoint, World } from '../../builders/world.ts';

const RUNS = 200;

const delay = fc.oneof(
  fc.constantFrom(0, 1, SECOND, 5 * MINUTE, 5 * MINUTE + 1, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR),
  fc.integer({ min: 0, max: 2 * HOUR }),
);
const moment = fc.oneof(fc.integer({ min: 0, max: 10 * SECOND }), fc.integer({ min: 0, max: 2 * HOUR }));

const says = <S extends Answer['status']>(...statuses: readonly S[]) =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constant('silent' as const) },
    { weight: 6, arbitrary: fc.record({ after: delay, status: fc.constantFrom(...statuses) }) },
  );

const answers: fc.Arbitrary<Answers> = fc.record({
  SignalProcessing: says(processed, processed, processed, { phase: 'Failed', failureInfo: { error: 'no namespace' } }),
  AIAnalysis: says(
    analysed(),
    inNeedOfApproval(),
    inNeedOfApproval(),
    { phase: 'Completed', reason: 'WorkflowNotNeeded', message: 'nothing to do' },
    { phase: 'Completed', review: { needsHumanReview: true } },
    { phase: 'Failed', reason: 'APIError', message: 'the model is down' },
    analysed({ workflowId: '' }),
    analysed({ actionType: '' }),
  ),
  WorkflowExecution: says(executed, executed, { phase: 'Failed', failureReason: 'exit code 2' }),
  EffectivenessAssessment: says(
    assessed,
    { validityDeadline: toRfc3339(START + HOUR) },
    { phase: 'Completed', components: { alertAssessed: true, alertScore: 0 } },
    { phase: 'Failed', message: 'no metrics' },
  ),
});

type Act = (world: World) => void;

const onApproval =
  (status: JsonObject): Act =>
  ({ cluster }) => {
    if (cluster.find('RemediationApprovalRequest', 'rar-rr-a') === undefined) return;
    cluster.patchStatus('kubectl', 'RemediationApprovalRequest', 'rar-rr-a', status);
  };

const ACTS: Readonly<Record<string, Act>> = {
  'approve by update': ({ decide }) => void decide({ decision: 'Approved', by: 'ada' }),
  'reject by update': ({ decide }) => void decide({ decision: 'Rejected', by: 'bob', message: 'too risky' }),
  'approve by patch': onApproval({ decision: 'Approved', decidedBy: 'eve' }),
  'reject by patch': onApproval({ decision: 'Rejected', decidedBy: 'joe', decisionMessage: 'no' }),
  'the Gateway counts': ({ edit }) => edit({ deduplication: { occurrenceCount: 2 } }, 'gateway'),
  'a longer global limit': ({ edit }) => edit({ timeoutConfig: { global: '3h' } }),
  'a shorter global limit': ({ edit }) => edit({ timeoutConfig: { global: '10m' } }),
  'shorter phases': ({ edit }) => edit({ timeoutConfig: { processing: '30s', executing: '1m' } }),
  'no limits': ({ edit }) => edit({ timeoutConfig: null }),
  'the start is moved back': ({ edit }) => edit({ startTime: toRfc3339(START - 30 * MINUTE) }),
  'the analysis is deleted': ({ cluster }) => cluster.remove('AIAnalysis', 'ai-rr-a'),
  'the approval request is deleted': ({ cluster }) => cluster.remove('RemediationApprovalRequest', 'rar-rr-a'),
};

const ENDS: Readonly<Record<string, Act>> = {
  'cancel by update': ({ cancel }) => cancel('ada', 'no longer needed'),
  'cancel by patch': ({ edit }) => edit({ overallPhase: 'Cancelled' }),
  'ended by hand': ({ edit }) => edit({ overallPhase: 'Failed' }),
  'blocked by hand': ({ edit }) => edit({ overallPhase: 'Blocked' }),
  'invalid limits': ({ edit }) => edit({ timeoutConfig: { global: '-100s' } }),
  'the request is deleted': ({ cluster }) => cluster.remove('RemediationRequest', 'rr-a'),
  'the execution is deleted': ({ cluster }) => cluster.remove('WorkflowExecution', 'we-rr-a'),
};

const happening = (acts: Readonly<Record<string, Act>>) =>
  fc.record({ at: moment, act: fc.constantFrom(...Object.keys(acts)) });

interface Script {
  readonly answers: Answers;
  readonly acts: readonly { readonly at: number; readonly act: string }[];
  readonly ends: readonly { readonly at: number; readonly act: string }[];
  readonly effectMs: number;
  readonly lagMs: number;
  readonly crashes: readonly { readonly commit: number; readonly point: CrashPoint; readonly downMs: number }[];
  readonly outages: readonly { readonly from: number; readonly lasts: number }[];
}

const scripts: fc.Arbitrary<Script> = fc.record({
  answers,
  acts: fc.array(happening(ACTS), { maxLength: 4 }),
  ends: fc.oneof(fc.constant([]), fc.array(happening(ENDS), { maxLength: 1 })),
  effectMs: fc.constantFrom(0, 3, 500, 20 * SECOND),
  lagMs: fc.constantFrom(0, 1, 2000),
  crashes: fc.array(
    fc.record({
      commit: fc.integer({ min: 1, max: 9 }),
      point: fc.constantFrom<CrashPoint>('before', 'between', 'after'),
      downMs: fc.constantFrom(0, SECOND, 20 * MINUTE),
    }),
    { maxLength: 2 },
  ),
  outages: fc.array(fc.record({ from: moment, lasts: fc.integer({ min: SECOND, max: 20 * MINUTE }) }), {
    maxLength: 1,
  }),
});

function stage(script: Script): World {
  const world = aWorld(script);
  for (const { at, act } of [...script.acts, ...script.ends])
    world.at(at, () => (ACTS[act] ?? ENDS[act] ?? assert.fail(act))(world));
  for (const { commit, point, downMs } of script.crashes) world.crash(commit, point, downMs);
  for (const { from, lasts } of script.outages) world.outage(from, from + lasts);
  return world;
}

describe('any remediation', () => {
  it('ends on a legal path, once, with a trail that tells its status, whatever happens (F-10, F-23, F-38, P1, P2, P3, P4, P6, P7)', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, async (script) => {
        const world = stage(script);
        const end = await world.run();
        assert.ok(hasEnded(world), `it ended as ${end.state.phase}`);
        checkInvariants(world, end);
      }),
      { numRuns: RUNS },
    );
  });

  it('goes on from the ledger when its run is set back to the beginning (P4)', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, moment, async (script, at) => {
        const world = stage(script);
        await world.run(at);
        world.forget();
        const end = await world.run();
        assert.ok(hasEnded(world));
        checkInvariants(world, end);
      }),
      { numRuns: RUNS },
    );
  });
});
