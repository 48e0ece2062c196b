import { isEnded } from '../../src/remediation/snapshots.ts';
import type { AnyChildSnapshot } from '../../src/remediation/snapshots.ts';
import { conclude, verificationTimedOut } from '../../src/remediation/transitions/verifying.ts';
import { countFailures, read, withChild } from './effects.ts';
import { again, go } from './step.ts';
import type { Step } from './step.ts';

const NOT_COUNTED = { count: 0, random: 0 };

/** The verdict is there, or did not come in time: the assessment is read once before that is believed. */
export const verifying: Step<'Verifying'> = async (r, found, ports) => {
  switch (found.found) {
    case 'verified': {
      const failures = found.verdict === 'Inconclusive' ? await countFailures(r, ports) : NOT_COUNTED;
      return go(r, conclude(r, found.verdict, failures, ports.now()));
    }
    case 'verification overdue': {
      const reading = await read('EffectivenessAssessment', r, ports);
      if (reading.kind === 'found' && isEnded(reading.child as AnyChildSnapshot))
        return again(withChild(r, reading.child));
      return go(r, verificationTimedOut(r, ports.now()));
    }
  }
};
