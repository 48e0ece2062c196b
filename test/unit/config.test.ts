import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nearestKey } from '../../src/config/faults.ts';
import { connectionString, withoutSecrets } from '../../src/config/postgres.ts';
import { readConfig } from '../../src/config/read.ts';
import type { Config, ConfigFlags } from '../../src/config/read.ts';
import { settingsOf } from '../../src/config/settings.ts';
import { temporalSecurity } from '../../src/config/temporal.ts';
import { InvalidRequestError } from '../../src/errors.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DATABASE = 'postgres: {url: "postgres://ro@127.0.0.1/kubernaut"}\n';

describe('The configuration', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'config-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const fileOf = (name: string, content: string | Buffer): string => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  };
  const read = (yaml: string, flags: ConfigFlags = {}): Config =>
    readConfig({ file: fileOf('config.yaml', yaml), env: {}, flags: { namespace: 'ro', ...flags } });
  const faultsOf = (yaml: string): readonly string[] => {
    try {
      read(yaml);
    } catch (error) {
      assert.ok(error instanceof InvalidRequestError && error.code === 'INVALID_CONFIG');
      return error.message
        .split('\n')
        .slice(1)
        .map((line) => line.replace('  - ', ''));
    }
    return [];
  };
  const faultsIn = (yaml: string): readonly string[] => faultsOf(DATABASE + yaml);

  it('A-50 needs nothing but a database and a namespace', () => {
    const config = read(DATABASE);
    const { consecutiveFailureThreshold, ...routing } = config.routing;
    assert.equal(consecutiveFailureThreshold, 3);
    assert.equal(routing.consecutiveFailureCooldown, HOUR);
    assert.equal(routing.recentlyRemediatedCooldown, 5 * MINUTE);
    assert.equal(routing.exponentialBackoffBase, MINUTE);
    assert.equal(routing.exponentialBackoffMax, 10 * MINUTE);
    assert.equal(routing.exponentialBackoffMaxExponent, 4);
    assert.equal(config.temporal.localActivities, true);
  });

  it('gives a remediation its settings in milliseconds', () => {
    const settings = settingsOf(read(DATABASE));
    assert.deepEqual(settings.timeouts, {
      global: HOUR,
      processing: 5 * MINUTE,
      analyzing: 10 * MINUTE,
      executing: 30 * MINUTE,
      awaitingApproval: 15 * MINUTE,
      verifying: 30 * MINUTE,
    });
    assert.equal(settings.noActionRequiredDelay, 24 * HOUR);
    assert.deepEqual(settings.backoff, { base: MINUTE, max: 10 * MINUTE, maxExponent: 4 });
    assert.equal(settings.captureSpec, 'full');
  });

  it("E-185 takes upstream's file and says which of its keys do nothing", () => {
    const upstream = `
datastorage:
  url: http://data-storage-service:8080
  timeout: 10s
  buffer: {bufferSize: 30000, batchSize: 1000, flushInterval: 1s, maxRetries: 3}
controller: {metricsAddr: ":9090", healthProbeAddr: ":8081", leaderElection: false}
timeouts: {global: "1h", processing: "5m", analyzing: "10m", executing: "30m"}
effectivenessAssessment: {stabilizationWindow: "5m"}
routing:
`;
    const config = read(upstream, { postgresUrl: 'postgres://ro@127.0.0.1/kubernaut' });
    assert.equal(config.datastorage.buffer.bufferSize, 30_000);
    assert.equal(config.effectivenessAssessment.stabilizationWindow, 5 * MINUTE);
    assert.deepEqual(config.ignoredKeys, [
      'datastorage.url',
      'datastorage.buffer.bufferSize',
      'datastorage.buffer.batchSize',
    ]);
  });

  it('E-185 names the nearest key for one that does not exist', () => {
    assert.deepEqual(faultsIn('timeoutss: {global: 1h}'), ['unknown key "timeoutss"; did you mean "timeouts"?']);
    assert.deepEqual(faultsIn('timeouts: {awaitingaproval: 1m}'), [
      'unknown key "timeouts.awaitingaproval"; did you mean "timeouts.awaitingApproval"?',
    ]);
    assert.equal(nearestKey('global'), 'timeouts.global');
    assert.equal(nearestKey('temporal.adress'), 'temporal.address');
  });

  it('lists every fault at once, those between keys included', () => {
    const yaml = `
timeouts: {global: 10m, verifying: 0s}
dryRun: on
dryRunHoldPeriod: 4m
logging: {level: LOUD}
postgres: {pool: {max: 1}}
retentionn: {}
`;
    assert.deepEqual(faultsOf(yaml), [
      'timeouts.verifying must be positive, got 0s',
      'logging.level must be one of DEBUG, INFO, WARN, ERROR, got LOUD',
      'postgres.pool.max must be a whole number of at least 2, got 1',
      'unknown key "retentionn"; did you mean "retention"?',
      'dryRunHoldPeriod must be between 5m and 168h when dryRun is on, got 4m',
      'postgres.url or postgres.host must name the database that keeps the audit trail',
    ]);
  });

  it('E-186 wants the global limit to hold those of the phases, and names both figures', () => {
    const text =
      'timeouts.global (45m0s) must be at least the sum of processing, analyzing, awaitingApproval and executing (1h0m0s)';
    assert.deepEqual(faultsIn('timeouts: {global: 45m}'), [text]);
    assert.deepEqual(
      faultsIn('timeouts: {global: 20m, processing: 5m, analyzing: 5m, awaitingApproval: 5m, executing: 5m}'),
      [],
    );
  });

  for (const key of ['global', 'processing', 'analyzing', 'executing', 'awaitingApproval', 'verifying'])
    it(`wants timeouts.${key} positive`, () => {
      assert.deepEqual(faultsIn(`timeouts: {${key}: -1m}`), [`timeouts.${key} must be positive, got -1m`]);
      assert.deepEqual(faultsIn(`timeouts: {${key}: soon}`), [
        `timeouts.${key} must be a duration such as 30s or 1h30m, got soon`,
      ]);
    });

  const judged: readonly (readonly [string, string | undefined])[] = [
    ['retention: {period: 0s}', 'retention.period must be positive, got 0s'],
    [
      'effectivenessAssessment: {stabilizationWindow: 999ms}',
      'effectivenessAssessment.stabilizationWindow must be between 1s and 1h, got 999ms',
    ],
    ['effectivenessAssessment: {stabilizationWindow: 1h}', undefined],
    ['asyncPropagation: {gitOpsSyncDelay: -1s}', 'asyncPropagation.gitOpsSyncDelay must be zero or more, got -1s'],
    ['asyncPropagation: {gitOpsSyncDelay: 0}', undefined],
    [
      'routing: {exponentialBackoffBase: 20m}',
      'routing.exponentialBackoffMax (10m) must be at least routing.exponentialBackoffBase (20m)',
    ],
    ['api: {sweepInterval: 5s}', 'api.sweepInterval must be between 10s and 30s, got 5s'],
    ['temporal: {address: localhost}', 'temporal.address must be host:port, got localhost'],
    [
      'temporal: {tls: {certFile: /x}}',
      'temporal.tls.certFile and temporal.tls.keyFile go together: give both or neither',
    ],
    ['audit: {schema: "a; drop table x"}', 'audit.schema must be a plain SQL identifier in lower case'],
    [
      'fleet: {enabled: true, backend: acm, mcpGatewayEndpoint: g, mcpGatewayType: eaigw, oauth2: {enabled: true, tokenURL: u, credentialsSecretRef: s}}',
      'fleet.tokenPath is needed for backend acm',
    ],
    ['dryRun: maybe', 'dryRun must be true or false, got maybe'],
    ['timeouts: 5m', 'timeouts must be a group of keys, got 5m'],
  ];
  for (const [yaml, fault] of judged)
    it(`${fault === undefined ? 'accepts' : 'refuses'} ${yaml}`, () => {
      const faults = faultsIn(yaml);
      if (fault === undefined) assert.deepEqual(faults, []);
      else assert.ok(faults.includes(fault), faults.join('\n'));
    });

  it('E-046 limits the hold period of a dry run, and only then', () => {
    for (const [period, on, sound] of [
      ['4m', true, false],
      ['5m', true, true],
      ['168h', true, true],
      ['169h', true, false],
      ['4m', false, true],
    ] as const)
      assert.equal(faultsIn(`dryRun: ${String(on)}\ndryRunHoldPeriod: ${period}`).length === 0, sound, period);
  });

  it('speaks to a database without TLS only in tests or on this machine', () => {
    const refused =
      'postgres.sslMode disable is for environment: test or a database on this machine, and db.example.com is elsewhere';
    assert.deepEqual(faultsOf('postgres: {host: db.example.com, sslMode: disable}'), [refused]);
    assert.deepEqual(faultsOf('postgres: {url: "postgres://a@db.example.com/x?sslmode=disable"}'), [refused]);
    assert.deepEqual(faultsOf('environment: test\npostgres: {host: db.example.com, sslMode: disable}'), []);
    for (const host of ['localhost', '127.0.0.1', '"::1"', '/var/run/postgresql'])
      assert.deepEqual(faultsOf(`postgres: {host: ${host}, sslMode: disable}`), [], host);
  });

  it('builds the connection string, with the password from its file and never in a message', () => {
    const passwordFile = fileOf('password', 'p@ss/word\n');
    const { postgres } = read(`postgres: {host: "fd00::1", user: ro, passwordFile: ${passwordFile}}`);
    const connection = connectionString(postgres);
    assert.equal(
      connection,
      'postgres://ro:p%40ss%2Fword@[fd00::1]:5432/kubernaut?sslmode=verify-full&uselibpqcompat=true',
    );
    assert.equal(withoutSecrets(connection), 'postgres://ro@[fd00::1]:5432/kubernaut');
  });

  it('uses TLS by default, but not for a database on this machine', () => {
    const modeOf = (yaml: string) => new URL(connectionString(read(yaml).postgres)).searchParams.get('sslmode');
    assert.equal(modeOf('postgres: {host: db.example.com}'), 'verify-full');
    assert.equal(modeOf('postgres: {host: 127.0.0.1}'), 'disable');
    assert.equal(modeOf('postgres: {host: 127.0.0.1, sslMode: require}'), 'require');
    assert.equal(modeOf('postgres: {url: "postgres://a@db/x?sslmode=require"}'), 'require');
  });

  it('takes the password from a file with several secrets', () => {
    const secretsFile = fileOf('secrets.yaml', 'username: ro\npassword: "123"\n');
    const { postgres } = read(`postgres: {host: db, secretsFile: ${secretsFile}, passwordKey: password}`);
    assert.equal(new URL(connectionString(postgres)).password, '123');
  });

  it('wants every file that it names', () => {
    assert.deepEqual(faultsIn('temporal: {apiKeyFile: /no/such/file}'), [
      'temporal.apiKeyFile names a file that cannot be read: /no/such/file',
    ]);
    const short = fileOf('short-key', 'x');
    assert.deepEqual(faultsIn(`temporal: {payloadCodec: {keyFile: ${short}}}`), [
      `temporal.payloadCodec.keyFile must hold 32 bytes, ${short} has 1`,
    ]);
  });

  it('speaks TLS with Temporal when told so, or when there is an API key', () => {
    assert.deepEqual(temporalSecurity(read(DATABASE)), {});
    const caFile = fileOf('ca.pem', 'CA');
    const tls = read(`${DATABASE}temporal: {tls: {enabled: yes, caFile: ${caFile}, serverName: t}}`);
    assert.deepEqual(temporalSecurity(tls), {
      tls: { serverRootCACertificate: Buffer.from('CA'), serverNameOverride: 't' },
    });
    const apiKeyFile = fileOf('api-key', 'secret\n');
    assert.deepEqual(temporalSecurity(read(`${DATABASE}temporal: {apiKeyFile: ${apiKeyFile}}`)), {
      tls: {},
      apiKey: 'secret',
    });
  });

  it('H-15 treats hostile keys as unknown keys', () => {
    assert.equal(faultsIn('__proto__: {dryRun: true}\nconstructor: 1').length, 2);
    assert.equal(({} as { dryRun?: boolean }).dryRun, undefined);
  });

  it('reports a file that is missing, no YAML, or no group of keys', () => {
    const missing = { file: join(folder, 'none.yaml'), env: {}, flags: { namespace: 'ro' } };
    assert.throws(
      () => readConfig(missing),
      /none\.yaml has a fault:\n {2}- the file cannot be read: it does not exist/,
    );
    assert.match(faultsOf('a: [1\nb: 2').join(), /line/);
    assert.match(faultsOf('timeouts: {}\ntimeouts: {}').join(), /unique/);
    assert.deepEqual(faultsOf('just a text'), ['the file must be a group of keys, got "just a text"']);
  });

  it('is frozen to the bottom', () => {
    const config = read(DATABASE);
    assert.throws(() => Object.assign(config.temporal.worker, { maxCachedWorkflows: 1 }), TypeError);
  });

  describe('namespace', () => {
    const named = (env: Readonly<Record<string, string>>, flags: ConfigFlags, file?: string): string =>
      readConfig({
        file: '',
        env,
        flags: { postgresUrl: 'postgres://ro@127.0.0.1/x', ...flags },
        namespaceFile: file ?? join(folder, 'no-namespace'),
      }).namespace;

    it('is that of the flag, else of the environment, else of the service account', () => {
      const file = fileOf('namespace', 'from-pod\n');
      const variable = { KUBERNAUT_CONTROLLER_NAMESPACE: 'from-variable' };
      assert.equal(named(variable, { namespace: 'from-flag' }, file), 'from-flag');
      assert.equal(named(variable, {}, file), 'from-variable');
      assert.equal(named({}, {}, file), 'from-pod');
    });

    it('is an error when it is set but empty, unknown, or no name', () => {
      assert.throws(() => named({ KUBERNAUT_CONTROLLER_NAMESPACE: '' }, {}), /is set but empty/);
      assert.throws(() => named({}, {}), /the namespace is not known: give --namespace or set KUBERNAUT/);
      assert.throws(() => named({}, { namespace: 'Not/One' }), /"Not\/One" is no name of a namespace/);
    });
  });
});
