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
import type { LivePhase } from '../src/remediation/phases.ts';
import type { RequestIdentity } from '../src/remediation/request.ts';
import type { Remediation, RemediationIn } from '../src/remediation/state.ts';
import { take } from '../src/remediation/take.ts';
import type { News } from '../src/remediation/take.ts';
import { toRfc3339 } from '../src/remediation/time.ts';
import { detailsOf } from '../src/remediation/view.ts';
import { attributesOf } from './attributes.ts';
import { beginning } from './beginning.ts';
import { createCalls } from './calls.ts';
import { drive } from './drive.ts';
import { listen } from './handlers.ts';
import type { RemediationInput, RemediationResult } from './input.ts';
import type { Ports } from './ports.ts';

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

  const { ask, effect } = createCalls(input.localFirst, {
    isOvertaken: () => decide(upToDate(), known.state.phase as LivePhase, Date.now())?.found !== acting?.found,
    news: () => received,
    deadline: () => nextDeadline(upToDate(), known.state.phase as LivePhase)?.at,
  });

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
        ports.show(waiting);
        await untilNews(() => inbox.length > 0, nextDeadline(waiting, phase));
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
    route: () => Promise.resolve({ answer: 'admitted' }),
    ensureChild: (order) => effect('ensureChild', `${order.kind} ${order.name}`, order),
    readRequest: (request) => ask('readRequest', 'Read the RemediationRequest', identityOf(request)),
    readChild: (key) => effect('readChild', `Read ${key.kind} ${key.name}`, key),
    writeChildStatus: (write) => ask('writeChildStatus', `Status of ${write.child.kind} ${write.child.name}`, write),
    readHistory: (question) => ask('readHistory', 'Earlier ends of this signal', question),
    readCatalogue: (question) => effect('readCatalogue', `Read RemediationWorkflow ${question.name}`, question),
    pause: (ms, why) => sleep(ms, { summary: why.slice(0, 200) }),
  };

  const { remediation: end, isOurs } = await CancellationScope.nonCancellable(() => drive(known, ports));
  known = end;
  await condition(allHandlersFinished);
  const message = isOurs
    ? (end.status.message ?? '')
    : 'The ledger says that this remediation has ended or that another run carries it';
  return { phase: end.state.phase, message };
}

const identityOf = ({ namespace, name, uid }: RequestIdentity): RequestIdentity => ({ namespace, name, uid });

/** Waits for news, until the deadline at the latest. That timer is the only one a waiting remediation has. */
async function untilNews(hasNews: () => boolean, deadline: Deadline | undefined): Promise<void> {
  if (deadline === undefined) return condition(hasNews);
  const summary = `${deadline.clock} deadline ${toRfc3339(deadline.at)}`;
  await condition(hasNews, Math.max(1, deadline.at + 1 - Date.now()), { summary });
}
