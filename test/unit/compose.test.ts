import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { configOf, isThere, sourceOf, textOf, yamlOf } from '../fixtures/deploy.ts';

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: unknown;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose = yamlOf<Compose>('docker-compose.yml');
const services = Object.entries(compose.services);
const isOurs = ({ build }: Service): boolean => build !== undefined;

describe('docker-compose.yml', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  const validate = ajv.compile(JSON.parse(textOf('test/fixtures/compose-spec.json')) as object);

  it('fits the schema of the Compose specification', () => {
    assert.ok(validate(compose), JSON.stringify(validate.errors, null, 2));
  });

  it('would not fit with a misspelt key', () => {
    const { image, ...misspelt } = compose.services['postgres'] ?? assert.fail();
    assert.equal(validate({ ...compose, services: { postgres: { ...misspelt, imag: image } } }), false);
  });

  it('pins every image to a version', () => {
    for (const [name, { image }] of services) assert.match(image, /:\d+\.\d+(\.\d+)?$/, name);
  });

  it('builds the image of the version in package.json', () => {
    const { version } = JSON.parse(textOf('package.json')) as { version: string };
    const ours = services.filter(([, service]) => isOurs(service)).map(([, { image }]) => image);
    assert.deepEqual([...new Set(ours)], [`kubernaut-temporal-orchestrator:${version}`]);
  });

  it('runs the programs that the build makes, with a configuration that is mounted', () => {
    for (const [name, service] of services.filter(([, each]) => isOurs(each))) {
      const command = service.command ?? assert.fail(`${name} has no command`);
      assert.ok(isThere(sourceOf(command)), `${name}: ${sourceOf(command)} is not there`);
      const file = command[command.indexOf('--config') + 1];
      const mount = service.volumes?.find((volume) => volume.endsWith(`:${file}:ro`));
      assert.ok(mount !== undefined && isThere(mount.split(':')[0] ?? ''), `${name}: nothing is mounted at ${file}`);
    }
  });

  it('runs watcher and orchestrator after the migration, which runs after PostgreSQL is up', () => {
    const conditionsOf = (name: string): unknown => compose.services[name]?.depends_on;
    const expected = {
      migrate: { condition: 'service_completed_successfully' },
      temporal: { condition: 'service_healthy' },
    };
    assert.deepEqual([conditionsOf('watcher'), conditionsOf('orchestrator')], [expected, expected]);
    assert.deepEqual(conditionsOf('migrate'), { postgres: { condition: 'service_healthy' } });
  });

  it('waits only for services that say whether they are healthy', () => {
    const awaited = services.flatMap(([, { depends_on = {} }]) =>
      Object.entries(depends_on).filter(([, { condition }]) => condition === 'service_healthy'),
    );
    for (const [name] of awaited) assert.ok(compose.services[name]?.healthcheck, `${name} has no health check`);
  });

  it('keeps the data of PostgreSQL and Temporal in named volumes', () => {
    const mounted = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    assert.deepEqual(mounted.filter((name) => /^\w+$/.test(name)).sort(), ['postgres', 'temporal']);
    assert.deepEqual(Object.keys(compose.volumes).sort(), ['postgres', 'temporal']);
  });

  it('publishes ports on the loopback interface only', () => {
    const ports = services.flatMap(([, { ports: published = [] }]) => published);
    assert.deepEqual(ports, ['127.0.0.1:7233:7233', '127.0.0.1:8233:8233']);
  });

  it('configures the product for the servers it starts', () => {
    const config = configOf('deploy/compose/config.yaml');
    assert.equal(config.temporal.address, 'temporal:7233');
    assert.equal(new URL(config.postgres.url).hostname, 'postgres');
    const started = compose.services['temporal']?.command ?? [];
    assert.equal(started[started.indexOf('--namespace') + 1], config.temporal.namespace);
  });
});

describe('Dockerfile', () => {
  const lines = textOf('Dockerfile').split('\n');
  const copied = lines
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(' ').slice(1, -1));

  it('starts from Debian slim with a pinned Node.js 24', () => {
    const bases = lines.filter((line) => line.startsWith('FROM ')).map((line) => line.split(' ')[1]);
    assert.equal(bases.length, 2);
    for (const base of bases) assert.match(base ?? '', /^node:24\.\d+\.\d+-(bookworm|trixie)-slim$/);
  });

  it('does not run as root', () => {
    assert.deepEqual(
      lines.filter((line) => line.startsWith('USER ')),
      ['USER 65532:65532'],
    );
  });

  it('copies what is there and what .dockerignore lets through', () => {
    const allowed = textOf('.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    assert.deepEqual(copied.map((path) => path.replace(/^\.\//, '')).sort(), allowed.sort());
    for (const path of copied) assert.ok(isThere(path), `${path} is not there`);
  });

  it('starts a program that the build makes', () => {
    const command = lines.findLast((line) => line.startsWith('CMD ')) ?? assert.fail('no CMD');
    assert.ok(isThere(sourceOf(JSON.parse(command.slice('CMD '.length)) as string[])));
  });
});
