import assert from 'node:assert/strict';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { after, before } from 'mocha';
import type pg from 'pg';
import { UnavailableError } from '../../../src/errors.ts';
import { commitTransaction } from '../../../src/postgres/commit-transaction.ts';
import type { TransactionAnswer } from '../../../src/postgres/commit-transaction.ts';
import { createPool } from '../../../src/postgres/pool.ts';
import { trailOf } from '../../../src/postgres/trail.ts';
import { verifyTrail } from '../../../src/postgres/verify.ts';
import type { Commit } from '../../../src/remediation/commit.ts';
import { useServers } from '../../support/servers.ts';
import { aRegistration, directPath, writer } from '../../unit/postgres/commits.ts';

/** When the connection is cut next: before the server sees the commit, or after it, before its answer arrives. */
type Cut = 'before' | 'after' | undefined;

describe('a commit whose connection is lost', () => {
  let proxy: net.Server | undefined;
  let pool: pg.Pool | undefined;
  let cut: Cut;
  after(async () => {
    await pool?.end();
    proxy?.close();
  });
  const servers = useServers();
  before(async () => {
    const target = new URL(servers().databaseUrl);
    proxy = net.createServer((client) => {
      const server = net.connect(Number(target.port), target.hostname);
      const end = (): void => {
        cut = undefined;
        client.destroy();
        server.destroy();
      };
      client.on('data', (bytes) => {
        if (cut === 'before' && bytes.includes('commit\0')) end();
        else server.write(bytes);
      });
      server.on('data', (bytes) => {
        if (cut === 'after' && bytes.includes('COMMIT\0')) end();
        else client.write(bytes);
      });
      for (const [one, other] of [[client, server] as const, [server, client] as const]) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
    });
    const listening = proxy;
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const url = new URL(target);
    url.port = String((proxy.address() as AddressInfo).port);
    pool = createPool(url.href, { max: 2 });
  });
  const through = (): pg.Pool => pool ?? assert.fail('no pool');

  /** Tries until it works, as an activity does, and counts the tries. */
  async function insist(commit: Commit): Promise<readonly [TransactionAnswer, number]> {
    for (let tries = 1; ; tries += 1) {
      try {
        return [await commitTransaction(through(), commit, writer), tries];
      } catch (error) {
        assert.ok(error instanceof UnavailableError, String(error));
        assert.ok(tries < 5);
      }
    }
  }

  it('F-06, G-10: is found to be made when the answer was lost; no event is written twice in 50 losses', async function () {
    this.timeout(60_000);
    let losses = 0;
    while (losses < 50) {
      const of = aRegistration();
      for (const commit of directPath(of)) {
        cut = 'after';
        const [answer, tries] = await insist(commit);
        assert.ok(answer.kind === 'committed' && answer.repeated);
        losses += tries - 1;
      }
      assert.ok((await verifyTrail(through(), of.uid)).ok);
      assert.equal((await trailOf(through(), { uid: of.uid })).length, 8);
    }
  });

  it('F-05: is made by the next try when the connection was cut before the server knew', async () => {
    const of = aRegistration();
    for (const commit of directPath(of)) {
      cut = 'before';
      const [answer, tries] = await insist(commit);
      assert.ok(answer.kind === 'committed' && !answer.repeated);
      assert.equal(tries, 2);
    }
    assert.ok((await verifyTrail(through(), of.uid)).ok);
  });
});
