import assert from 'node:assert/strict';
import { NativeConnection, Worker } from '@temporalio/worker';
import { WorkflowFailedError } from '@temporalio/client';
import { after, before, describe, it } from 'mocha';
import type { DutyReport, KeeperActivities } from '../../../activities/keeper/contract.ts';
import { fullMessage, UnavailableError } from '../../../src/errors.ts';
import { openTemporal } from '../../../src/temporal/connection.ts';
import type { Temporal } from '../../../src/temporal/connection.ts';
import { useServers } from '../../support/servers.ts';
import { bundleFile } from './whole.ts';

const NOTHING: DutyReport = { done: 0, failed: 0, isMore: false };

describe('a pass of the keeper', function () {
  this.timeout(90_000);
  const servers = useServers({ migrate: () => Promise.resolve() });
  const called: string[] = [];
  let answers: { [D in keyof KeeperActivities]?: () => DutyReport };
  let temporal: Temporal;
  let connection: NativeConnection;
  let worker: Worker;
  let working: Promise<void>;

  before(async () => {
    const { temporalAddress, temporalNamespace, taskQueue } = servers();
    temporal = openTemporal({ address: temporalAddress, namespace: temporalNamespace });
    connection = await NativeConnection.connect({ address: temporalAddress });
    const duty = (name: keyof KeeperActivities) => () => {
      called.push(name);
      return Promise.resolve(answers[name]?.() ?? NOTHING);
    };
    const names = ['lookAfterEnded', 'freeTargets', 'wakeWaiters', 'startWorkflows', 'tidyUp', 'notePass'] as const;
    worker = await Worker.create({
      connection,
      namespace: temporalNamespace,
      taskQueue,
      workflowBundle: { codePath: await bundleFile(servers()) },
      activities: Object.fromEntries(names.map((name) => [name, duty(name)])),
    });
    working = worker.run();
  });
  after(async () => {
    worker.shutdown();
    await working;
    await connection.close();
    await temporal.close();
  });

  const pass = (name: string): Promise<unknown> => {
    called.splice(0);
    return temporal.client.workflow.execute('keeper', {
      workflowId: `${name}-${servers().namespace}`,
      taskQueue: servers().taskQueue,
    });
  };

  it('does every duty once when there is nothing to do, and notes that it was whole', async () => {
    answers = {};
    await pass('idle');
    assert.deepEqual(called, ['lookAfterEnded', 'freeTargets', 'wakeWaiters', 'startWorkflows', 'tidyUp', 'notePass']);
  });

  it('goes on with a duty of which there is more, and adds up what was done', async () => {
    let left = 3;
    answers = { lookAfterEnded: () => ({ done: 100, failed: 1, isMore: (left -= 1) > 0 }) };
    const result = (await pass('more')) as { readonly lookAfterEnded: DutyReport };
    assert.deepEqual(result.lookAfterEnded, { done: 300, failed: 3, isMore: false });
    assert.equal(called.filter((name) => name === 'lookAfterEnded').length, 3);
    assert.equal(called.filter((name) => name === 'startWorkflows').length, 1);
  });

  it('does the other duties when one cannot be done, fails with its reason, and is not noted as whole', async () => {
    answers = {
      freeTargets: () => {
        throw new UnavailableError('KUBERNETES_UNAVAILABLE', 'the API server cannot be reached');
      },
    };
    const error: unknown = await pass('broken').catch((reason: unknown) => reason);
    assert.ok(error instanceof WorkflowFailedError);
    assert.match(fullMessage(error), /freeTargets: the API server cannot be reached/);
    assert.deepEqual(called, ['lookAfterEnded', 'freeTargets', 'wakeWaiters', 'startWorkflows', 'tidyUp']);
  });
});
