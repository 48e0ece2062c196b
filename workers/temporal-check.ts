/** Readiness of Temporal, asked and not guessed: a process with nothing to do would not notice that the server is gone. */
import type { Check } from '../src/health.ts';
import type { Temporal } from '../src/temporal/connection.ts';

/** Below the time that a check is given, so that the reason names the server. */
const LIMIT_MS = 2500;

/** `ok` when what the process itself found is ok and the server answers for our namespace. */
export const temporalCheck =
  (temporal: Temporal, found: () => string): Check =>
  async () => {
    const own = found();
    if (own !== 'ok') return own;
    const { namespace } = temporal;
    await temporal.within(
      `Looking for the namespace ${namespace}`,
      () => temporal.client.workflowService.describeNamespace({ namespace }),
      LIMIT_MS,
    );
    return 'ok';
  };
