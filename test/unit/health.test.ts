import assert from 'node:assert/strict';
import { serveHealth } from '../../src/health.ts';
import type { CheckState, Health } from '../../src/health.ts';
import { createLogger } from '../../src/logger.ts';
import { createMetrics } from '../../src/metrics.ts';

describe('The health server', () => {
  let health: Health;
  let database = 'ok';
  const lines: string[] = [];
  const changes: CheckState[] = [];

  before(async () => {
    health = await serveHealth({
      addresses: ['127.0.0.1:0', '127.0.0.1:0'],
      checks: {
        postgres: () => database,
        temporal: () => Promise.resolve('ok'),
      },
      metrics: createMetrics({ version: '1', commit: '', processFigures: false }),
      log: createLogger({
        level: 'INFO',
        format: 'json',
        process: 'test',
        destination: { write: (line: string) => void lines.push(line) },
      }),
      onChange: (state) => void changes.push(state),
    });
  });
  after(() => health.close());
  beforeEach(async () => {
    database = 'ok';
    await health.states();
    lines.length = 0;
    changes.length = 0;
  });

  const get = (path: string): Promise<Response> => fetch(`${health.urls[0] ?? ''}${path}`);

  it('is ready while every check is ok, and lists them', async () => {
    const response = await get('/readyz');
    assert.equal(response.status, 200);
    const states = (await response.json()) as CheckState[];
    assert.deepEqual(
      states.map(({ check, ok }) => [check, ok]),
      [
        ['postgres', true],
        ['temporal', true],
      ],
    );
  });

  it('says which check fails, why, and since when', async () => {
    database = 'no connection to postgres://db';
    const response = await get('/readyz');
    assert.equal(response.status, 503);
    const [postgres] = (await response.json()) as CheckState[];
    assert.equal(postgres?.reason, 'no connection to postgres://db');
    assert.ok(Math.abs(Date.parse(postgres.since) - Date.now()) < 5000);
    const text = await (await get('/readyz?verbose')).text();
    assert.match(
      text,
      /^\[-\] postgres failed since .*: no connection to postgres:\/\/db\n\[\+\] temporal ok since .*\nnot ready\n$/,
    );
  });

  it('logs and tells a change once, however often it is asked', async () => {
    database = 'gone';
    await health.states();
    await health.states();
    database = 'ok';
    await health.states();
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { msg: string }).msg),
      ['Check fails', 'Check is ok again'],
    );
    assert.deepEqual(
      changes.map(({ ok }) => ok),
      [false, true],
    );
  });

  it('is alive though it is not ready', async () => {
    database = 'gone';
    assert.equal((await get('/healthz')).status, 200);
  });

  it('serves the metrics, and nothing else', async () => {
    assert.match(await (await get('/metrics')).text(), /kubernaut_remediationorchestrator_build_info/);
    assert.equal((await get('/')).status, 404);
  });
});
