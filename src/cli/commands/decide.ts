import { InvalidRequestError, UnavailableError, fullMessage } from '../../errors.ts';
import type { KubernetesObject } from '../../kubernetes/client.ts';
import { answerOfEnded, approvalInCluster, approvalOf, overrideFault } from '../approvals.ts';
import type { Approval } from '../approvals.ts';
import type { WorkflowOverride } from '../../remediation/snapshots.ts';
import { UsageError, command, requestOf, textOf } from '../command.ts';
import type { ExitCode, Flag, Io, Options } from '../command.ts';
import type { UpdateAnswer } from '../../temporal/starter.ts';
import type { DecideRequest, Verdict } from '../../../workflows/messages.ts';
import type { Dependencies } from '../ports.ts';
import { json } from '../render.ts';
import { registrationOf, requestNamed } from '../requests.ts';
import { standingOf } from '../standing.ts';
import type { Standing } from '../standing.ts';

interface Input {
  readonly request: string;
  readonly decision: 'Approved' | 'Rejected';
  readonly by: string | undefined;
  readonly message: string | undefined;
  readonly planDigest: string | undefined;
  readonly override: WorkflowOverride | undefined;
}

const FLAGS: readonly Flag[] = [
  { flags: '--message <text>', description: 'why; recorded with the decision' },
  { flags: '--plan-digest <digest>', description: 'decide only if the plan is still this one (see rrctl get)' },
  { flags: '--by <name>', description: 'the person you speak for; you yourself are recorded beside them' },
];

const OVERRIDE_FLAGS: readonly Flag[] = [
  { flags: '--override-workflow <name>', description: 'run this RemediationWorkflow instead' },
  { flags: '--parameter <key=value>', description: 'replace all parameters by those given; repeats', repeats: true },
  { flags: '--rationale <text>', description: 'why this workflow' },
];

/** Lets the planned workflow run. */
export const approve = command<Input>({
  name: 'approve',
  summary: 'approve the plan of a remediation that waits for it, as you or changed',
  request: 'required',
  flags: [...FLAGS, ...OVERRIDE_FLAGS],
  examples: ['rrctl approve rr-1 --message "seen with the on-call"', 'rrctl approve rr-1 --parameter REPLICAS=3'],
  parse: (request, options) => parse('Approved', request, options),
  run,
});

/** Ends the remediation instead. */
export const reject = command<Input>({
  name: 'reject',
  summary: 'reject the plan of a remediation that waits for an approval',
  request: 'required',
  flags: FLAGS,
  examples: ['rrctl reject rr-1 --message "wrong target"'],
  parse: (request, options) => parse('Rejected', request, options),
  run,
});

function parse(decision: Input['decision'], request: string | undefined, options: Options): Input {
  return {
    request: requestOf(request),
    decision,
    by: textOf(options, 'by'),
    message: textOf(options, 'message'),
    planDigest: textOf(options, 'planDigest'),
    override: overrideOf(options),
  };
}

function overrideOf(options: Options): WorkflowOverride | undefined {
  const workflowName = textOf(options, 'overrideWorkflow');
  const rationale = textOf(options, 'rationale');
  const given = options['parameter'];
  const pairs = Array.isArray(given) ? given.map((pair) => parameterOf(String(pair))) : undefined;
  if (workflowName === undefined && rationale === undefined && pairs === undefined) return undefined;
  return {
    ...(workflowName === undefined ? {} : { workflowName }),
    ...(pairs === undefined ? {} : { parameters: Object.fromEntries(pairs) }),
    ...(rationale === undefined ? {} : { rationale }),
  };
}

function parameterOf(pair: string): readonly [string, string] {
  const at = pair.indexOf('=');
  if (at < 1) throw new UsageError(`--parameter must be KEY=VALUE, got ${pair}`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}

async function run(input: Input, io: Io, dependencies: Dependencies): Promise<ExitCode> {
  const object = await requestNamed(input.request, dependencies);
  const standing = standingOf(object);
  const caller = await dependencies.cluster.whoAmI();
  const by = input.by ?? caller;
  const decision: DecideRequest = {
    decision: input.decision,
    by,
    ...(by === caller ? {} : { via: caller }),
    ...(input.message === undefined ? {} : { message: input.message }),
    ...(input.override === undefined ? {} : { override: input.override }),
    ...(input.planDigest === undefined ? {} : { planDigest: input.planDigest }),
  };
  const approval = await approvalOf(standing, dependencies);
  const updateId = `decide-${approval.uid}-${by}-${input.decision}`;
  const answer = await ask(standing, approval, decision, updateId, dependencies);
  if (answer.kind === 'done') {
    io.out(io.json ? json({ request: input.request, ...answer.result }) : sentence(standing, answer.result));
    return 0;
  }
  if (answer.kind === 'no-workflow') {
    io.err(
      `No workflow runs for ${standing.namespace}/${standing.name}, so nobody can take the decision: is the watcher running?`,
    );
    return 1;
  }
  io.err(`Refused (${answer.code}): ${answer.message}`);
  if (io.json) io.out(json({ request: input.request, verdict: 'refused', code: answer.code, message: answer.message }));
  await record({ object, approval, decision, updateId, ...answer }, io, dependencies);
  return 1;
}

async function ask(
  standing: Standing,
  approval: Approval,
  decision: DecideRequest,
  updateId: string,
  dependencies: Dependencies,
): Promise<UpdateAnswer<Verdict>> {
  if (standing.ended) return answerOfEnded(standing, approval, decision);
  const fault = await overrideFault(standing, decision, dependencies);
  if (fault !== undefined) return { kind: 'refused', code: 'invalid_override', message: fault };
  const answer = await dependencies.workflows.decide(standing.uid, updateId, decision);
  if (answer.kind !== 'no-workflow') return answer;
  // It may have ended over this very decision, or just before: what stands on the approval request tells.
  const now = standingOf(await requestNamed(standing.name, dependencies));
  const closed = await approvalInCluster(now, dependencies);
  return now.ended || closed.decision ? answerOfEnded(now, closed, decision) : answer;
}

const sentence = ({ name, namespace }: Standing, { verdict, decision, by, at }: Verdict): string =>
  verdict === 'accepted'
    ? `${namespace}/${name}: ${decision.toLowerCase()} by ${by} at ${at}.`
    : `${namespace}/${name}: accepted (already recorded), ${decision.toLowerCase()} by ${by} at ${at}.`;

interface Refusal {
  readonly object: KubernetesObject;
  readonly approval: Approval;
  readonly decision: DecideRequest;
  readonly updateId: string;
  readonly code: string;
  readonly message: string;
}

/** A refused attempt belongs into the trail. It stays refused when that cannot be written. */
async function record(refusal: Refusal, io: Io, { store }: Dependencies): Promise<void> {
  const { object, approval, decision, updateId, code, message } = refusal;
  try {
    await store.recordRefusal({
      request: registrationOf(object),
      approval: { name: approval.name, uid: approval.uid },
      decision: decision.decision,
      by: decision.by,
      ...(decision.via === undefined ? {} : { via: decision.via }),
      code,
      message,
      updateId,
    });
  } catch (error) {
    if (!(error instanceof UnavailableError || error instanceof InvalidRequestError)) throw error;
    io.err(`The refusal could not be recorded in the trail: ${fullMessage(error)}`);
  }
}
