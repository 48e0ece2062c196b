/** Follows RemediationRequests and shows every step they take. */
import type { KubernetesClient, KubernetesObject } from '../../src/kubernetes/client.ts';
import { startReflector } from '../../src/kubernetes/reflector.ts';
import { formatDuration } from '../../src/remediation/durations.ts';
import { isPhase, isTerminal } from '../../src/remediation/phases.ts';
import { toRequestSnapshot } from '../../src/remediation/projections.ts';
import type { Status } from '../../src/remediation/status.ts';
import { parseTime } from '../../src/remediation/time.ts';
import type { RemediationView } from '../../src/remediation/view.ts';
import { clock, say, styled } from './terminal.ts';

/** A request as it was last seen. */
export interface Sight {
  readonly name: string;
  readonly uid: string;
  readonly status: Status;
}

export interface Following {
  /** Resolves when the request is seen in one of these phases; an ended one counts always. */
  untilPhase(name: string, ...phases: readonly string[]): Promise<Sight>;
  /** Keeps lines back while something else is being shown. */
  pausing<T>(work: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export interface FollowingOptions {
  readonly client: KubernetesClient;
  readonly namespace: string;
  /** What the workflow says of itself; undefined when it does not answer. */
  readonly view: (uid: string) => Promise<RemediationView | undefined>;
}

interface Waiter {
  readonly name: string;
  readonly isOver: (phase: string) => boolean;
  readonly resolve: (sight: Sight) => void;
}

/** Shows a line for each step of each request, from now on until it is stopped. */
export function follow({ client, namespace, view }: FollowingOptions): Following {
  const sights = new Map<string, Sight>();
  let waiters: readonly Waiter[] = [];
  let held: string[] | undefined;

  const show = (line: string): void => {
    if (held === undefined) say(line);
    else held.push(line);
  };

  const wake = (): void => {
    const over = waiters.filter(({ name, isOver }) => isOver(phaseOf(sights.get(name))));
    waiters = waiters.filter((waiter) => !over.includes(waiter));
    for (const { name, resolve } of over) {
      const sight = sights.get(name);
      if (sight !== undefined) resolve(sight);
    }
  };

  const reflector = startReflector({
    client,
    kind: 'RemediationRequest',
    namespace,
    keep: toSight,
    handle: async ({ type, object }) => {
      if (type === 'deleted') return;
      const before = phaseOf(sights.get(object.name));
      sights.set(object.name, object);
      if (phaseOf(object) !== before) show(await lineOf(object, view));
      wake();
    },
  });

  return {
    untilPhase: (name, ...phases) =>
      new Promise((resolve) => {
        const isOver = (phase: string): boolean => phases.includes(phase) || (isPhase(phase) && isTerminal(phase));
        waiters = [...waiters, { name, isOver, resolve }];
        wake();
      }),
    async pausing(work) {
      held = [];
      try {
        return await work();
      } finally {
        for (const line of held.splice(0)) say(line);
        held = undefined;
      }
    },
    stop: () => reflector.stop(),
  };
}

const toSight = (object: KubernetesObject): Sight => ({
  name: object.metadata.name,
  uid: object.metadata.uid,
  status: toRequestSnapshot(object)?.status ?? {},
});

const phaseOf = (sight: Sight | undefined): string => sight?.status.overallPhase ?? '';

/** What stands above the lines. */
export const header = (): string =>
  styled('dim', ['TIME    ', pad('REQUEST', 13), pad('PHASE', 16), 'WAITS FOR'].join('  '));

async function lineOf(sight: Sight, view: FollowingOptions['view']): Promise<string> {
  const phase = phaseOf(sight);
  const isOver = isPhase(phase) && isTerminal(phase);
  const seen = isOver || phase === '' ? undefined : await view(sight.uid);
  const start = [styled('dim', clock(Date.now())), pad(sight.name, 13), styled(colourOf(phase), pad(phase, 16))];
  return [...start, phase === seen?.phase ? waitOf(seen) : endOf(sight)].join('  ').trimEnd();
}

function waitOf({ waitingFor, deadline }: RemediationView): string {
  const what = waitingFor.replace(/ \([^)]*\)$/, '');
  return deadline === undefined ? what : `${what}, until ${clock(deadline)}`;
}

function endOf({ status }: Sight): string {
  const began = parseTime(status.startTime);
  const ended = parseTime(status.completedAt);
  const lasted = began === undefined || ended === undefined ? '' : ` after ${formatDuration(ended - began)}`;
  const outcome = status.completionStatus?.outcome;
  if (outcome === undefined && status.message === undefined) return '';
  return `${[outcome, status.message].filter((word) => word !== undefined).join(': ')}${lasted}`;
}

function colourOf(phase: string) {
  if (phase === 'Completed') return 'green';
  if (phase === 'AwaitingApproval') return 'yellow';
  return isPhase(phase) && isTerminal(phase) ? 'red' : 'cyan';
}

const pad = (text: string, width: number): string => text.padEnd(width);
