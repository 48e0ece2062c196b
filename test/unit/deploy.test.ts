import assert from 'node:assert/strict';
import { KIND_NAMES, KINDS } from '../../src/kubernetes/kinds.ts';
import { configOf, documentsOf, isThere, sourceOf, yamlOf } from '../fixtures/deploy.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}
interface Binding {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: readonly { readonly kind: string; readonly name: string }[];
}
type RbacObject = { readonly kind: string } & ({ readonly rules: readonly Rule[] } | Binding | object);
interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly livenessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
  readonly readinessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
}
interface Pod {
  readonly automountServiceAccountToken?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly containers: readonly Container[];
}
interface Workload {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly template: { readonly spec: Pod } };
}

const rbac = documentsOf<RbacObject>('deploy/rbac.yaml');

describe('deploy/rbac.yaml', () => {
  it('grants in the controller namespace exactly what a step needs', () => {
    const read = ['get', 'list', 'watch'];
    assert.deepEqual(rightsOf('Role'), {
      'kubernaut.ai/remediationrequests': [...read, 'delete'],
      'kubernaut.ai/remediationrequests/status': ['get', 'patch'],
      'kubernaut.ai/remediationrequests/finalizers': ['update'],
      'kubernaut.ai/remediationapprovalrequests': [...read, 'create'],
      'kubernaut.ai/remediationapprovalrequests/status': ['get', 'patch'],
      'kubernaut.ai/signalprocessings': [...read, 'create'],
      'kubernaut.ai/aianalyses': [...read, 'create'],
      'kubernaut.ai/workflowexecutions': [...read, 'create'],
      'kubernaut.ai/signalprocessings/status': ['get', 'patch'],
      'kubernaut.ai/aianalyses/status': ['get', 'patch'],
      'kubernaut.ai/workflowexecutions/status': ['get', 'patch'],
      'kubernaut.ai/effectivenessassessments': [...read, 'create'],
      'kubernaut.ai/notificationrequests': [...read, 'create'],
      'kubernaut.ai/remediationworkflows': ['get', 'list'],
    });
  });

  it('grants in the cluster Events, namespaces, the CRDs by name, and reading targets', () => {
    const { '/events': events, '/namespaces': namespaces, ...others } = rightsOf('ClusterRole');
    assert.deepEqual(
      [events, namespaces],
      [
        ['create', 'patch'],
        ['get', 'list', 'watch'],
      ],
    );
    const targets =
      `pods services persistentvolumes nodes configmaps deployments replicasets statefulsets daemonsets jobs
      cronjobs horizontalpodautoscalers virtualservices destinationrules gateways serviceentries authorizationpolicies
      peerauthentications requestauthentications customresourcedefinitions`.split(/\s+/);
    assert.deepEqual(
      Object.keys(others)
        .map((key) => key.split('/')[1])
        .sort(),
      targets.sort(),
    );
    for (const [resource, verbs] of Object.entries(others)) assert.deepEqual(verbs, ['get'], resource);
    const crds = rulesOf('ClusterRole').find(({ resources }) => resources.includes('customresourcedefinitions'));
    const names = KIND_NAMES.map((kind) => `${KINDS[kind].plural}.kubernaut.ai`);
    assert.deepEqual([...(crds?.resourceNames ?? [])].sort(), names.sort());
  });

  it('has no wildcard and no secrets, and binds to one service account only', () => {
    assert.doesNotMatch(JSON.stringify(rbac), /\*|"secrets"/);
    const bindings = rbac.flatMap((object) => ('roleRef' in object ? [object] : []));
    assert.deepEqual(bindings.map(({ roleRef }) => `${roleRef.kind}/${roleRef.name}`).sort(), [
      'ClusterRole/remediationorchestrator-controller',
      'ClusterRole/view',
      'Role/remediationorchestrator-controller',
    ]);
    for (const { subjects } of bindings)
      assert.deepEqual(
        subjects.map(({ kind, name }) => `${kind}/${name}`),
        ['ServiceAccount/remediationorchestrator-controller'],
      );
  });
});

describe('deploy/orchestrator.yaml', () => {
  const deployment = documentsOf<Workload>('deploy/orchestrator.yaml')[0] ?? assert.fail();
  const pod = deployment.spec.template.spec;

  it('keeps the name that scripts look for, and gives a step time to end', () => {
    assert.equal(deployment.metadata.name, 'remediationorchestrator-controller');
    assert.equal(pod.terminationGracePeriodSeconds, 60);
  });

  it('runs orchestrator and watcher from the build, each with its own configuration', () => {
    const expected = [
      ['workers/orchestrator.ts', '/etc/remediationorchestrator/config.yaml'],
      ['workers/watcher.ts', '/etc/remediationorchestrator/watcher.yaml'],
    ];
    assert.deepEqual(
      pod.containers.map(({ command }) => [sourceOf(command), command[command.indexOf('--config') + 1]]),
      expected,
    );
    for (const [source = ''] of expected) assert.ok(isThere(source), `${source} is not there`);
  });

  it('probes and publishes the ports that each configuration opens', () => {
    const files = ['deploy/config/config.yaml', 'deploy/config/watcher.yaml'];
    const addresses = files.map((file) => configOf(file).controller);
    const opened = addresses.map(({ healthProbeAddr, metricsAddr }) => [healthProbeAddr, metricsAddr]);
    const published = pod.containers.map(({ ports = [] }) => ports.map(({ containerPort }) => `:${containerPort}`));
    assert.deepEqual(published, opened);
    assert.equal(new Set(opened.flat()).size, 4);
    for (const { ports = [], livenessProbe, readinessProbe } of pod.containers) {
      assert.deepEqual(livenessProbe.httpGet, { path: '/healthz', port: ports[0]?.name });
      assert.deepEqual(readinessProbe.httpGet, { path: '/readyz', port: ports[0]?.name });
    }
  });
});

describe('deploy/migrate.yaml', () => {
  const job = documentsOf<Workload>('deploy/migrate.yaml')[0] ?? assert.fail();

  it('runs the migration as the owner of the schema, without access to the API server', () => {
    const { containers, automountServiceAccountToken } = job.spec.template.spec;
    assert.equal(automountServiceAccountToken, false);
    assert.deepEqual(
      containers.map(({ command }) => command.slice(0, 3)),
      [['node', 'dist/src/cli/main.js', 'migrate']],
    );
    assert.equal(configOf('deploy/config/migrate.yaml').postgres.user, 'kubernaut_owner');
  });
});

describe('deploy/kustomization.yaml', () => {
  interface Kustomization {
    readonly resources: readonly string[];
    readonly configMapGenerator: readonly { readonly files: readonly string[] }[];
    readonly images: readonly { readonly newTag: string }[];
  }
  const kustomization = yamlOf<Kustomization>('deploy/kustomization.yaml');

  it('names files that are there, all CRDs among them', () => {
    const files = kustomization.configMapGenerator.flatMap(({ files: each }) =>
      each.map((file) => file.replace(/^.*=/, '')),
    );
    for (const file of [...kustomization.resources, ...files]) assert.ok(isThere(`deploy/${file}`), file);
    const crds = KIND_NAMES.map((kind) => `crds/kubernaut.ai_${KINDS[kind].plural}.yaml`);
    assert.deepEqual(
      kustomization.resources.filter((file) => file.startsWith('crds/')),
      crds.sort(),
    );
  });

  it('deploys the version in package.json', () => {
    const { version } = yamlOf<{ version: string }>('package.json');
    assert.deepEqual(
      kustomization.images.map(({ newTag }) => newTag),
      [version],
    );
  });
});

function rulesOf(kind: 'Role' | 'ClusterRole'): readonly Rule[] {
  return rbac.flatMap((object) => (object.kind === kind && 'rules' in object ? object.rules : []));
}

/** Verbs by `group/resource`; a resource that two rules name is a fault of the file. */
function rightsOf(kind: 'Role' | 'ClusterRole'): Record<string, readonly string[]> {
  const rights: Record<string, readonly string[]> = {};
  for (const { apiGroups, resources, verbs } of rulesOf(kind))
    for (const key of apiGroups.flatMap((group) => resources.map((resource) => `${group}/${resource}`))) {
      assert.ok(!(key in rights), `${key} is named twice`);
      rights[key] = verbs;
    }
  return rights;
}
