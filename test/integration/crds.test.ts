import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ApiextensionsV1Api } from '@kubernetes/client-node';
import { type Kind, KIND_NAMES, KINDS } from '../../src/kubernetes/kinds.ts';
import { readCrds, readObjects, type SampleObject, versionOf, yamlFilesIn } from '../fixtures/crds.ts';
import { type CustomObjects, customObjectsIn, refusalOf } from '../fixtures/custom-objects.ts';
import { eventually } from '../support/eventually.ts';
import { useServers } from '../support/servers.ts';

const run = promisify(execFile);
const crds = readCrds();
const files = yamlFilesIn('test/fixtures/examples');
const samples = files.flatMap(readObjects).filter(({ kind }) => kind in KINDS);
const whole = samples.filter(({ spec }) => spec !== undefined);

/** A complete sample of the kind under a name of its own, with some members of its spec replaced. */
function sampleOf(kind: Kind, name: string, spec: Readonly<Record<string, unknown>> = {}): SampleObject {
  const sample = whole.find((object) => object.kind === kind) ?? assert.fail(`no sample of ${kind}`);
  return { ...sample, metadata: { name }, spec: { ...sample.spec, ...spec } };
}

describe('the CRDs in the API server', () => {
  const servers = useServers({ migrate: () => Promise.resolve() });
  let objects: CustomObjects;
  before(() => {
    objects = customObjectsIn(servers().kubeConfig, servers().namespace);
  });

  async function kubectl(...args: readonly string[]): Promise<string> {
    const { kubectl: command, kubeconfigFile, namespace } = servers();
    const { stdout } = await run(command, [`--kubeconfig=${kubeconfigFile}`, `--namespace=${namespace}`, ...args]);
    return stdout;
  }

  it('are all established, with nothing in their schema that the server objects to', async () => {
    const api = servers().kubeConfig.makeApiClient(ApiextensionsV1Api);
    for (const { crd } of crds)
      await eventually(async () => {
        const { status } = await api.readCustomResourceDefinition({ name: crd.metadata.name });
        const holding = (status?.conditions ?? []).filter((condition) => condition.status === 'True');
        assert.deepEqual(holding.map(({ type }) => type).sort(), ['Established', 'NamesAccepted'], crd.metadata.name);
      });
  });

  describe('sample objects', () => {
    it('are accepted as written, and lose only a status sent on creation', async () => {
      for (const sample of whole) {
        const created = await objects.create(sample);
        assert.deepEqual(picked(created.spec, sample.spec), sample.spec, `${sample.kind} ${sample.metadata.name}`);
        assert.equal(created.status, undefined);
      }
      await objects.create(sampleOf('NotificationRequest', 'nr-approval-demo'));
    });

    for (const file of files.filter((each) => readObjects(each).some(({ status }) => status !== undefined))) {
      it(`of ${file} can be patched into the status, and no field is pruned (E-192)`, async () => {
        for (const { kind, metadata, status } of readObjects(file).filter((object) => object.status !== undefined)) {
          const answer = await objects.patchStatus(kind as Kind, metadata.name, status);
          assert.deepEqual(picked(answer.status, status), status, `${kind} ${metadata.name}`);
        }
      });
    }
  });

  describe('frozen fields', () => {
    for (const kind of KIND_NAMES.filter((each) => each !== 'RemediationWorkflow')) {
      it(`refuse a change of the spec and say what to do: ${kind}`, async () => {
        const name = `frozen-${KINDS[kind].shortNames[0]}`;
        await objects.create(sampleOf(kind, name));
        const change = kind === 'SignalProcessing' ? { timesOutAt: '2026-11-23T10:00:00Z' } : { clusterID: 'other' };
        const refusal = await refusalOf(objects.patch(kind, name, { spec: change }));
        assert.match(refusal ?? 'accepted', new RegExp(`spec is immutable; create a new ${kind} instead`));
      });
    }

    it('leave the spec of a RemediationWorkflow to its owner', async () => {
      await objects.create(sampleOf('RemediationWorkflow', 'editable'));
      const edited = await objects.patch('RemediationWorkflow', 'editable', { spec: { version: '2.0.2' } });
      assert.equal(edited.spec?.['version'], '2.0.2');
    });

    it('let preRemediationSpecHash be set once', async () => {
      await objects.create(sampleOf('RemediationRequest', 'hashed'));
      const set = (hash: string) =>
        refusalOf(
          objects.patchStatus('RemediationRequest', 'hashed', { operatorAudit: { preRemediationSpecHash: hash } }),
        );
      assert.deepEqual([await set('sha256:aa'), await set('sha256:aa')], [undefined, undefined]);
      assert.match((await set('sha256:bb')) ?? 'accepted', /preRemediationSpecHash is set once and cannot be changed/);
    });

    it('let a choice of the analysis change until it is dated', async () => {
      await objects.create(sampleOf('AIAnalysis', 'choice'));
      const { status } = samples.find(({ kind, status: each }) => kind === 'AIAnalysis' && each?.['approval']) ?? {};
      await objects.patchStatus('AIAnalysis', 'choice', status);
      const choose = (change: object) =>
        refusalOf(objects.patchStatus('AIAnalysis', 'choice', { rcaResult: { selectedWorkflow: change } }));
      assert.equal(await choose({ version: '1.2.1' }), undefined);
      assert.equal(await choose({ selectedAt: '2026-11-23T09:00:20Z' }), undefined);
      assert.match(
        (await choose({ version: '1.2.2' })) ?? 'accepted',
        /selectedWorkflow is immutable once selectedAt is set/,
      );
    });

    it('let the traits of a target change until they are dated', async () => {
      await objects.create(sampleOf('AIAnalysis', 'traits'));
      const set = (postRCAContext: object) =>
        refusalOf(objects.patchStatus('AIAnalysis', 'traits', { phase: 'Analyzing', postRCAContext }));
      const traits = {
        gitOpsManaged: true,
        helmManaged: false,
        hpaEnabled: false,
        networkIsolated: false,
        pdbProtected: false,
        resourceQuotaConstrained: false,
        stateful: false,
      };
      assert.equal(await set({ detectedLabels: traits }), undefined);
      assert.equal(await set({ setAt: '2026-11-23T09:00:20Z' }), undefined);
      const refusal = await set({ detectedLabels: { gitOpsManaged: false } });
      assert.match(refusal ?? 'accepted', /postRCAContext is immutable once setAt is set/);
    });
  });

  describe('limits', () => {
    const target = { kind: 'Pod', name: 'cart' };
    const cases: readonly (readonly [Kind, Readonly<Record<string, unknown>>, RegExp])[] = [
      ['RemediationRequest', { signalFingerprint: 'XYZ' }, /spec\.signalFingerprint.*should match '\^\[a-f0-9\]/],
      ['RemediationRequest', { severity: '' }, /spec\.severity.*at least 1 chars/],
      ['RemediationRequest', { severity: 'x'.repeat(51) }, /spec\.severity.*(more|longer) than 50/i],
      ['RemediationRequest', { signalName: 'x'.repeat(254) }, /spec\.signalName.*(more|longer) than 253/i],
      ['RemediationRequest', { targetType: 'mainframe' }, /spec\.targetType: Unsupported value/],
      ['RemediationRequest', { targetResource: { kind: 'Pod' } }, /spec\.targetResource\.name: Required value/],
      ['RemediationRequest', { firingTime: 'yesterday' }, /spec\.firingTime.*date-time/],
      ['SignalProcessing', { remediationRequestRef: { name: '' } }, /remediationRequestRef\.name must not be empty/],
      ['AIAnalysis', { remediationId: '' }, /spec\.remediationId.*at least 1 chars/],
      ['RemediationApprovalRequest', { confidence: 1.2 }, /spec\.confidence.*less than or equal to 1/],
      ['RemediationApprovalRequest', { recommendedActions: [] }, /spec\.recommendedActions.*at least 1 items/],
      ['WorkflowExecution', { targetResource: 7 }, /spec\.targetResource.*must be of type string/],
      ['NotificationRequest', { subject: 'x'.repeat(501) }, /spec\.subject.*(more|longer) than 500/i],
      ['NotificationRequest', { retentionDays: 0 }, /spec\.retentionDays.*greater than or equal to 1/],
      ['EffectivenessAssessment', { remediationRequestPhase: 'Executing' }, /remediationRequestPhase: Unsupported/],
      ['RemediationWorkflow', { actionType: 'restart pod' }, /spec\.actionType.*should match/],
      ['RemediationWorkflow', { maintainers: [{ name: 'A', email: 'nobody' }] }, /email.*should match/],
    ];
    for (const [kind, spec, expected] of cases) {
      it(`refuse ${kind} with ${JSON.stringify(spec).slice(0, 60)}`, async () => {
        assert.match((await refusalOf(objects.create(sampleOf(kind, 'refused', spec)))) ?? 'accepted', expected);
      });
    }

    it('refuse an unknown phase and a negative count in a status', async () => {
      await objects.create(sampleOf('AIAnalysis', 'limited'));
      const status = { phase: 'Guessing', investigationMetadata: { consecutiveFailures: -1 } };
      const refusal = (await refusalOf(objects.patchStatus('AIAnalysis', 'limited', status))) ?? 'accepted';
      assert.match(refusal, /status\.phase: Unsupported value/);
      assert.match(refusal, /consecutiveFailures.*greater than or equal to 0/);
    });

    it('fill in the defaults of a notification', async () => {
      const created = await objects.create(
        sampleOf('NotificationRequest', 'defaults', { priority: undefined, retryPolicy: {} }),
      );
      assert.deepEqual(picked(created.spec, { priority: 0, retentionDays: 0, retryPolicy: {} }), {
        priority: 'Medium',
        retentionDays: 7,
        retryPolicy: {},
      });
      const policy = { maxAttempts: 5, initialBackoffSeconds: 30, backoffMultiplier: 2, maxBackoffSeconds: 480 };
      assert.deepEqual(created.spec?.['retryPolicy'], policy);
    });

    it('accept what belongs to others: quantities of both types, free engine settings, null for unknown parameters', async () => {
      const { workflowRef } = sampleOf('WorkflowExecution', 'any').spec as { workflowRef: object };
      const free = {
        engineConfig: { playbook: { name: 'restart', tags: ['a', 1, null] } },
        resources: { limits: { cpu: 2, memory: '512Mi' } },
        declaredParameterNames: null,
      };
      const created = await objects.create(
        sampleOf('WorkflowExecution', 'free', { workflowRef: { ...workflowRef, ...free } }),
      );
      assert.deepEqual(picked(created.spec?.['workflowRef'], free), free);
      const lots = { workflowRef: { ...workflowRef, resources: { limits: { cpu: 'lots' } } } };
      const refusal = await refusalOf(objects.create(sampleOf('WorkflowExecution', 'lots', lots)));
      assert.match(refusal ?? 'accepted', /limits\.cpu.*should match/);
    });

    it('drop what the schema does not know', async () => {
      const created = await objects.create(
        sampleOf('RemediationRequest', 'pruned', { targetResource: { ...target, uid: 'x' } }),
      );
      assert.deepEqual(created.spec?.['targetResource'], target);
    });
  });

  describe('selectors and lists', () => {
    for (const { crd } of crds) {
      const kind = crd.spec.names.kind as Kind;
      const { additionalPrinterColumns, selectableFields = [] } = versionOf(crd);

      for (const { jsonPath } of selectableFields) {
        const path = jsonPath.slice(1);
        it(`choose ${kind} by ${path}`, async () => {
          const name = `selected-by-${path.toLowerCase()}`;
          const members = path.split('.').slice(1);
          const given = sampleOf(kind, name, path === 'spec.clusterID' ? { clusterID: 'east' } : {});
          await objects.create(given);
          const value = members.reduce<unknown>((at, member) => (at as Record<string, unknown>)[member], given.spec);
          assert.ok((await objects.select(kind, `${path}=${String(value)},metadata.name=${name}`)).includes(name));
          assert.deepEqual(await objects.select(kind, `${path}=none-has-this,metadata.name=${name}`), []);
        });
      }

      for (const shortName of crd.spec.names.shortNames) {
        it(`show the columns of ${kind} in kubectl get ${shortName}`, async () => {
          const [plain, wide] = await Promise.all([
            kubectl('get', shortName),
            kubectl('get', shortName, '--output=wide'),
          ]);
          const headingOf = (table: string): readonly string[] => (table.split('\n')[0] ?? '').trim().split(/\s{2,}/);
          const upper = additionalPrinterColumns.map(({ name, priority = 0 }) => ({
            name: name.toUpperCase(),
            priority,
          }));
          const usual = upper.filter(({ priority }) => priority === 0).map(({ name }) => name);
          assert.deepEqual(headingOf(plain), ['NAME', ...usual]);
          assert.deepEqual(headingOf(wide), ['NAME', ...upper.map(({ name }) => name)]);
        });
      }
    }

    it('show in kubectl get rr where a request stands and what is done about it', async () => {
      await objects.create(sampleOf('RemediationRequest', 'listed'));
      await objects.patchStatus('RemediationRequest', 'listed', {
        overallPhase: 'Completed',
        completionStatus: { outcome: 'Remediated' },
        workflowSelection: {
          targetDisplay: 'Deployment/cart',
          workflowDisplayName: 'Restart:cart',
          confidence: '0.93',
        },
      });
      const cells = (await kubectl('get', 'rr', 'listed', '--no-headers')).trim().split(/\s+/);
      const expected = [
        'listed',
        'Completed',
        'Remediated',
        'CartPodsRestarting',
        'Deployment/cart',
        'Restart:cart',
        '0.93',
      ];
      assert.deepEqual(cells.slice(0, -1), expected);
    });
  });
});

/** The members of `value` that `wanted` has, at every level, so that what was sent can be compared with the answer. */
function picked(value: unknown, wanted: unknown): unknown {
  if (Array.isArray(wanted) && Array.isArray(value)) return value.map((item, index) => picked(item, wanted[index]));
  if (!isObject(wanted) || !isObject(value)) return value;
  const kept = Object.keys(wanted).filter((key) => key in value);
  return Object.fromEntries(kept.map((key) => [key, picked(value[key], wanted[key])]));
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
