/** Temporal's native part without its log, which would drown the report of the tests. */
import { IllegalStateError } from '@temporalio/common';
import { silentLogger } from '../../src/logger.ts';
import { installRuntime } from '../../workers/process.ts';

/** Once a process; another test may have come first. */
export function quietRuntime(): void {
  try {
    installRuntime(silentLogger);
  } catch (error) {
    if (!(error instanceof IllegalStateError)) throw error;
  }
}
