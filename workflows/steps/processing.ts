import { aiAnalysis } from '../../src/remediation/orders.ts';
import { failProcessing, processingTimedOut, startAnalyzing } from '../../src/remediation/transitions/processing.ts';
import { closeRunning } from './closing.ts';
import { countFailures, ensure } from './effects.ts';
import { again, go } from './step.ts';
import type { Step } from './step.ts';

/** The signal is processed: makes the AIAnalysis. Or it failed, or took too long. */
export const processing: Step<'Processing'> = async (r, found, ports) => {
  switch (found.found) {
    case 'processed': {
      const now = ports.now();
      const made = await ensure('AIAnalysis', r, aiAnalysis(r, now), ports);
      return made.made ? go(made.remediation, startAnalyzing(made.remediation, made.ensured, now)) : made.taken;
    }
    case 'processing failed':
      return go(r, failProcessing(r, found.error, await countFailures(r, ports), ports.now()));
    case 'processing overdue': {
      const { remediation, closed, hasNews } = await closeRunning(r, 'TimedOut', ports);
      if (hasNews) return again(remediation);
      return go(remediation, processingTimedOut(r, closed, await countFailures(r, ports), ports.now()));
    }
  }
};
