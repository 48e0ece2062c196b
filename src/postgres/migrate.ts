/** Brings a database to the schema that this program knows: numbered SQL files, each applied once. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { runner } from 'node-pg-migrate';
import { InvalidRequestError } from '../errors.ts';
import { sha256Hex } from './canonical.ts';
import { hasSqlState } from './errors.ts';
import { SCHEMA, translating } from './pool.ts';

/** The table that remembers which files were applied, with their digests. */
const APPLIED = 'schema_migrations';

/** One migration at a time in a database, whoever runs it; the others wait and then find it done. */
const LOCK = `hashtextextended('kubernaut-migrate', 0)`;

export type SchemaState =
  | { readonly kind: 'current' }
  /** Migrations of this program are missing in the database. */
  | { readonly kind: 'behind'; readonly missing: readonly string[] }
  /** The database was migrated by a newer program. */
  | { readonly kind: 'ahead'; readonly unknown: readonly string[] };

interface MigrationFile {
  readonly name: string;
  readonly checksum: string;
}

/** Applies what is missing. Somebody else having applied it meanwhile is success as well. */
export async function migrate(url: string): Promise<'migrated' | 'up-to-date'> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, keepAlive: true });
  // A connection that breaks tells its query as well; without a listener it would also end the process.
  client.on('error', () => undefined);
  return translating(async () => {
    await client.connect();
    try {
      await client.query(`select pg_advisory_lock(${LOCK})`);
      await client.query(readSql('roles.sql'));
      await becomeOwner(client);
      const applied = await runner({
        dbClient: client,
        dir: migrationsFolder(),
        ignorePattern: '(?!\\d{4}_).*',
        direction: 'up',
        schema: SCHEMA,
        migrationsTable: APPLIED,
        noLock: true,
        logger: SILENT,
      });
      await keepChecksums(client);
      await client.query(readSql('grants.sql'));
      return applied.length > 0 ? 'migrated' : 'up-to-date';
    } finally {
      await client.end();
    }
  });
}

/** Whether the database fits this program. */
export async function schemaState(pool: pg.Pool): Promise<SchemaState> {
  const files = migrationFiles().map((file) => file.name);
  const applied = await appliedNames(pool);
  const unknown = applied.filter((name) => !files.includes(name));
  if (unknown.length > 0) return { kind: 'ahead', unknown };
  const missing = files.filter((name) => !applied.includes(name));
  return missing.length > 0 ? { kind: 'behind', missing } : { kind: 'current' };
}

const UNDEFINED_TABLE = '42P01';

async function appliedNames(pool: pg.Pool): Promise<readonly string[]> {
  try {
    const result = await translating(() => pool.query<{ name: string }>(`select name from ${APPLIED} order by id`));
    return result.rows.map((row) => row.name);
  } catch (error) {
    if (hasSqlState(error, UNDEFINED_TABLE)) return [];
    throw error;
  }
}

/** Everything belongs to the schema's owner, whoever of its members migrates. */
async function becomeOwner(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ owner: string; user: string }>(
    `select pg_get_userbyid(nspowner) as owner, current_user as user from pg_namespace where nspname = $1`,
    [SCHEMA],
  );
  const { owner = '', user = '' } = rows[0] ?? {};
  try {
    if (owner !== user) await client.query(`set role ${client.escapeIdentifier(owner)}`);
  } catch (error) {
    const advice = `grant it the role or migrate as ${owner}`;
    const message = `The schema ${SCHEMA} belongs to ${owner}, and ${user} is no member of that role: ${advice}.`;
    throw new InvalidRequestError('FORBIDDEN', message, { cause: error });
  }
}

/** An applied file must not change: a database that has the old content would differ from one that gets the new. */
async function keepChecksums(client: pg.Client): Promise<void> {
  await client.query(`alter table ${APPLIED} add column if not exists checksum text`);
  for (const { name, checksum } of migrationFiles()) {
    const { rows } = await client.query<{ checksum: string }>(
      `update ${APPLIED} set checksum = coalesce(checksum, $2) where name = $1 returning checksum`,
      [name, checksum],
    );
    if (rows[0]?.checksum !== checksum)
      throw new InvalidRequestError(
        'INVALID_CONFIG',
        `Migration ${name} was applied with another content: put the file back and add a new one for what is to change.`,
      );
  }
}

const migrationFiles = (): readonly MigrationFile[] =>
  readdirSync(migrationsFolder())
    .filter((file) => /^\d{4}_.*\.sql$/.test(file))
    .sort()
    .map((file) => ({ name: file.replace(/\.sql$/, ''), checksum: sha256Hex(readSql(file)) }));

const readSql = (file: string): string => readFileSync(join(migrationsFolder(), file), 'utf8');

/** Beside package.json, however deep in the sources or in the build this file lies. */
function migrationsFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return join(folder, 'migrations');
}

const nothing = (): void => undefined;
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };
