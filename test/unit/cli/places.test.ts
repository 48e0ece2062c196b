import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPlaces, globalOptions, postgresOf } from '../../../src/cli/places.ts';
import { readConnection, removeConnection, stateFolder, writeConnection } from '../../../src/config/connection-file.ts';
import type { ConnectionFile } from '../../../src/config/connection-file.ts';
import { InvalidRequestError } from '../../../src/errors.ts';

describe('Where rrctl finds its servers', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'state-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const running: ConnectionFile = {
    pid: process.pid,
    postgresUrl: 'postgres://up@127.0.0.1:1/x',
    temporalAddress: '127.0.0.1:2',
    temporalNamespace: 'up',
    taskQueue: 'q',
    temporalUi: 'http://127.0.0.1:3',
    namespace: 'from-up',
  };
  const find = (options: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) =>
    findPlaces(globalOptions(options), { KUBERNAUT_STATE: folder, ...env });
  const configFile = (): string => {
    const file = join(folder, 'config.yaml');
    const temporal = 'temporal: {address: "config:7233", namespace: config}';
    writeFileSync(file, `postgres: {url: "postgres://config@127.0.0.1/x?sslmode=disable"}\n${temporal}\n`);
    return file;
  };

  it('is what flags say, before the environment, the configuration file and a running rrctl up', () => {
    writeConnection(folder, running);
    const env = {
      KUBERNAUT_POSTGRES_URL: 'postgres://env@db/x',
      TEMPORAL_ADDRESS: 'env:7233',
      TEMPORAL_NAMESPACE: 'env',
    };
    const flags = { postgresUrl: 'postgres://flag@db/x', temporalAddress: 'flag:7233', temporalNamespace: 'flag' };
    const user = (places: ReturnType<typeof find>) => new URL(places.postgres?.url ?? '').username;
    const config = { config: configFile() };
    const found = [find({ ...flags, ...config }, env), find(config, env), find(config), find({})];
    assert.deepEqual(found.map(user), ['flag', 'env', 'config', 'up']);
    assert.deepEqual(
      found.map(({ temporal }) => [temporal.address, temporal.namespace]),
      [
        ['flag:7233', 'flag'],
        ['env:7233', 'env'],
        ['config:7233', 'config'],
        ['127.0.0.1:2', 'up'],
      ],
    );
    assert.deepEqual([find({}).namespace, find({}).temporalUi], ['from-up', 'http://127.0.0.1:3']);
  });

  it('is nowhere for PostgreSQL when nothing names it, and the error lists the ways', () => {
    assert.throws(
      () => postgresOf(find({})),
      (error: unknown) =>
        error instanceof InvalidRequestError &&
        error.code === 'INVALID_CONFIG' &&
        /--postgres-url, KUBERNAUT_POSTGRES_URL or --config/.test(error.message),
    );
  });

  it('shows no password', () => {
    assert.equal(find({ postgresUrl: 'postgres://me:secret@db/x' }).postgres?.shown, 'postgres://me@db/x');
  });

  it('ignores what a process has left behind that is gone', () => {
    writeConnection(folder, { ...running, pid: 2 ** 30 });
    assert.equal(readConnection(folder), undefined);
    removeConnection(folder);
    writeConnection(folder, running);
    removeConnection(folder);
    assert.equal(readConnection(folder), undefined);
  });

  it('keeps the connection file to its owner', () => {
    writeConnection(folder, running);
    assert.equal(statSync(join(folder, 'connection.json')).mode & 0o777, 0o600);
  });

  it('looks for it in KUBERNAUT_STATE, else in the state folder of the user', () => {
    assert.equal(stateFolder({ KUBERNAUT_STATE: '/k', XDG_STATE_HOME: '/s' }), '/k');
    assert.equal(stateFolder({ XDG_STATE_HOME: '/s' }), '/s/kubernaut-temporal');
    assert.match(stateFolder({}), /\.local\/state\/kubernaut-temporal$/);
  });
});
