/** The configuration file of the service: upstream's keys, and ours beside them. */
import { existsSync, readFileSync } from 'node:fs';
import { distance } from 'fastest-levenshtein';
import { parse } from 'yaml';
import { z } from 'zod';
import { notNegative, onOff, optionalText, positive, text, texts, whole, word } from '../config/values.ts';
import { InvalidRequestError, fullMessage } from '../errors.ts';

const section = z.strictObject;
/** Absent keys and empty groups have their defaults. */
const group = <T extends z.ZodRawShape>(shape: T) => z.preprocess((value) => value ?? {}, section(shape));

/** Accepted so that files of upstream work; the service says once that they do nothing. */
const unused = () => z.unknown().optional();

const schema = section({
  environment: word(['production', 'test'], 'production'),
  server: group({
    port: whole(8080, 0, 65_535),
    host: text('0.0.0.0'),
    healthPort: whole(8081, 0, 65_535),
    metricsPort: whole(9090, 0, 65_535),
    maxBatchSize: whole(1000, 1, 10_000),
    maxBodySize: whole(5 * 1024 * 1024, 1024 * 1024, 50 * 1024 * 1024),
    readTimeout: positive('30s'),
    writeTimeout: positive('30s'),
    shutdownTimeout: positive('60s'),
    endpointPropagationDelay: notNegative('5s'),
    corsAllowedOrigins: texts([]),
    rateLimit: group({ enabled: onOff(false), requestsPerSecond: whole(50, 1), burst: whole(100, 1) }),
    signerCertDir: unused(),
    disableProfiling: unused(),
    tls: unused(),
  }),
  database: group({
    host: text('postgres'),
    port: whole(5432, 1, 65_535),
    name: text('kubernaut'),
    user: text('kubernaut_ds'),
    sslMode: word(['disable', 'require', 'verify-ca', 'verify-full'], 'verify-full'),
    caFile: optionalText(),
    maxOpenConns: whole(25, 2),
    secretsFile: optionalText(),
    usernameKey: optionalText(),
    passwordKey: text('password'),
    maxIdleConns: unused(),
    connMaxLifetime: unused(),
    connMaxIdleTime: unused(),
    statementTimeout: unused(),
    lockTimeout: unused(),
  }),
  redis: group({
    addr: optionalText(),
    dlqMaxLen: whole(10_000, 1),
    secretsFile: optionalText(),
    passwordKey: text('password'),
    tls: unused(),
  }),
  retention: unused(),
  audit: group({
    allowWeakRoles: onOff(false),
    /** Public keys that checkpoints are verified with. */
    publicKeyFiles: texts([]),
    hashKeySecretsFile: unused(),
    hashKeyKey: unused(),
    schema: unused(),
  }),
  auth: group({
    mode: word(['tokenReview', 'static', 'none'], 'tokenReview'),
    staticTokensFile: optionalText(),
    cacheTTL: positive('60s'),
  }),
  logging: group({
    level: word(['DEBUG', 'INFO', 'WARN', 'ERROR'], 'INFO'),
    format: word(['json', 'console'], 'json'),
  }),
  tlsProfile: unused(),
  telemetry: unused(),
});

/** The values of a file, absent keys filled in; durations are milliseconds. */
export type StorageConfig = z.output<typeof schema>;

/** Reads the file. Throws one INVALID_CONFIG error that lists every fault. */
export function readStorageConfig(file: string): StorageConfig {
  const fail = (faults: readonly string[]): never => {
    throw new InvalidRequestError(
      'INVALID_CONFIG',
      [`The configuration ${file} is not valid:`, ...faults.map((fault) => `  - ${fault}`)].join('\n'),
    );
  };
  let tree: unknown;
  try {
    tree = parse(readFileSync(file, 'utf8')) ?? {};
  } catch (error) {
    return fail([`the file cannot be read: ${existsSync(file) ? fullMessage(error) : 'it does not exist'}`]);
  }
  const read = schema.safeParse(withGroups(tree));
  if (!read.success) return fail(read.error.issues.flatMap(faultsOf));
  const faults = ruleFaults(read.data);
  return faults.length > 0 ? fail(faults) : read.data;
}

/** A group that the file leaves out has its defaults, too. */
const GROUPS = ['server', 'database', 'redis', 'audit', 'auth', 'logging'];
function withGroups(tree: unknown): unknown {
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) return tree;
  const given = tree as Readonly<Record<string, unknown>>;
  const server = given['server'] ?? {};
  return { ...Object.fromEntries(GROUPS.map((name) => [name, {}])), ...given, server: { rateLimit: {}, ...server } };
}

function ruleFaults({ environment, auth, database, redis, audit }: StorageConfig): readonly string[] {
  const files = [
    ['database.secretsFile', database.secretsFile],
    ['database.caFile', database.caFile],
    ['redis.secretsFile', redis.secretsFile],
    ['auth.staticTokensFile', auth.staticTokensFile],
    ...audit.publicKeyFiles.map((each) => ['audit.publicKeyFiles', each] as const),
  ] as const;
  const local = ['localhost', '127.0.0.1', '::1'].includes(database.host);
  return [
    ...files.flatMap(([key, file]) =>
      file === '' || existsSync(file) ? [] : [`${key} names a file that does not exist: ${file}`],
    ),
    ...(auth.mode === 'none' && environment !== 'test' ? ['auth.mode none is for environment: test'] : []),
    ...(auth.mode === 'static' && auth.staticTokensFile === ''
      ? ['auth.staticTokensFile is needed for auth.mode static']
      : []),
    ...(database.sslMode === 'disable' && environment !== 'test' && !local
      ? ['database.sslMode disable is for environment: test or a database on this machine']
      : []),
  ];
}

const KNOWN = keysOf(schema, '');

function faultsOf(issue: z.core.$ZodIssue): readonly string[] {
  const path = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return [`${path} ${issue.message}`];
  return issue.keys.map((key) => {
    const full = path === '' ? key : `${path}.${key}`;
    const nearest = KNOWN.reduce((best, each) => (distance(full, each) < distance(full, best) ? each : best));
    return `unknown key "${full}"; did you mean "${nearest}"?`;
  });
}

function keysOf(object: z.ZodObject, prefix: string): readonly string[] {
  return Object.entries(object.shape).flatMap(([name, inner]) => {
    const of: unknown = inner instanceof z.ZodPipe ? inner.out : inner;
    return of instanceof z.ZodObject ? [prefix + name, ...keysOf(of, `${prefix}${name}.`)] : [prefix + name];
  });
}

/** The connection string of the database, with its password. */
export function databaseUrl({ database }: Pick<StorageConfig, 'database'>): string {
  const secrets = secretsOf(database.secretsFile);
  const url = new URL(`postgres://${database.host}:${String(database.port)}/${encodeURIComponent(database.name)}`);
  url.username = encodeURIComponent(
    (database.usernameKey === '' ? undefined : secrets[database.usernameKey]) ?? database.user,
  );
  url.password = encodeURIComponent(secrets[database.passwordKey] ?? '');
  url.searchParams.set('sslmode', database.sslMode);
  if (database.caFile !== '') url.searchParams.set('sslrootcert', database.caFile);
  url.searchParams.set('uselibpqcompat', 'true');
  return url.href;
}

/** The password of the queue's server, if there is one. */
export const queuePassword = ({ redis }: Pick<StorageConfig, 'redis'>): string | undefined =>
  secretsOf(redis.secretsFile)[redis.passwordKey];

function secretsOf(file: string): Readonly<Record<string, string | undefined>> {
  if (file === '') return {};
  const secrets: unknown = parse(readFileSync(file, 'utf8'));
  if (typeof secrets !== 'object' || secrets === null) return {};
  return Object.fromEntries(Object.entries(secrets).map(([key, value]) => [key, String(value)]));
}
