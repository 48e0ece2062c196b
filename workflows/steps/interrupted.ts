import type { Interruption } from '../../src/remediation/found.ts';
import type { LivePhase } from '../../src/remediation/phases.ts';
import type { RemediationIn } from '../../src/remediation/state.ts';
import {
  blockedElsewhere,
  cancelled,
  deleted,
  endedElsewhere,
  misconfigured,
  outOfTime,
} from '../../src/remediation/transitions/interrupted.ts';
import type { Ports } from '../ports.ts';
import { closeRunning, expireApproval, noteExpiryRecorded } from './closing.ts';
import { countFailures } from './effects.ts';
import { again, go } from './step.ts';
import type { Taken } from './step.ts';

type In = RemediationIn<LivePhase>;
type Ended = Exclude<Interruption['found'], 'limits edited'>;

/** Whatever phase it is in, something from outside ends it: children are closed first, then the end is committed. */
export async function interrupted(
  r: In,
  found: Extract<Interruption, { found: Ended }>,
  ports: Ports,
): Promise<Taken<'L40' | 'L41' | 'L42' | 'L43' | 'L44' | 'L46'>> {
  switch (found.found) {
    case 'deleted':
      return go(r, deleted(r, ports.now()));
    case 'blocked elsewhere':
      return go(r, blockedElsewhere(r, ports.now()));
    case 'out of time': {
      const { remediation, closed, hasNews, expired } = await closeAll(r, 'TimedOut', ports);
      if (hasNews) return again(remediation);
      return go(remediation, outOfTime(r, closed, await countFailures(r, ports), ports.now()), expired);
    }
    case 'cancelled': {
      const { remediation, closed, expired } = await closeAll(r, 'Cancelled', ports);
      return go(remediation, cancelled(r, closed, ports.now()), expired);
    }
    case 'ended elsewhere': {
      const { remediation, closed, expired } = await closeAll(r, found.phase, ports);
      return go(remediation, endedElsewhere(r, found.phase, closed, ports.now()), expired);
    }
    case 'invalid configuration': {
      const { remediation, closed, expired } = await closeAll(r, 'Failed', ports);
      const isLimit = found.reasons.some((reason) => reason.startsWith('timeoutConfig'));
      const code = isLimit ? 'ERR_INVALID_TIMEOUT_CONFIG' : 'ERR_INVALID_CONFIG';
      const cause = { phase: 'Configuration', code, reason: found.reasons.join('; ') } as const;
      return go(remediation, misconfigured(r, cause, closed, await countFailures(r, ports), ports.now()), expired);
    }
  }
}

async function closeAll(r: In, phase: string, ports: Ports) {
  const children = await closeRunning(r, phase, ports);
  const reason = `The RemediationRequest reached terminal phase: ${phase}`;
  const approval = await expireApproval(children.remediation, reason, ports);
  return {
    remediation: approval.remediation,
    closed: [...children.closed, ...approval.closed],
    hasNews: children.hasNews,
    expired:
      approval.closed.length > 0
        ? (after: Parameters<typeof noteExpiryRecorded>[0]) => noteExpiryRecorded(after, ports)
        : undefined,
  };
}
