/** The loop of a remediation: observe and decide, effects, commit. Everything else is how one of these is done. */
import type { Findings, Found, Interruption } from '../src/remediation/found.ts';
import { isTerminal } from '../src/remediation/phases.ts';
import type { LivePhase } from '../src/remediation/phases.ts';
import type { Remediation, RemediationIn } from '../src/remediation/state.ts';
import { limitsStep, settled, stepOf } from '../src/remediation/step.ts';
import type { Step as CommitStep } from '../src/remediation/step.ts';
import { accept } from '../src/remediation/transitions/pending.ts';
import { Overtaken, TakenOver } from './ports.ts';
import type { Ports } from './ports.ts';
import { closeRunning } from './steps/closing.ts';
import { interrupted } from './steps/interrupted.ts';
import { notify } from './steps/notify.ts';
import { steps } from './steps/index.ts';
import type { Taken } from './steps/step.ts';
import { takenUp } from './take-up.ts';

/** Takes a remediation from where it is to its end. Returns it as it ended; `isOurs` is false when another run took over. */
export async function drive(
  start: Remediation,
  ports: Ports,
): Promise<{ readonly remediation: Remediation; readonly isOurs: boolean }> {
  let r = start;
  if (r.step === 0) {
    const first = await make(stepOf(r, accept(r, ports.now()), ports.now()), ports);
    if (first === undefined || first === 'claim lost') return { remediation: r, isOurs: false };
    r = first;
  }
  while (isLive(r)) {
    const { remediation, found } = await ports.observe(r);
    const taken = await act(remediation, found, ports);
    if (taken === 'not ours') return { remediation, isOurs: false };
    if (taken === undefined || taken === 'record the edit') {
      const recorded = taken === undefined ? remediation : await make(limitsStep(remediation, ports.now()), ports);
      if (recorded === undefined || recorded === 'claim lost') return { remediation, isOurs: false };
      r = recorded;
      continue;
    }
    r = taken.remediation;
    if (taken.transition === undefined) continue;
    const told = await notify(r, taken.transition, ports);
    r = told.remediation;
    const next = await make(stepOf(r, told.transition, ports.now()), ports);
    if (next === undefined) return { remediation: r, isOurs: false };
    if (next === 'claim lost') {
      // Somebody else may work on the target by now: what was made for it must not run.
      r = (await closeRunning(r as RemediationIn<LivePhase>, 'Failed', ports)).remediation;
      continue;
    }
    r = (await taken.afterwards?.(next)) ?? next;
  }
  return { remediation: r, isOurs: true };
}

const isLive = (r: Remediation): r is RemediationIn<LivePhase> => !isTerminal(r.state.phase);

/** The effects that the finding asks for; undefined when it was overtaken while they were under way. */
async function act(
  r: RemediationIn<LivePhase>,
  found: Found,
  ports: Ports,
): Promise<Taken | 'record the edit' | 'not ours' | undefined> {
  if (found.found === 'limits edited') return 'record the edit';
  try {
    return isInterruption(found) ? await interrupted(r, found, ports) : await take(r.state.phase, r, found, ports);
  } catch (error) {
    if (error instanceof Overtaken) return undefined;
    if (error instanceof TakenOver) return 'not ours';
    throw error;
  }
}

const INTERRUPTIONS = [
  'deleted',
  'cancelled',
  'ended elsewhere',
  'blocked elsewhere',
  'invalid configuration',
  'out of time',
];

const isInterruption = (found: Found): found is Exclude<Interruption, { found: 'limits edited' }> =>
  INTERRUPTIONS.includes(found.found);

const take = <P extends LivePhase>(phase: P, r: Remediation, found: Found, ports: Ports): Promise<Taken> =>
  steps[phase](r as RemediationIn<P>, found as Findings[P], ports);

/** Commits and tells what is known then; undefined when the ledger says that this run has nothing to say any more. */
async function make({ commit, next }: CommitStep, ports: Ports): Promise<Remediation | 'claim lost' | undefined> {
  const answer = await ports.commit(commit);
  if (answer.kind === 'superseded' || answer.kind === 'already-ended') return undefined;
  if (answer.kind === 'claim-lost') return 'claim lost';
  const known = settled(next, answer);
  const isForgotten = 'recorded' in answer;
  const r = isForgotten ? await takenUp(known, ports) : known;
  ports.show(r);
  return r;
}
