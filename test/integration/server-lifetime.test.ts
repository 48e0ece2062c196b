import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { startEtcd } from '../../dev/servers/etcd.ts';
import { locateServers } from '../../dev/servers/locate.ts';
import { startPostgres } from '../../dev/servers/postgres.ts';
import { isAlive } from '../../dev/servers/process.ts';
import { eventually } from '../support/eventually.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('a server of the local stack', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kubernaut-server-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('dies with the process that started it, even when that one is killed', async () => {
    const { etcd } = await locateServers();
    const script = `
      import { startEtcd } from './dev/servers/etcd.ts';
      const { pid } = await startEtcd(${JSON.stringify({ binary: etcd, folder })});
      console.log(pid);
      setInterval(() => undefined, 1000);`;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    const parent = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
    const pid = Number(line);
    assert.ok(isAlive(pid));
    parent.kill('SIGKILL');
    await eventually(() => {
      assert.equal(isAlive(pid), false);
    });
  });

  it('comes back on its port with its data after a stop', async () => {
    const first = await startPostgres({ folder });
    await query(first.url, 'create table kept as select 1 as value');
    await first.stop();
    const second = await startPostgres({ folder, port: first.port });
    try {
      assert.equal(second.url, first.url);
      assert.deepEqual(await query(second.url, 'select value from kept'), [{ value: 1 }]);
    } finally {
      await second.stop();
    }
  });

  it('does not take answers of another process on its port for its own', async () => {
    const { etcd } = await locateServers();
    const first = await startEtcd({ binary: etcd, folder });
    try {
      const second = startEtcd({ binary: etcd, folder: join(folder, 'second'), port: first.port });
      await assert.rejects(second, /etcd cannot use port \d+: another process listens there/);
    } finally {
      await first.stop();
    }
  });

  it('that cannot start says where its log is, and what it ends with', async () => {
    const { etcd } = await locateServers();
    writeFileSync(join(folder, 'data'), 'not a folder');
    await assert.rejects(
      startEtcd({ binary: etcd, folder }),
      /etcd ended while starting; its log is .*\/etcd\.log\n[^]*not a directory/,
    );
  });
});

async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
