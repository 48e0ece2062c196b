import { UnavailableError, fullMessage } from '../../errors.ts';
import { PLAN_DIGEST_ANNOTATION } from '../../remediation/names.ts';
import { command } from '../command.ts';
import type { ExitCode, Io } from '../command.ts';
import type { Dependencies } from '../ports.ts';
import { distanceOf, facts, instant, json, plain, table } from '../render.ts';
import { approvalName, requestNamed } from '../requests.ts';
import { standingOf } from '../standing.ts';
import type { Standing } from '../standing.ts';
import type { RemediationView } from '../../remediation/view.ts';

/** Shows one request, or all of a namespace. */
export const get = command<{ readonly request: string | undefined }>({
  name: 'get',
  summary: 'show where a remediation stands, what it waits for and until when; without a name, list them',
  request: 'optional',
  examples: ['rrctl get', 'rrctl get rr-1 --json'],
  parse: (request) => ({ request }),
  run: ({ request }, io, dependencies) =>
    request === undefined ? listAll(io, dependencies) : showOne(request, io, dependencies),
});

async function listAll(io: Io, { namespace, cluster }: Dependencies): Promise<ExitCode> {
  const objects = await cluster.list('RemediationRequest', namespace());
  const standings = objects.map(standingOf);
  if (io.json) io.out(json(standings.map(summaryOf)));
  else if (standings.length === 0) io.err(`No RemediationRequest in namespace ${namespace()}.`);
  else
    io.out(
      table(
        ['NAME', 'PHASE', 'SINCE', 'AGE', 'OUTCOME', 'MESSAGE'],
        standings.map(({ name, phase, since, created, message, status }) => [
          name,
          phase === '' ? '(new)' : plain(phase),
          ago(since, io),
          ago(created, io),
          plain(status.completionStatus?.outcome ?? ''),
          plain(message, 80),
        ]),
      ),
    );
  return 0;
}

async function showOne(name: string, io: Io, dependencies: Dependencies): Promise<ExitCode> {
  const object = await requestNamed(name, dependencies);
  const standing = standingOf(object);
  const asked = standing.ended ? {} : await viewOrWhyNot(standing.uid, dependencies);
  const view = asked.view;
  const approval = view?.approval ?? (await approvalInCluster(standing, dependencies));
  const link = dependencies.workflows.uiLink(standing.uid);
  if (asked.unreachable !== undefined)
    io.err(`${asked.unreachable}\nWhat follows is what the cluster knows; it may be a step behind.`);
  if (io.json) {
    io.out(json({ ...summaryOf(standing), ...view, approval, link, workflow: workflowWord(standing, asked) }));
    return 0;
  }
  const now = io.now();
  const { status } = standing;
  const deadline = view?.deadline ?? approval?.requiredBy ?? standing.deadline;
  const phase = view?.phase ?? standing.phase;
  io.out(
    facts([
      ['Request', `${standing.namespace}/${standing.name}`],
      ['Uid', standing.uid],
      ['Phase', phase === '' ? '(new)' : plain(phase)],
      ['Since', instant(view?.since ?? standing.since, now)],
      ['Outcome', plain(status.completionStatus?.outcome ?? '')],
      ['Failed in', plain(status.completionStatus?.failurePhase ?? status.completionStatus?.timeoutPhase ?? '')],
      ['Because', plain(status.completionStatus?.failureReason ?? '')],
      ['Waits for', plain(view?.waitingFor ?? standing.waitingFor ?? '')],
      ['Until', untilOf(deadline, view?.deadlineOf, now)],
      ['Global limit', instant(view?.globalDeadline, now)],
      ['Step', view === undefined ? undefined : String(view.step)],
      ['Approval', approval === undefined ? undefined : approval.name],
      ['Plan', approval?.planDigest],
      ['Answer with', approval === undefined ? undefined : `rrctl approve ${name} -n ${standing.namespace}, or reject`],
      ['Message', plain(standing.message)],
      ['Kept until', standing.ended ? instant(status.retentionExpiryTime, now) : undefined],
      ['Workflow', workflowWord(standing, asked)],
      ['Temporal UI', link],
    ]),
  );
  return 0;
}

interface Asked {
  readonly view?: RemediationView | undefined;
  readonly unreachable?: string;
}

async function viewOrWhyNot(uid: string, { workflows }: Dependencies): Promise<Asked> {
  try {
    return { view: await workflows.view(uid) };
  } catch (error) {
    if (error instanceof UnavailableError) return { unreachable: fullMessage(error) };
    throw error;
  }
}

function workflowWord({ ended }: Standing, { view, unreachable }: Asked): string {
  if (ended) return 'ended';
  if (unreachable !== undefined) return 'not known: Temporal cannot be reached';
  return view === undefined ? 'none runs: is the watcher running?' : 'running';
}

async function approvalInCluster({ phase, namespace, name }: Standing, { cluster }: Dependencies) {
  if (phase !== 'AwaitingApproval') return undefined;
  const approval = approvalName(name);
  const object = await cluster.get('RemediationApprovalRequest', namespace, approval);
  const requiredBy = object?.spec?.['requiredBy'];
  if (object === undefined || typeof requiredBy !== 'string') return undefined;
  return {
    name: approval,
    uid: object.metadata.uid,
    planDigest: object.metadata.annotations?.[PLAN_DIGEST_ANNOTATION] ?? '',
    requiredBy,
  };
}

function untilOf(deadline: string | undefined, clock: string | undefined, now: number): string | undefined {
  const text = instant(deadline, now);
  return text === undefined || clock === undefined ? text : `${text}, ${clock} clock`;
}

const ago = (time: string | undefined, io: Io): string => distanceOf(time, io.now())?.replace(' ago', '') ?? '';

const summaryOf = ({ status, ...standing }: Standing) => ({
  ...standing,
  outcome: status.completionStatus?.outcome,
  failurePhase: status.completionStatus?.failurePhase,
  failureReason: status.completionStatus?.failureReason,
});
