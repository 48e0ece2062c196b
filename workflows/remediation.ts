/** The workflow of one RemediationRequest: binds what steps ask for to activities, timers and messages, then drives. */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  setCurrentDetails,
  sleep,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { nextDeadline } from '../src/remediation/deadlines.ts';
import type { Deadline } from '../src/remediation/deadlines.ts';
import { decide } from '../src/remediation/decide/index.ts';
import type { Found } from '../src/remediation/found.ts';
import { lookAgainAt } from '../src/remediation/notifications/following.ts';
import type { LivePhase } from '../src/remediation/phases.ts';
import type { RequestIdentity } from '../src/remediation/request.ts';
import type { Remediation, RemediationIn } from '../src/remediation/state.ts';
import { take } from '../src/remediation/take.ts';
import type { News } from '../src/remediation/take.ts';
import { toRfc3339 } from '../src/remediation/time.ts';
import type { Instant } from '../src/remediation/time.ts';
import { detailsOf } from '../src/remediation/view.ts';
import { attributesOf } from './attributes.ts';
import { beginning } from './beginning.ts';
import { createCalls } from './calls.ts';
import { drive } from './drive.ts';
import { listen } from './handlers.ts';
import type { RemediationInput, RemediationResult } from './input.ts';
import type { Ports } from './ports.ts';
import { resume } from './resume.ts';
import { tend } from './tend.ts';
import type { TendingPorts } from './tend.ts';

/** Carries a RemediationRequest from its first sight to its end. */
export async function remediation(input: RemediationInput): Promise<RemediationResult> {
  let known: Remediation = beginning(input);
  let acting: Found | undefined;
  let received = 0;
  const inbox: News[] = [];
  const receive = (...news: readonly News[]): void => {
    inbox.push(...news);
    received += news.length;
  };
  /** The remediation with all news, which stay in the inbox until the next look. */
  const upToDate = (): RemediationIn<LivePhase> => inbox.reduce(take, known) as RemediationIn<LivePhase>;

  listen(receive, upToDate);
  // Whoever cancels the workflow in Temporal means the remediation: it ends as it should, with its trail.
  CancellationScope.current().cancelRequested.catch(() => {
    const cancellation = { by: 'unknown (Temporal)', via: 'api', reason: 'the workflow was cancelled' } as const;
    receive({ news: 'cancelled', cancellation });
  });

  const { ask, effect, attempt } = createCalls(input.localFirst, {
    isOvertaken: () => decide(upToDate(), known.state.phase as LivePhase, Date.now())?.found !== acting?.found,
    news: () => received,
    deadline: () => nextDeadline(upToDate(), known.state.phase as LivePhase)?.at,
  });

  const readNotification: TendingPorts['readNotification'] = (question) =>
    attempt('readNotification', `Read NotificationRequest ${question.name}`, question);
  const writeMirror: TendingPorts['writeMirror'] = (write) =>
    attempt('writeMirror', `Notifications are ${write.mirror.notificationStatus}`, write);

  const asked = { step: 0, times: 0 };
  const route: Ports['route'] = async (question) => {
    asked.times = asked.step === question.step ? asked.times + 1 : 1;
    asked.step = question.step;
    const answer = await effect('route', `May it go on? (${question.asking})`, { ...question, ask: asked.times });
    if ('waiters' in answer && answer.waiters.length > 0) await ask('wake', 'Wake who is next', answer.waiters);
    return answer;
  };

  const ports: Ports = {
    now: () => Date.now(),
    random: () => Math.random(),
    observe: async (r) => {
      known = r;
      for (;;) {
        known = inbox.splice(0).reduce(take, known);
        const waiting = known as RemediationIn<LivePhase>;
        const { phase } = waiting.state;
        acting = decide(waiting, phase, Date.now());
        if (acting !== undefined) return { remediation: waiting, found: acting };
        const tended = await tend(waiting, { ...ports, readNotification, writeMirror });
        if (tended !== waiting) {
          known = tended;
          continue;
        }
        ports.show(waiting);
        await untilNews(() => inbox.length > 0, nextDeadline(waiting, phase), lookAgainAt(waiting, Date.now()));
      }
    },
    show: (r) => {
      known = r;
      setCurrentDetails(detailsOf(r));
    },
    commit: async (commit) => {
      const answer = await ask('commitStep', `Step ${String(commit.step)}: ${commit.ledger.phase}`, commit);
      if ('waiters' in answer && answer.waiters.length > 0) await ask('wake', 'Wake those who wait', answer.waiters);
      upsertSearchAttributes(attributesOf(commit));
      return answer;
    },
    route,
    readOriginal: (question) => ask('readOriginal', `Look at RemediationRequest ${question.name}`, question),
    ensureChild: (order) => effect('ensureChild', `${order.kind} ${order.name}`, order),
    readRequest: (request) => ask('readRequest', 'Read the RemediationRequest', identityOf(request)),
    readLedger: (request) => ask('readLedger', 'What the ledger has recorded', request),
    ensureNotification: async (order) =>
      (await attempt('ensureNotification', `NotificationRequest ${order.name}`, order)) ?? UNREACHABLE,
    readChild: (key) => effect('readChild', `Read ${key.kind} ${key.name}`, key),
    writeChildStatus: (write) => ask('writeChildStatus', `Status of ${write.child.kind} ${write.child.name}`, write),
    readHistory: (question) => ask('readHistory', 'Earlier ends of this signal', question),
    readCatalogue: (question) => effect('readCatalogue', `Read RemediationWorkflow ${question.name}`, question),
    captureHash: (question) =>
      effect('captureHash', `State of ${question.target.kind} ${question.target.name}`, question),
    pause: (ms, why) => sleep(ms, { summary: why.slice(0, 200) }),
  };

  const isFresh = input.generation === 1 && !input.observed.status.overallPhase;
  const { remediation: end, isOurs } = await CancellationScope.nonCancellable(async () => {
    const start = isFresh ? known : await resume(known, ports);
    return start === undefined ? { remediation: known, isOurs: false } : drive(start, ports);
  });
  known = end;
  await condition(allHandlersFinished);
  const message = isOurs
    ? (end.status.message ?? '')
    : 'The ledger says that this remediation has ended or that another run carries it';
  return { phase: end.state.phase, message };
}

const identityOf = ({ namespace, name, uid }: RequestIdentity): RequestIdentity => ({ namespace, name, uid });

const UNREACHABLE = { kind: 'unreachable', message: 'the API server did not take it within ten seconds' } as const;

/** Waits for news, until the deadline at the latest, or until notifications are to be looked at. That timer is the only one a waiting remediation has. */
async function untilNews(
  hasNews: () => boolean,
  deadline: Deadline | undefined,
  look: Instant | undefined,
): Promise<void> {
  if (deadline === undefined && look === undefined) return condition(hasNews);
  const end = Math.min(deadline === undefined ? Infinity : deadline.at + 1, look ?? Infinity);
  const isLook = deadline === undefined || look === end;
  const summary = isLook ? 'notifications are looked at again' : `${deadline.clock} deadline ${toRfc3339(deadline.at)}`;
  await condition(hasNews, Math.max(1, end - Date.now()), { summary });
}
