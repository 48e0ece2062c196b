/** The child controllers of kubernaut, played: they watch what the orchestrator creates and answer in its status. */
import { isRefusal } from '../../src/kubernetes/errors.ts';
import type { KubeconfigChoice } from '../../src/kubernetes/kubeconfig.ts';
import { LABEL, SIMULATED_KINDS, isBehaviour } from './behaviours.ts';
import type { SimulatedKind } from './behaviours.ts';
import { connectCluster } from './cluster.ts';
import { nextStatus } from './next-status.ts';
import { phaseOf, requestOf, signalLabelsOf } from './watched.ts';
import type { Child } from './watched.ts';

export interface SimulatorOptions extends KubeconfigChoice {
  readonly namespace: string;
  /** Milliseconds between two statuses, for all kinds or kind by kind. 0, the default, goes to the end in one write. */
  readonly delayMs?: number | Readonly<Partial<Record<SimulatedKind, number>>>;
  /** Told of what goes wrong: an answer that the API server refuses, a behaviour that does not exist. */
  readonly onProblem?: (problem: string) => void;
}

export interface Simulators {
  /** Ends them; a write under way is broken off. */
  stop(): Promise<void>;
}

/** A child whose next status is due. */
interface Waiting {
  readonly phase: string;
  readonly due: number;
  readonly timer: NodeJS.Timeout;
}

const RETRY_MS = 500;

/** Starts them; resolves when all kinds are watched. They keep no state, so they may be stopped and started at any time. */
export async function startSimulators(options: SimulatorOptions): Promise<Simulators> {
  const { delayMs = 0, onProblem = () => undefined } = options;
  const cluster = connectCluster({ ...options, onProblem });
  const labelsOf = new Map<string, Readonly<Record<string, string>>>();
  const waiting = new Map<string, Waiting>();
  let isStopping = false;
  const delayOf = (kind: SimulatedKind): number => (typeof delayMs === 'number' ? delayMs : (delayMs[kind] ?? 0));

  const next = (child: Child) =>
    nextStatus(child, labelsOf.get(requestOf(child)) ?? {}, Date.now(), delayOf(child.kind) === 0);

  /** Acts on the newest sight of an object. A change that leaves the phase as it was does not put off what is due. */
  const see = (child: Child, isGone: boolean): void => {
    const earlier = waiting.get(child.metadata.uid);
    if (isGone) {
      forget(child);
      return;
    }
    const isSamePhase = earlier?.phase === phaseOf(child);
    schedule(child, isSamePhase ? earlier.due : Date.now() + delayOf(child.kind));
  };

  const forget = ({ metadata }: Child): void => {
    clearTimeout(waiting.get(metadata.uid)?.timer);
    waiting.delete(metadata.uid);
  };

  const schedule = (child: Child, due: number): void => {
    forget(child);
    if (isStopping || next(child) === undefined) return;
    const timer = setTimeout(() => void write(child, timer), Math.max(0, due - Date.now()));
    waiting.set(child.metadata.uid, { phase: phaseOf(child), due, timer });
  };

  const write = async (child: Child, timer: NodeJS.Timeout): Promise<void> => {
    const status = next(child);
    if (status === undefined) return;
    try {
      await cluster.writeStatus(child, status);
    } catch (error) {
      if (isStopping) return;
      onProblem((error as Error).message);
      const isNewest = waiting.get(child.metadata.uid)?.timer === timer;
      if (isNewest && !isRefusal(error, 'invalid', 'forbidden')) schedule(child, Date.now() + RETRY_MS);
    }
  };

  /** Only a SignalProcessing shows the labels of the signal. */
  const remember = (child: Child): void => {
    if (labelsOf.has(requestOf(child))) return;
    const labels = signalLabelsOf(child);
    labelsOf.set(requestOf(child), labels);
    const word = labels[LABEL];
    if (word !== undefined && !isBehaviour(word))
      onProblem(`The signal of ${child.metadata.name} asks to simulate ${word}, which is no behaviour: left out`);
  };

  // The labels have to be known when the other kinds are listed.
  await cluster.follow('SignalProcessing', (child, isGone) => {
    if (isGone) labelsOf.delete(requestOf(child));
    else remember(child);
    see(child, isGone);
  });
  const others = SIMULATED_KINDS.filter((kind) => kind !== 'SignalProcessing');
  await Promise.all(others.map((kind) => cluster.follow(kind, see)));
  return {
    async stop() {
      isStopping = true;
      for (const { timer } of waiting.values()) clearTimeout(timer);
      await cluster.stop();
    },
  };
}
