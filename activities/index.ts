/** All activities of the orchestrator, bound to what they need. */
import { childStatusActivities } from './child-status.ts';
import { childActivities } from './children.ts';
import { commitActivities } from './commit.ts';
import type { RemediationActivities } from './contract.ts';
import type { Deps } from './deps.ts';
import { factActivities } from './facts.ts';
import { targetActivities } from './target-hash.ts';
import { translating } from './failures.ts';
import { routingActivities } from './routing.ts';
import { mirrorActivities } from './mirror.ts';
import { notificationActivities } from './notifications.ts';

/** What a worker registers: every activity of the contract, with its errors translated for Temporal. */
export const createActivities = (deps: Deps): RemediationActivities =>
  translating({
    ...commitActivities(deps),
    ...childActivities(deps),
    ...childStatusActivities(deps),
    ...factActivities(deps),
    ...routingActivities(deps),
    ...notificationActivities(deps),
    ...mirrorActivities(deps),
    ...targetActivities(deps),
  });
