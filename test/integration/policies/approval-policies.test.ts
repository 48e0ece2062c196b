import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import { useServers } from '../../support/servers.ts';

const POLICIES = ['parameters', 'stamp', 'freeze'];
const PRODUCT = 'orchestrator';
const FRONT_END = 'front-end';

interface Outcome {
  readonly ok: boolean;
  readonly text: string;
}

describe('the admission policies for approvals', () => {
  const servers = useServers({ migrate: () => Promise.resolve() });

  const kubectl = (...words: readonly string[]): Promise<Outcome> => {
    const { kubectl: command, kubeconfigFile, namespace } = servers();
    const args = [`--kubeconfig=${kubeconfigFile}`, `--namespace=${namespace}`, ...words];
    return new Promise((resolve) => {
      execFile(command, args, (error, out, err) => {
        resolve({ ok: error === null, text: out + err });
      });
    });
  };
  const apply = async (name: string, text: string): Promise<void> => {
    const file = join(servers().stateFolder, `${servers().namespace}-${name}.yaml`);
    writeFileSync(file, text);
    const { ok, text: said } = await kubectl('apply', '-f', file);
    assert.ok(ok, said);
  };
  /** The shipped file, for this test's namespace alone and with names of its own. */
  const shipped = (name: string): string =>
    readFileSync(`deploy/policies/${name}.yaml`, 'utf8')
      .replaceAll('system:serviceaccount:kubernaut-system:remediationorchestrator-controller', PRODUCT)
      .replaceAll('system:serviceaccount:kubernaut-system:apifrontend', FRONT_END)
      .replaceAll('kubernaut-system', servers().namespace)
      .replaceAll('name: kubernaut-approval-stamp', `name: stamp-${servers().namespace}`)
      .replaceAll('policyName: kubernaut-approval-stamp', `policyName: stamp-${servers().namespace}`)
      .replaceAll('name: kubernaut-approval-freeze', `name: freeze-${servers().namespace}`)
      .replaceAll('policyName: kubernaut-approval-freeze', `policyName: freeze-${servers().namespace}`);

  const decide = (user: string, name: string, status: object): Promise<Outcome> =>
    kubectl(
      'patch',
      'rar',
      name,
      '--subresource=status',
      '--type=merge',
      `--as=${user}`,
      '-p',
      JSON.stringify({ status }),
    );
  const statusOf = async (name: string): Promise<Readonly<Record<string, unknown>>> => {
    const { text } = await kubectl('get', 'rar', name, '-o', 'json');
    return (JSON.parse(text) as { readonly status?: Readonly<Record<string, unknown>> }).status ?? {};
  };
  const asked = async (name: string): Promise<string> => {
    await apply(name, approvalRequest(name));
    return name;
  };

  before(async function () {
    this.timeout(60_000);
    const { namespace } = servers();
    for (const user of ['ada', 'mallory', PRODUCT, FRONT_END])
      await kubectl('create', 'rolebinding', `edit-${user}`, '--clusterrole=cluster-admin', `--user=${user}`);
    for (const name of POLICIES) await apply(name, shipped(name));
    // A policy takes effect some time after it is stored.
    let tries = 0;
    await eventually(
      async () => {
        tries += 1;
        const probe = await asked(`probe-${String(tries)}`);
        await decide('ada', probe, { decision: 'Approved', decidedBy: 'nobody' });
        assert.equal((await statusOf(probe))['decidedBy'], 'ada', namespace);
        assert.match((await decide('ada', probe, { decision: 'Rejected' })).text, /already taken/);
      },
      { timeoutMs: 30_000, intervalMs: 500 },
    );
  });

  after(async function () {
    this.timeout(60_000);
    const { namespace } = servers();
    const names = [`stamp-${namespace}`, `freeze-${namespace}`];
    await kubectl(
      'delete',
      'mutatingadmissionpolicy,mutatingadmissionpolicybinding',
      names[0] ?? '',
      '--ignore-not-found',
    );
    await kubectl(
      'delete',
      'validatingadmissionpolicy,validatingadmissionpolicybinding',
      names[1] ?? '',
      '--ignore-not-found',
    );
  });

  it('write the name of the API user over a forged decidedBy (A7)', async () => {
    const name = await asked('forged');
    const said = await decide('mallory', name, {
      decision: 'Approved',
      decidedBy: 'ada',
      decidedVia: 'ada',
      decidedAt: '2020-01-01T00:00:00Z',
    });
    assert.ok(said.ok, said.text);
    assert.deepEqual(await statusOf(name), { decision: 'Approved', decidedBy: 'mallory' });
  });

  it('keep the name that a trusted front-end sends, and note the front-end beside it (A8)', async () => {
    const name = await asked('delegated');
    await decide(FRONT_END, name, { decision: 'Approved', decidedBy: 'ada' });
    assert.deepEqual(await statusOf(name), { decision: 'Approved', decidedBy: 'ada', decidedVia: FRONT_END });
  });

  it('refuse to change a decision that is taken, for whoever asks (A6)', async () => {
    const name = await asked('taken');
    await decide('ada', name, { decision: 'Approved', decisionMessage: 'fits' });
    for (const change of [
      { decision: 'Rejected' },
      { decision: '' },
      { decidedBy: 'mallory' },
      { decisionMessage: 'no' },
      { workflowOverride: { rationale: 'x' } },
    ])
      for (const user of ['mallory', PRODUCT]) {
        const { ok, text } = await decide(user, name, change);
        assert.equal(ok, false, JSON.stringify(change));
        assert.match(text, /decision already taken by ada/);
      }
    assert.deepEqual(await statusOf(name), { decision: 'Approved', decidedBy: 'ada', decisionMessage: 'fits' });
  });

  it('let the product add when a decision was taken, and nobody else', async () => {
    const name = await asked('timed');
    await decide('ada', name, { decision: 'Rejected' });
    assert.equal((await decide('mallory', name, { decidedAt: '2026-01-01T00:00:00Z' })).ok, false);
    const said = await decide(PRODUCT, name, { decidedAt: '2026-01-01T00:00:00Z', timeRemaining: '10m0s' });
    assert.ok(said.ok, said.text);
    assert.equal((await statusOf(name))['decidedAt'], '2026-01-01T00:00:00Z');
  });

  const refusals = [
    {
      what: 'an expiry by a person',
      status: { decision: 'Expired' },
      text: /only the orchestrator may expire an approval/,
    },
    {
      what: 'an override with a rejection',
      status: { decision: 'Rejected', workflowOverride: { rationale: 'x' } },
      text: /override is only valid with Approved/,
    },
    { what: 'a change of managed fields', status: { timeRemaining: '99h' }, text: /managed field/ },
  ];
  for (const { what, status, text } of refusals)
    it(`refuse ${what}`, async () => {
      const name = await asked(what.split(' ').join('-'));
      const said = await decide('mallory', name, status);
      assert.equal(said.ok, false);
      assert.match(said.text, text);
      assert.deepEqual(await statusOf(name), {});
    });

  it('let the product expire a request', async () => {
    const name = await asked('expired');
    const said = await decide(PRODUCT, name, {
      decision: 'Expired',
      decidedBy: 'system',
      expired: true,
      timeRemaining: '0s',
    });
    assert.ok(said.ok, said.text);
    assert.equal((await statusOf(name))['decidedBy'], 'system');
  });
});

const approvalRequest = (name: string): string => `
apiVersion: kubernaut.ai/v1alpha1
kind: RemediationApprovalRequest
metadata: { name: ${name} }
spec:
  remediationRequestRef: { name: rr }
  aiAnalysisRef: { name: ai-rr }
  confidence: 0.7
  confidenceLevel: medium
  reason: production target
  whyApprovalRequired: production target
  recommendedWorkflow: { workflowId: w, version: "1", executionBundle: b, rationale: r }
  recommendedActions: [{ action: a, rationale: r }]
  investigationSummary: s
  requiredBy: "2026-12-31T00:00:00Z"
`;
