import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { after, before } from 'mocha';

/** Adapters: each knows one outside system and the core. */
const ADAPTERS = ['src/kubernetes', 'src/postgres', 'src/temporal', 'src/audit', 'src/queue'];
const CORE = ['src/remediation'];

/** Who may import whom. What is not listed is forbidden; `t:` allows `import type` only. A folder stands for all below it that have no row. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/remediation': CORE,
  src: ['src', 'node', 'pino', 'pino-pretty', 'prom-client'],
  'src/config': ['src/config', 'src', ...CORE, 'node', 'zod', 'yaml', 'fastest-levenshtein'],
  'src/kubernetes': ['src/kubernetes', 'src', ...CORE, 'node', '@kubernetes/client-node', 'lossless-json'],
  'src/postgres': [
    'src/postgres',
    'src/audit',
    'src',
    ...CORE,
    'node',
    'pg',
    'uuid',
    'canonicalize',
    'node-pg-migrate',
  ],
  'src/audit': ['src/audit', 'src/postgres', 'src', ...CORE, 'node'],
  'src/temporal': [
    'src/temporal',
    'src',
    ...CORE,
    't:src/kubernetes',
    'src/postgres',
    't:workflows',
    'node',
    '@temporalio/client',
    '@temporalio/common',
  ],
  'src/queue': ['src/queue', 'src/postgres', 'src', ...CORE, 'node', 'ioredis'],
  'src/datastorage': [
    'src/datastorage',
    'src/queue',
    'src/config',
    'src/postgres',
    'src/audit',
    'src/kubernetes',
    'src',
    ...CORE,
    'node',
    'yaml',
    'ajv',
    'ajv-formats',
    'uuid',
    't:pg',
    'fastify',
    '@fastify/cors',
    '@fastify/rate-limit',
    '@fastify/swagger',
    'zod',
    'fastest-levenshtein',
    'prom-client',
  ],
  'src/cli': [
    'src/cli',
    'src/datastorage',
    ...ADAPTERS,
    'src/config',
    'src',
    ...CORE,
    't:workflows',
    'workers',
    'dev/servers',
    'node',
    't:pg',
    'commander',
    'cli-table3',
  ],
  activities: [
    'activities',
    ...ADAPTERS,
    'src',
    ...CORE,
    't:workflows',
    'node',
    't:pg',
    '@temporalio/activity',
    '@temporalio/common',
  ],
  workflows: ['workflows', ...CORE, 't:activities', '@temporalio/workflow', '@temporalio/common'],
  workers: [
    'workers',
    'activities',
    ...ADAPTERS,
    'src/datastorage',
    'src/config',
    'src',
    ...CORE,
    't:workflows',
    'node',
    't:pg',
    '@temporalio/worker',
    'prom-client',
    'fastify',
  ],
  'dev/servers': ['dev/servers', 'src', 'node', 'pg', 'ioredis'],
  'dev/simulators': ['dev/simulators', 'src/kubernetes', ...CORE, 'node'],
  dev: [
    'dev',
    'dev/servers',
    'dev/simulators',
    ...ADAPTERS,
    'src/cli',
    'src/config',
    'src',
    ...CORE,
    'node',
    'pg',
    'yaml',
    'prettier',
  ],
  bench: [
    'bench',
    'src/datastorage',
    'dev',
    'dev/servers',
    'dev/simulators',
    ...ADAPTERS,
    'src',
    ...CORE,
    'node',
    'pg',
    'cli-table3',
  ],
};

const root = join(import.meta.dirname, '..');
const longestFirst = Object.keys(MAY_IMPORT).sort((a, b) => b.length - a.length);
const folderOf = (path: string) => longestFirst.find((folder) => path.startsWith(`${folder}/`));
const filesIn = (top: string): readonly string[] =>
  existsSync(join(root, top))
    ? readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => join(top, file))
    : [];
const sources = ['src', 'activities', 'workflows', 'workers', 'dev', 'bench'].flatMap(filesIn);

interface Import {
  readonly file: string;
  readonly from: string;
  /** The file it leads to, from the root; or the package. */
  readonly to: string;
  readonly isType: boolean;
}

const IMPORT = /^(?:import|export)( type)?[^'"]*?from ['"]([^'"]+)['"]|^import ['"]([^'"]+)['"]/gms;

const importsOf = (file: string): readonly Import[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(IMPORT)].map(([, type, named, bare]) => {
    const from = named ?? bare ?? '';
    return { file, from, to: from.startsWith('.') ? join(dirname(file), from) : from, isType: type !== undefined };
  });

const packageOf = (from: string): string =>
  from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/');
const targetOf = ({ from, to }: Import): string =>
  from.startsWith('.') ? (folderOf(to) ?? to) : from.startsWith('node:') ? 'node' : packageOf(from);

describe('the architecture', () => {
  const all = new Map(sources.map((file) => [file, importsOf(file)]));

  it('has a row for every folder', () => {
    assert.deepEqual(
      sources.filter((file) => folderOf(file) === undefined),
      [],
    );
  });

  for (const folder of Object.keys(MAY_IMPORT))
    it(`lets ${folder} import only what it may`, () => {
      const allowed = MAY_IMPORT[folder] ?? [];
      const offences = [...all]
        .filter(([file]) => folderOf(file) === folder)
        .flatMap(([, imports]) => imports)
        .filter((each) => {
          const target = targetOf(each);
          return !allowed.includes(target) && !(each.isType && allowed.includes(`t:${target}`));
        });
      assert.deepEqual(
        offences.map(({ file, from }) => `${file} may not import ${from}`),
        [],
      );
    });

  it('lets workflows know of activities what they promise, and nothing else', () => {
    const offences = [...all.values()]
      .flat()
      .filter(({ file, to }) => folderOf(file) === 'workflows' && folderOf(to) === 'activities')
      .filter(({ to }) => !to.endsWith('contract.ts'));
    assert.deepEqual(
      offences.map(({ file, from }) => `${file} imports ${from}`),
      [],
    );
  });

  it('lets nobody import tests, and only the command line start processes', () => {
    const offences = [...all.values()].flat().filter(({ file, to }) => {
      const isTest = to.startsWith('test/');
      const isProcess = to.startsWith('workers/') && !file.startsWith('workers/') && !file.startsWith('src/cli/');
      return (
        isTest || isProcess || (to.startsWith('src/cli/') && !file.startsWith('src/cli/') && !file.startsWith('dev/'))
      );
    });
    assert.deepEqual(
      offences.map(({ file, from }) => `${file} imports ${from}`),
      [],
    );
  });

  it('has no circle of files', () => {
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (done.has(file) || path.includes(file)) return;
      for (const { to, isType } of all.get(file) ?? []) if (!isType) visit(to, [...path, file]);
      done.add(file);
    };
    for (const file of sources) visit(file, []);
    assert.deepEqual(circles, []);
  });

  it('keeps files short: 300 lines at most, tests 400', () => {
    const tooLong = [...sources, ...filesIn('test')].filter((file) => {
      const lines = readFileSync(join(root, file), 'utf8').split('\n').length - 1;
      return lines > (file.startsWith('test/') ? 400 : 300);
    });
    assert.deepEqual(tooLong, []);
  });
});

describe('the workflow bundle', () => {
  let code = '';
  const quiet = { log: () => undefined, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
  before(async function () {
    this.timeout(60_000);
    ({ code } = await bundleWorkflowCode({ workflowsPath: join(root, 'workflows/index.ts'), logger: quiet }));
  });
  after(() => {
    code = '';
  });

  it('names its modules by their paths, so that this can be looked at', () => {
    assert.ok(code.includes('node_modules/@temporalio/workflow/'));
  });

  it('is smaller than 2 MB', () => {
    const withoutMap = code.replace(/\n\/\/# sourceMappingURL=.*$/s, '');
    assert.ok(withoutMap.length < 2_000_000, `${String(withoutMap.length)} bytes`);
  });

  for (const name of ['zod', 'pg', '@kubernetes/client-node', 'pino', 'prom-client', 'uuid', 'canonicalize'])
    it(`has nothing of ${name}`, () => {
      assert.ok(!code.includes(`node_modules/${name}/`), `the bundle holds ${name}`);
    });
});
