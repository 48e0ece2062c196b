/** What others may tell or ask a running remediation. Handlers only take note; the main loop acts. */
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import { judge } from '../src/remediation/approval.ts';
import { isTerminal } from '../src/remediation/phases.ts';
import { REASONS } from '../src/remediation/routing/reasons.ts';
import type { KeptDecision, Remediation } from '../src/remediation/state.ts';
import type { News } from '../src/remediation/take.ts';
import { toRfc3339 } from '../src/remediation/time.ts';
import { viewOf } from '../src/remediation/view.ts';
import { cancel, decide, seen, unblock, view } from './messages.ts';
import type { CancelRequest, DecideRequest, UnblockRequest, Verdict } from './messages.ts';

/** Sets all handlers; must run before the workflow waits for anything. `upToDate` is the remediation with all news taken in. */
export function listen(receive: (...news: readonly News[]) => void, upToDate: () => Remediation): void {
  setHandler(
    seen,
    (snapshots) => {
      // A message without content wakes: something that it waits for may be over.
      if (snapshots.length === 0) receive({ news: 'woken' });
      receive(...snapshots.map((snapshot): News => ({ news: 'seen', snapshot })));
    },
    { description: 'The watcher saw changes of the request or its children.' },
  );

  setHandler(view, () => viewOf(upToDate()), { description: 'Phase, what it waits for, and until when.' });

  setHandler(
    cancel,
    ({ by, reason }: CancelRequest) => {
      receive({ news: 'cancelled', cancellation: { by, via: 'api', reason } });
      return { phase: upToDate().state.phase };
    },
    {
      description: 'Cancels the remediation.',
      validator: (request: CancelRequest) => {
        mayCancel(request, upToDate());
      },
    },
  );

  setHandler(
    unblock,
    ({ by, reason }: UnblockRequest) => {
      const { state } = upToDate();
      receive({ news: 'lifted', lift: { by, reason } });
      return { lifted: state.phase === 'Blocked' ? (state.reason ?? 'Manual') : '' };
    },
    {
      description: 'Lifts the block of the remediation.',
      validator: (request: UnblockRequest) => {
        mayUnblock(request, upToDate());
      },
    },
  );

  setHandler(
    decide,
    (request: DecideRequest): Verdict => {
      const judgement = judge(upToDate(), request);
      if (judgement.judgement === 'repeated') return told('already recorded', judgement.kept);
      if (judgement.judgement === 'refused') throw refusal(judgement.code, judgement.message);
      const decision = kept(request, Date.now());
      receive({ news: 'decided', decision });
      return told('accepted', decision);
    },
    {
      description: 'Approves or rejects the proposed workflow.',
      validator: (request: DecideRequest) => {
        mayDecide(request, upToDate());
      },
    },
  );
}

function mayCancel({ by }: CancelRequest, { state, request }: Remediation): void {
  if (by === '') throw refusal('not_authorised', 'a cancellation needs the name of the person who asks for it');
  if (isTerminal(state.phase)) throw refusal('not_pending', `${request.name} has ended already: it is ${state.phase}`);
}

function mayUnblock({ by }: UnblockRequest, { state, request }: Remediation): void {
  if (by === '') throw refusal('not_authorised', 'lifting a block needs the name of the person who asks for it');
  if (state.phase !== 'Blocked') throw refusal('not_blocked', `${request.name} is not blocked: it is ${state.phase}`);
  const { reason } = state;
  if (reason !== undefined && !REASONS[reason].mayBeLifted)
    throw refusal(
      'not_liftable',
      `${request.name} is blocked for ${reason}, which guards the work of another: it ends with that`,
    );
}

function mayDecide(request: DecideRequest, r: Remediation): void {
  const judgement = judge(r, request);
  if (judgement.judgement === 'refused') throw refusal(judgement.code, judgement.message);
}

const kept = ({ decision, by, via, message, override }: DecideRequest, at: number): KeptDecision => ({
  decision,
  by,
  at,
  door: 'api',
  identity: 'token',
  ...(via === undefined ? {} : { via }),
  ...(message === undefined ? {} : { message }),
  ...(override === undefined ? {} : { override }),
});

const told = (word: Verdict['verdict'], { decision, by, at }: KeptDecision): Verdict => ({
  verdict: word,
  decision,
  by,
  at: toRfc3339(at),
});

const refusal = (code: string, message: string) => ApplicationFailure.nonRetryable(message, code);
