import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'mocha';
import { BEHAVIOURS } from '../../dev/simulators/behaviours.ts';
import type { Behaviour, SimulatedKind } from '../../dev/simulators/behaviours.ts';
import { startSimulators } from '../../dev/simulators/simulators.ts';
import type { Simulators } from '../../dev/simulators/simulators.ts';
import { createKubernetesClient } from '../../src/kubernetes/client.ts';
import type { KubernetesClient, KubernetesObject } from '../../src/kubernetes/client.ts';
import { API_VERSION } from '../../src/kubernetes/kinds.ts';
import type { Kind } from '../../src/kubernetes/kinds.ts';
import { readObjects } from '../fixtures/crds.ts';
import { eventually } from '../support/eventually.ts';
import { useServers } from '../support/servers.ts';

const samples = ['rr.yaml', 'children.yaml'].flatMap((file) => readObjects(`test/fixtures/examples/${file}`));

/** The phase in which each behaviour leaves its child. */
const PHASES: Readonly<Record<Behaviour, string | undefined>> = {
  'sp-fails': 'Failed',
  'sp-silent': undefined,
  'ai-approval': 'Completed',
  'ai-no-action': 'Completed',
  'ai-manual-review': 'Completed',
  'ai-fails': 'Failed',
  'ai-garbage': 'Completed',
  'ai-no-target': 'Completed',
  'ai-silent': undefined,
  'we-fails': 'Failed',
  'we-silent': undefined,
  'ea-inconclusive': 'Completed',
  'ea-silent': undefined,
  'nr-fails': 'Failed',
  'nr-silent': undefined,
};

describe('the simulators of the child controllers', () => {
  const servers = useServers({ migrate: () => Promise.resolve() });
  const problems: string[] = [];
  let client: KubernetesClient;
  let simulators: Simulators;
  let count = 0;

  before(async () => {
    client = createKubernetesClient({ kubeconfig: servers().kubeconfigFile });
    simulators = await start(0);
  });
  after(async () => {
    await simulators.stop();
    client.close();
  });

  function start(delayMs: number): Promise<Simulators> {
    const { kubeconfigFile, namespace } = servers();
    const onProblem = (problem: string): void => void problems.push(problem);
    return startSimulators({ kubeconfig: kubeconfigFile, namespace, delayMs, onProblem });
  }

  async function create(kind: Kind, name: string, owner?: KubernetesObject, spec = {}): Promise<KubernetesObject> {
    const sample = samples.find((object) => object.kind === kind) ?? assert.fail(`no sample of ${kind}`);
    const { name: ownerName, uid = '' } = owner?.metadata ?? { name: '' };
    const ownerReferences = [{ apiVersion: API_VERSION, kind: 'RemediationRequest', name: ownerName, uid }];
    const metadata = { name, ...(owner === undefined ? {} : { ownerReferences }) };
    return client.create(kind, servers().namespace, { metadata, spec: { ...sample.spec, ...spec } });
  }

  /** A request with this signal, its SignalProcessing, and one child of the kind. */
  async function childOf(kind: SimulatedKind, labels: Readonly<Record<string, string>>): Promise<string> {
    count += 1;
    const request = await create('RemediationRequest', `request-${String(count)}`, undefined, { signalLabels: labels });
    const signal = {
      ...(samples.find((object) => object.kind === 'SignalProcessing')?.spec?.['signal'] as object),
      labels,
    };
    const name = `child-${String(count)}`;
    await create('SignalProcessing', name, request, { signal });
    if (labels['simulate'] !== 'sp-silent') await statusOf('SignalProcessing', name);
    if (kind !== 'SignalProcessing') await create(kind, name, request);
    return name;
  }

  const statusOf = (kind: Kind, name: string) =>
    eventually(async () => {
      const found = await client.get(kind, servers().namespace, name);
      assert.ok(found?.status?.['phase'] !== undefined, `${kind} ${name} has no phase; ${problems.join('; ')}`);
      return found.status;
    });

  for (const [word, kind] of Object.entries(BEHAVIOURS) as [Behaviour, SimulatedKind][]) {
    const phase = PHASES[word];
    it(`leave ${kind} ${phase ?? 'unanswered'} for a signal that says ${word}`, async () => {
      const name = await childOf(kind, { simulate: word });
      if (phase !== undefined) {
        const status = await statusOf(kind, name);
        assert.equal(status['phase'], phase);
        return;
      }
      // A child that was created later has been answered: the silent one was passed over, not missed.
      const later = await childOf(kind, {});
      await statusOf(kind, later);
      const found = await client.get(kind, servers().namespace, name);
      assert.equal(found?.status, undefined);
    });
  }

  it('ask for approval in production, and nowhere else', async () => {
    const name = await childOf('SignalProcessing', { environment: 'production' });
    const processed = await statusOf('SignalProcessing', name);
    assert.deepEqual((processed['environmentClassification'] as { environment: string }).environment, 'Production');
    const asks = async (environment: string): Promise<unknown> => {
      const request = await create('RemediationRequest', `approval-${environment}`, undefined);
      const { analysisRequest } = samples.find(({ kind }) => kind === 'AIAnalysis')?.spec as {
        analysisRequest: { signalContext: object };
      };
      const signalContext = { ...analysisRequest.signalContext, environment };
      const spec = { analysisRequest: { ...analysisRequest, signalContext } };
      await create('AIAnalysis', `approval-${environment.toLowerCase()}`, request, spec);
      const status = await statusOf('AIAnalysis', `approval-${environment.toLowerCase()}`);
      return (status['approval'] as { approvalRequired: boolean }).approvalRequired;
    };
    assert.deepEqual([await asks('production'), await asks('staging')], [true, false]);
  });

  it('walk through the phases when there is a delay, and go on where others were stopped', async () => {
    await simulators.stop();
    const name = await childOfUnwatched();
    simulators = await start(20);
    const seen = new Set<unknown>();
    await eventually(
      async () => {
        const found = await client.get('SignalProcessing', servers().namespace, name);
        seen.add(found?.status?.['phase']);
        assert.ok(seen.has('Completed'), [...seen].join(' '));
      },
      { intervalMs: 2 },
    );
    assert.ok(seen.has('Enriching') || seen.has('Classifying'), [...seen].join(' '));
  });

  async function childOfUnwatched(): Promise<string> {
    const request = await create('RemediationRequest', 'walker');
    await create('SignalProcessing', 'walker', request);
    return 'walker';
  }

  it('leave alone what the orchestrator has ended', async () => {
    const request = await create('RemediationRequest', 'cascaded');
    await simulators.stop();
    await create('WorkflowExecution', 'cascaded', request);
    await client.mergePatchStatus('WorkflowExecution', servers().namespace, 'cascaded', {
      phase: 'Failed',
      status: { phase: 'Failed' },
    });
    simulators = await start(0);
    await statusOf('AIAnalysis', await childOf('AIAnalysis', {}));
    const status = await statusOf('WorkflowExecution', 'cascaded');
    assert.deepEqual(status, { phase: 'Failed' });
  });

  it('report a behaviour that does not exist, and nothing else', async () => {
    await childOf('SignalProcessing', { simulate: 'ai-dances' });
    assert.equal(problems.length, 1, problems.join('; '));
    assert.match(problems.join(), /ai-dances, which is no behaviour/);
  });

  it('are documented word by word', () => {
    const readme = readFileSync('dev/simulators/README.md', 'utf8');
    const documented = [...readme.matchAll(/^\| `simulate: (\S+)` *\| (\w+)/gm)].map(([, word, kind]) => [word, kind]);
    assert.deepEqual(Object.fromEntries(documented), BEHAVIOURS);
  });
});
