/** Which remediation workflows run, and putting a new run in the place of one that is gone. */
import type { RemediationInput } from '../../workflows/input.ts';
import type { Temporal } from './connection.ts';
import { describeRun, ensureWorkflow, replaceWorkflow } from './starter.ts';

const AT_ONCE = 100;

/** Which of these workflows run, as the server lists them; the list may be some seconds old. */
export async function openAmong(temporal: Temporal, workflowIds: readonly string[]): Promise<ReadonlySet<string>> {
  const open = new Set<string>();
  for (let i = 0; i < workflowIds.length; i += AT_ONCE) {
    const ids = workflowIds.slice(i, i + AT_ONCE).map((id) => `'${id.replaceAll("'", '')}'`);
    const query = `ExecutionStatus = 'Running' AND WorkflowId IN (${ids.join(', ')})`;
    await temporal.within('Listing workflows that run', async () => {
      for await (const { workflowId } of temporal.client.workflow.list({ query })) open.add(workflowId);
    });
  }
  return open;
}

/** What the keeper asks of this Temporal namespace. */
export const runsOf = (temporal: Temporal, taskQueue: string) => ({
  openAmong: (workflowIds: readonly string[]) => openAmong(temporal, workflowIds),
  isRunning: async (uid: string) => {
    const run = await describeRun(temporal, uid);
    return run === undefined ? undefined : run.status === 'RUNNING';
  },
  ensure: (input: RemediationInput) => ensureWorkflow(temporal, input, taskQueue),
  replace: (input: RemediationInput) => replaceWorkflow(temporal, input, taskQueue),
});
