import { assessmentDelays, effectivenessAssessment } from '../../src/remediation/orders.ts';
import {
  executionGone,
  executionTimedOut,
  failExecution,
  startVerifying,
} from '../../src/remediation/transitions/executing.ts';
import { closeRunning } from './closing.ts';
import { countFailures, ensure } from './effects.ts';
import { again, go } from './step.ts';
import type { Step } from './step.ts';

/** The workflow ran: makes the EffectivenessAssessment. Or it failed, is gone, or took too long. */
export const executing: Step<'Executing'> = async (r, found, ports) => {
  switch (found.found) {
    case 'executed': {
      const { plan } = r.state;
      const made = await ensure('EffectivenessAssessment', r, effectivenessAssessment(r, plan), ports);
      if (!made.made) return made.taken;
      return go(
        made.remediation,
        startVerifying(made.remediation, made.ensured, assessmentDelays(r, plan), ports.now()),
      );
    }
    case 'execution failed':
      return go(r, failExecution(r, found, await countFailures(r, ports), ports.now()));
    case 'execution gone':
      return go(r, executionGone(r, await countFailures(r, ports), ports.now()));
    case 'execution overdue': {
      const { remediation, closed, hasNews } = await closeRunning(r, 'TimedOut', ports);
      if (hasNews) return again(remediation);
      return go(remediation, executionTimedOut(r, closed, await countFailures(r, ports), ports.now()));
    }
  }
};
