import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../src/postgres/migrate.ts';

const ROOT = join(import.meta.dirname, '../..');
const MIGRATE = join(ROOT, 'src/postgres/migrate.ts');
const MIGRATIONS = join(ROOT, 'migrations');

/** Brings the database at the URL to the wanted schema. */
export type Migrate = (url: string) => Promise<unknown>;

/** The product's own migration. */
export const migrateToLatest: Migrate = migrate;

/** Creates a database with that schema, as a copy of one that is migrated once; returns its URL. */
export async function createDatabase(adminUrl: string, name: string, bring: Migrate): Promise<string> {
  await withClient(adminUrl, async (admin) => {
    if (bring !== migrateToLatest) await admin.query(`create database ${name}`);
    else await admin.query(`create database ${name} template ${await ensureTemplate(admin, adminUrl)}`);
  });
  const url = urlOf(adminUrl, name);
  if (bring !== migrateToLatest) await bring(url);
  return url;
}

/** Removes the database, whoever is still connected to it. */
export async function dropDatabase(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await withClient(urlOf(url, 'postgres'), (admin) => admin.query(`drop database if exists ${name} with (force)`));
}

/** One template per state of the migrations; processes that come at once wait for the first. */
async function ensureTemplate(admin: pg.Client, adminUrl: string): Promise<string> {
  const template = `template_${digestOfMigrations()}`;
  const draft = `${template}_draft`;
  await admin.query('select pg_advisory_lock(hashtext($1))', [template]);
  try {
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [template]);
    if (rowCount === 0) {
      await admin.query(`drop database if exists ${draft} with (force)`);
      await admin.query(`create database ${draft}`);
      await migrateToLatest(urlOf(adminUrl, draft));
      await admin.query(`alter database ${draft} rename to ${template}`);
    }
  } finally {
    await admin.query('select pg_advisory_unlock(hashtext($1))', [template]);
  }
  return template;
}

function digestOfMigrations(): string {
  const hash = createHash('sha256').update(readFileSync(MIGRATE));
  const files = existsSync(MIGRATIONS) ? readdirSync(MIGRATIONS).sort() : [];
  for (const file of files) hash.update(file).update(readFileSync(join(MIGRATIONS, file)));
  return hash.digest('hex').slice(0, 12);
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.href;
}
