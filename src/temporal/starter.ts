/** Starts remediation workflows and carries messages to them. */
import { ApplicationFailure, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import type { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { UnavailableError } from '../errors.ts';
import { workflowId } from '../remediation/names.ts';
import { targetString } from '../remediation/request.ts';
import { SEARCH_ATTRIBUTES, keyword } from '../remediation/search-attributes.ts';
import type { Snapshot } from '../remediation/snapshots.ts';
import type { RemediationInput, WORKFLOW_TYPE } from '../../workflows/input.ts';
import type {
  CancelRequest,
  DecideRequest,
  UnblockRequest,
  RemediationView,
  Verdict,
} from '../../workflows/messages.ts';
import { isOutOfTime } from './connection.ts';
import type { Temporal } from './connection.ts';

const TYPE: typeof WORKFLOW_TYPE = 'remediation';

/** Starts the workflow of the request unless it runs or has run. `closed`: it has ended and will not be started again. */
export async function ensureWorkflow(
  temporal: Temporal,
  input: RemediationInput,
  taskQueue: string,
): Promise<'started' | 'running' | 'closed'> {
  const { request } = input;
  try {
    // USE_EXISTING would answer the same for a run that it began and for one that was there.
    await start(temporal, input, taskQueue, { reuse: 'REJECT_DUPLICATE', conflict: 'FAIL' });
    return 'started';
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  return (await describeRun(temporal, request.uid))?.status === 'RUNNING' ? 'running' : 'closed';
}

/** Starts a new run in the place of the last one, whatever became of it. Only for whoever has shut that one out of the ledger. */
export const replaceWorkflow = (temporal: Temporal, input: RemediationInput, taskQueue: string): Promise<void> =>
  start(temporal, input, taskQueue, { reuse: 'ALLOW_DUPLICATE', conflict: 'TERMINATE_EXISTING' });

async function start(
  temporal: Temporal,
  input: RemediationInput,
  taskQueue: string,
  policy: { readonly reuse: WorkflowIdReusePolicy; readonly conflict: WorkflowIdConflictPolicy },
): Promise<void> {
  const { request } = input;
  const what = `Starting the workflow of RemediationRequest ${request.namespace}/${request.name}`;
  await temporal.within(what, () =>
    temporal.client.workflow.start(TYPE, {
      workflowId: workflowId(request.uid),
      taskQueue,
      args: [input],
      workflowIdReusePolicy: policy.reuse,
      workflowIdConflictPolicy: policy.conflict,
      staticSummary: summaryOf(input),
      staticDetails: detailsOf(input),
      typedSearchAttributes: attributesOf(input),
      priority: { priorityKey: PRIORITY[request.spec.severity.toLowerCase()] ?? 3 },
    }),
  );
}

/** Tells the workflow of this uid what was seen. `no-workflow`: it has ended, or was never started. */
export async function sendSnapshots(
  temporal: Temporal,
  uid: string,
  snapshots: readonly Snapshot[],
): Promise<'sent' | 'no-workflow'> {
  const handle = temporal.client.workflow.getHandle(workflowId(uid));
  const sent = await unlessAbsent(
    temporal.within(`Signalling workflow ${workflowId(uid)}`, async () => {
      await handle.signal<[readonly Snapshot[]]>('seen', snapshots);
      return 'sent' as const;
    }),
  );
  return sent ?? 'no-workflow';
}

/** What came of an update: done, refused by the workflow with a code, or nobody there to ask. */
export type UpdateAnswer<T> =
  | { readonly kind: 'done'; readonly result: T }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'no-workflow' };

/** Answers an approval request. The same updateId again is the same answer again. */
export const requestDecision = (
  temporal: Temporal,
  uid: string,
  request: DecideRequest,
  updateId: string,
): Promise<UpdateAnswer<Verdict>> => update(temporal, uid, 'decide', request, updateId);

/** Cancels a remediation. The same updateId again is the same answer again. */
export const requestCancel = (
  temporal: Temporal,
  uid: string,
  request: CancelRequest,
  updateId: string,
): Promise<UpdateAnswer<{ readonly phase: string }>> => update(temporal, uid, 'cancel', request, updateId);

/** Lifts the block of a remediation. The same updateId again is the same answer again. */
export const requestUnblock = (
  temporal: Temporal,
  uid: string,
  request: UnblockRequest,
  updateId: string,
): Promise<UpdateAnswer<{ readonly lifted: string }>> => update(temporal, uid, 'unblock', request, updateId);

/** What the workflow says of itself, also after its end; undefined when there is none. Needs a worker. */
export const queryView = (temporal: Temporal, uid: string): Promise<RemediationView | undefined> =>
  unlessAbsent(
    askingWorker(`Asking workflow ${workflowId(uid)}`, temporal, () =>
      temporal.client.workflow.getHandle(workflowId(uid)).query<RemediationView>('view'),
    ),
  );

/** An activity that has not succeeded yet, with why it failed last. */
export interface PendingActivity {
  readonly type: string;
  readonly attempt: number;
  readonly lastFailure?: string;
}

/** How Temporal sees a workflow. */
export interface Run {
  readonly status: string;
  readonly runId: string;
  readonly startedAt: Date;
  readonly closedAt?: Date;
  readonly historyLength: number;
  readonly stateTransitions: number;
  readonly pendingActivities: readonly PendingActivity[];
}

/** The latest run of the workflow of this uid; undefined when the server knows none. Needs no worker. */
export async function describeRun(temporal: Temporal, uid: string): Promise<Run | undefined> {
  const id = workflowId(uid);
  const found = await unlessAbsent(
    temporal.within(`Describing workflow ${id}`, () => temporal.client.workflow.getHandle(id).describe()),
  );
  if (found === undefined) return undefined;
  return {
    status: found.status.name,
    runId: found.runId,
    startedAt: found.startTime,
    ...(found.closeTime === undefined ? {} : { closedAt: found.closeTime }),
    historyLength: found.historyLength,
    stateTransitions: Number(found.raw.workflowExecutionInfo?.stateTransitionCount ?? 0),
    pendingActivities: (found.raw.pendingActivities ?? []).map(({ activityType, attempt, lastFailure }) => ({
      type: activityType?.name ?? '',
      attempt: attempt ?? 0,
      ...(typeof lastFailure?.message === 'string' ? { lastFailure: lastFailure.message } : {}),
    })),
  };
}

async function update<T, A>(
  temporal: Temporal,
  uid: string,
  name: string,
  request: A,
  updateId: string,
): Promise<UpdateAnswer<T>> {
  const handle = temporal.client.workflow.getHandle(workflowId(uid));
  const ask = () => handle.executeUpdate<T, [A]>(name, { args: [request], updateId });
  try {
    const result = await askingWorker(`Asking workflow ${workflowId(uid)} to ${name}`, temporal, ask);
    return { kind: 'done', result };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'no-workflow' };
    if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure)
      return { kind: 'refused', code: error.cause.type ?? '', message: error.cause.message };
    throw error;
  }
}

/** Updates and queries are answered by a worker, so time also runs out when none runs. */
async function askingWorker<T>(what: string, temporal: Temporal, ask: () => Promise<T>): Promise<T> {
  try {
    return await temporal.within(what, ask, temporal.workerTimeoutMs);
  } catch (error) {
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isOutOfTime(error))
      throw new UnavailableError(
        'TEMPORAL_UNAVAILABLE',
        `${what}: no answer in time; check that an orchestrator runs and that Temporal can be reached, then ask again`,
        { cause: error },
      );
    throw error;
  }
}

async function unlessAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** Temporal's priorities, 1 first; severities are free text, so an unknown one stands in the middle. */
const PRIORITY: Readonly<Record<string, number>> = { critical: 1, high: 2, warning: 3, medium: 3, low: 4, info: 5 };

/** Temporal refuses summaries above 400 bytes; no UTF-16 unit takes more than three. */
const LONGEST_SUMMARY = 130;

const summaryOf = ({ request }: RemediationInput): string =>
  `${request.spec.severity} ${request.spec.signalName} on ${targetString(request.spec.targetResource)}`.slice(
    0,
    LONGEST_SUMMARY,
  );

function detailsOf({ request }: RemediationInput): string {
  const { spec } = request;
  const rows = [
    ['RemediationRequest', `${request.namespace}/${request.name}`],
    ['Signal', `${spec.signalName} (${spec.severity}, ${spec.signalType})`],
    ['Target', targetString(spec.targetResource)],
    ['Cluster', spec.clusterID],
    ['Fingerprint', spec.signalFingerprint],
    ['Fired', spec.firingTime],
    ['Look', `kubectl -n ${request.namespace} get rr ${request.name}`],
  ].filter(([, value]) => value !== undefined && value !== '');
  return ['| | |', '|---|---|', ...rows.map(([name = '', value = '']) => `| ${name} | ${inCell(value)} |`)].join('\n');
}

const inCell = (value: string): string => value.replaceAll('|', '\\|').replaceAll('\n', ' ').slice(0, 500);

function attributesOf({ request, observed }: RemediationInput) {
  const { namespace, name, phase, fingerprint, target, severity } = SEARCH_ATTRIBUTES;
  return [
    { key: namespace, value: keyword(request.namespace) },
    { key: name, value: keyword(request.name) },
    { key: phase, value: keyword(observed.status.overallPhase ?? 'Pending') },
    { key: fingerprint, value: keyword(request.spec.signalFingerprint) },
    { key: target, value: keyword(targetString(request.spec.targetResource)) },
    { key: severity, value: keyword(request.spec.severity) },
  ];
}
