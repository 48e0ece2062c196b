/** Where the database is and how to log in, from the keys of the section postgres. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { FileConfig } from './schema.ts';

type Postgres = Pick<
  FileConfig['postgres'],
  'url' | 'host' | 'port' | 'database' | 'user' | 'passwordFile' | 'secretsFile' | 'passwordKey' | 'sslMode' | 'caFile'
>;

/** Host and TLS mode that the keys amount to; undefined when url cannot be understood. */
export function partsOf(postgres: Postgres): { readonly host: string; readonly sslMode: string } | undefined {
  const url = urlOf(postgres);
  if (url === undefined) return undefined;
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1');
  return { host, sslMode: url.searchParams.get('sslmode') ?? (isLoopback(host) ? 'disable' : 'verify-full') };
}

/** The whole connection string, password and TLS settings included. Reads the password from its file each time. */
export function connectionString(postgres: Postgres): string {
  const url = urlOf(postgres);
  const parts = partsOf(postgres);
  if (url === undefined || parts === undefined) throw new TypeError('postgres.url has been checked before');
  const password = passwordOf(postgres);
  if (password !== undefined) url.password = encodeURIComponent(password);
  url.searchParams.set('sslmode', parts.sslMode);
  if (postgres.caFile !== '') url.searchParams.set('sslrootcert', postgres.caFile);
  // Without it, the driver takes every mode but disable for verify-full.
  url.searchParams.set('uselibpqcompat', 'true');
  return url.href;
}

/** The connection string without what is nobody's business: for messages. */
export function withoutSecrets(connection: string): string {
  if (!URL.canParse(connection)) return 'the database';
  const { host, pathname, username } = new URL(connection);
  return `postgres://${username === '' ? '' : `${username}@`}${host}${pathname}`;
}

/** Whether the host is this machine: the loopback interface or a socket in the file system. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('/') || /^127(\.\d{1,3}){3}$/.test(host);

function urlOf(postgres: Postgres): URL | undefined {
  const { host, port, database, user, sslMode } = postgres;
  const base = `postgres://${encodeURIComponent(user)}@${authority(host)}:${String(port)}/${encodeURIComponent(database)}`;
  const text = postgres.url === '' ? base : postgres.url;
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (host.startsWith('/')) url.searchParams.set('host', host);
  if (sslMode !== '') url.searchParams.set('sslmode', sslMode);
  return url;
}

function authority(host: string): string {
  if (host.startsWith('/')) return 'localhost';
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

function passwordOf({ passwordFile, secretsFile, passwordKey }: Postgres): string | undefined {
  if (passwordFile !== '') return readFileSync(passwordFile, 'utf8').replace(/\r?\n$/, '');
  if (secretsFile === '') return undefined;
  const secrets: unknown = parse(readFileSync(secretsFile, 'utf8'));
  const password: unknown =
    typeof secrets === 'object' && secrets !== null ? Reflect.get(secrets, passwordKey) : undefined;
  return typeof password === 'string' || typeof password === 'number' ? String(password) : undefined;
}
