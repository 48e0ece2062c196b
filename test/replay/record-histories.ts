/** Records how remediations go on the real servers, for the replay of later versions: npm run record-histories. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { format } from 'prettier';
import { workflowId } from '../../src/remediation/names.ts';
import { describeRun, requestCancel } from '../../src/temporal/starter.ts';
import { VERSION } from '../../src/version.ts';
import { useRig } from '../integration/remediation/rig.ts';
import type { Rig } from '../integration/remediation/rig.ts';
import { eventually } from '../support/eventually.ts';

const FOLDER = join(import.meta.dirname, '../histories', VERSION);

/** What to do for each way, once its request has been created. */
const PATHS: Readonly<Record<string, { simulate?: string; act: (rig: Rig, uid: string) => Promise<unknown> }>> = {
  direct: { act: (rig) => rig.untilPhase('direct', 'Completed') },
  approval: { simulate: 'ai-approval', act: (rig) => decide(rig, 'approval', 'Approved') },
  rejected: { simulate: 'ai-approval', act: (rig) => decide(rig, 'rejected', 'Rejected') },
  'timed-out': {
    simulate: 'sp-silent',
    act: async (rig) => {
      await rig.untilPhase('timed-out', 'Processing');
      await rig.objects.patchStatus('RemediationRequest', 'timed-out', { timeoutConfig: { processing: '3s' } });
    },
  },
  cancelled: {
    simulate: 'we-silent',
    act: async (rig, uid) => {
      await rig.untilPhase('cancelled', 'Executing');
      await eventually(() => requestCancel(rig.temporal, uid, { by: 'ada', reason: 'false alarm' }, 'cancel'));
    },
  },
  outage: { simulate: 'sp-silent', act: interrupt },
};

async function decide(rig: Rig, name: string, decision: string): Promise<void> {
  await rig.untilPhase(name, 'AwaitingApproval');
  await rig.objects.patchStatus('RemediationApprovalRequest', `rar-${name}`, { decision, decidedBy: 'ada' });
}

/** Holds up a commit until it is tried through the server. */
async function interrupt(rig: Rig, uid: string): Promise<void> {
  await rig.untilPhase('outage', 'Processing');
  const holder = await rig.pool.connect();
  try {
    await holder.query('begin');
    await holder.query('select from remediations where uid = $1 for update', [uid]);
    await rig.objects.patchStatus('SignalProcessing', 'sp-outage', { phase: 'Completed' });
    await eventually(async () => {
      const run = await describeRun(rig.temporal, uid);
      if (run?.pendingActivities.length !== 1) throw new Error('the commit is not pending yet');
    });
  } finally {
    await holder.query('rollback');
    holder.release();
  }
}

describe(`the histories of version ${VERSION}`, function () {
  this.timeout(120_000);
  const rig = useRig();

  for (const [name, { simulate, act }] of Object.entries(PATHS))
    it(`are recorded: ${name}`, async () => {
      const uid = await rig().create(name, simulate);
      await act(rig(), uid);
      await eventually(
        async () => {
          const run = await describeRun(rig().temporal, uid);
          if (run?.status !== 'COMPLETED') throw new Error(`${name} is ${String(run?.status)}`);
        },
        { timeoutMs: 60_000 },
      );
      const history = await rig().temporal.client.workflow.getHandle(workflowId(uid)).fetchHistory();
      mkdirSync(FOLDER, { recursive: true });
      const text = historyToJSON(history);
      writeFileSync(join(FOLDER, `${name}.json`), await format(text, { parser: 'json', printWidth: 120 }));
    });
});
