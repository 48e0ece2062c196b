import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ensurePartitions } from '../../../src/postgres/partitions.ts';
import { commitTransaction } from '../../../src/postgres/commit-transaction.ts';
import { aRegistration, directPath, writer } from '../../unit/postgres/commits.ts';
import { anEvent, useStorage } from './service.ts';

const EVENTS = '/api/v1/audit/events';
const BATCH = '/api/v1/audit/events/batch';

interface Row {
  readonly event_id: string;
  readonly event_type: string;
  readonly chain_id: string;
  readonly chain_seq: number;
  readonly actor_id: string;
  readonly [key: string]: unknown;
}

describe('DataStorage: events', () => {
  const storage = useStorage();

  const post = (url: string, body: unknown, headers = {}) =>
    storage().app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...headers },
      payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    });
  const get = async (
    query: string,
  ): Promise<{ data: readonly Row[]; pagination: { total: number; has_more: boolean } }> => {
    const answer = await storage().app.inject({ method: 'GET', url: `${EVENTS}?${query}` });
    assert.equal(answer.statusCode, 200, answer.body);
    return answer.json();
  };
  const stored = async (correlation: unknown) => (await get(`correlation_id=${String(correlation)}`)).data;
  const count = async () =>
    (await storage().admin.query<{ n: number }>('select count(*)::int as n from audit_events')).rows[0]?.n;

  it('stores an event with every field it came with, and answers its id', async () => {
    const event = anEvent({
      actor_type: 'external',
      actor_id: 'prometheus',
      resource_type: 'Signal',
      resource_id: 'f3',
      namespace: 'payments',
      cluster_id: 'east',
      severity: 'warning',
      duration_ms: 12,
      error_code: 'E',
      error_message: 'm',
      trace_id: 't',
      span_id: 's',
      resource_name: 'n',
    });
    const answer = await post(EVENTS, event);
    assert.equal(answer.statusCode, 201, answer.body);
    const { event_id: id, event_timestamp: at } = answer.json<{ event_id: string; event_timestamp: string }>();
    const [row] = await stored(event['correlation_id']);
    assert.equal(row?.event_id, id);
    assert.equal(row['event_timestamp'], at);
    for (const [name, value] of Object.entries(event)) assert.deepEqual(row[name], value, name);
    assert.deepEqual(
      [row.chain_id, row.chain_seq, row['legal_hold']],
      [`c:${String(event['correlation_id'])}`, 1, false],
    );
  });

  it('F-22: refuses a batch of 100 with one bad event whole, and names its place', async () => {
    const correlation = randomUUID();
    const batch = Array.from({ length: 100 }, () => anEvent({ correlation_id: correlation }));
    const { event_type: _, ...bad } = batch[57] ?? {};
    const answer = await post(BATCH, batch.with(57, bad));
    assert.equal(answer.statusCode, 400);
    assert.match(answer.headers['content-type'] as string, /application\/problem\+json/);
    const problem = answer.json<Record<string, unknown>>();
    assert.equal(problem['type'], 'https://kubernaut.ai/problems/validation-error');
    assert.equal(problem['detail'], 'event at index 57: event_type is required');
    assert.deepEqual(problem['field_errors'], { '[57].event_type': 'required' });
    assert.deepEqual(await stored(correlation), []);
    const whole = await post(BATCH, batch);
    assert.equal(whole.statusCode, 201);
    const { data } = await get(`chain_id=c:${correlation}&after_seq=0&limit=1000`);
    assert.deepEqual(
      data.map((row) => row.event_id),
      whole.json<{ event_ids: string[] }>().event_ids,
    );
  });

  it('answers a repeated batch with the same ids and stores nothing twice', async () => {
    const correlation = randomUUID();
    const batch = [anEvent({ correlation_id: correlation }), anEvent({ correlation_id: correlation })];
    const twins = [...batch, batch[0]];
    const answers = await Promise.all([post(BATCH, twins), post(BATCH, twins), post(BATCH, twins)]);
    const ids = answers.map((answer) => answer.json<{ event_ids: string[] }>().event_ids);
    assert.deepEqual(ids[1], ids[0]);
    assert.deepEqual(ids[2], ids[0]);
    assert.equal(new Set(ids[0]).size, 3);
    assert.equal((await stored(correlation)).length, 3);
  });

  it('takes the id that a client sends, and the random one of an event without a fraction of a second', async () => {
    const id = randomUUID();
    assert.equal((await post(EVENTS, anEvent({ event_id: id }))).json<Row>().event_id, id);
    const event = anEvent({ event_timestamp: new Date().toISOString().replace(/\.\d+Z/, 'Z') });
    const ids = [await post(EVENTS, event), await post(EVENTS, event)].map((answer) => answer.json<Row>().event_id);
    assert.notEqual(ids[0], ids[1]);
  });

  it('keeps the order of arrival in a chain under parallel batches', async () => {
    const correlation = randomUUID();
    const other = randomUUID();
    const batch = () => Array.from({ length: 20 }, (_, i) => anEvent({ correlation_id: i % 2 ? correlation : other }));
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(BATCH, batch())));
    assert.ok(answers.every((answer) => answer.statusCode === 201));
    for (const name of [correlation, other]) {
      const { data } = await get(`chain_id=c:${name}&after_seq=0&limit=1000`);
      assert.deepEqual(
        data.map((row) => row.chain_seq),
        Array.from({ length: 80 }, (_, i) => i + 1),
      );
    }
    const verified = await post('/api/v1/audit/verify-chain', { correlation_id: correlation });
    assert.equal(verified.json<{ is_valid: boolean }>().is_valid, true, verified.body);
  });

  const refusals: readonly (readonly [name: string, url: string, body: unknown, status: number, slug: string])[] = [
    ['no JSON', EVENTS, '{"version":', 400, 'invalid_request'],
    ['no UTF-8', EVENTS, Buffer.from([0x7b, 0xff, 0x7d]), 400, 'invalid_request'],
    ['an empty body', EVENTS, '', 400, 'invalid_request'],
    ['one event sent as a batch', BATCH, anEvent(), 400, 'invalid_request'],
    ['an empty batch', BATCH, [], 400, 'validation-error'],
    ['more events than a batch may have', BATCH, Array.from({ length: 1001 }, () => ({})), 400, 'batch-size-exceeded'],
    ['a body over the limit', EVENTS, ' '.repeat(5 * 1024 * 1024 + 1), 413, 'request-too-large'],
    ['a category that does not exist', EVENTS, anEvent({ event_category: 'nonsense' }), 400, 'validation-error'],
    ['an outcome that does not exist', EVENTS, anEvent({ event_outcome: 'maybe' }), 400, 'validation-error'],
    ['a type that is too long', EVENTS, anEvent({ event_type: 'x'.repeat(101) }), 400, 'validation-error'],
    ['data that are no object', EVENTS, anEvent({ event_data: [1] }), 400, 'validation-error'],
    [
      'a time too far ahead',
      EVENTS,
      anEvent({ event_timestamp: new Date(Date.now() + 7_200_000).toISOString() }),
      400,
      'validation-error',
    ],
    [
      'a time too far back',
      EVENTS,
      anEvent({ event_timestamp: new Date(Date.now() - 8 * 86_400_000).toISOString() }),
      400,
      'validation-error',
    ],
    ['no time', EVENTS, anEvent({ event_timestamp: 'yesterday' }), 400, 'validation-error'],
    [
      'data of more than 256 KiB',
      EVENTS,
      anEvent({ event_data: { text: 'x'.repeat(262_145) } }),
      400,
      'validation-error',
    ],
    ['data deeper than ten levels', EVENTS, anEvent({ event_data: nested(11) }), 400, 'validation-error'],
    ['nesting without end', EVENTS, '['.repeat(1_000_000), 400, 'invalid_request'],
    [
      'a number that would come back as another',
      EVENTS,
      JSON.stringify(anEvent()).replace('"version"', '"n":9007199254740993,"version"'),
      400,
      'conversion_error',
    ],
    [
      'a number beyond all',
      EVENTS,
      JSON.stringify(anEvent()).replace('"version"', '"n":1e999,"version"'),
      400,
      'conversion_error',
    ],
    ['U+0000', EVENTS, anEvent({ event_data: { text: 'a\0b' } }), 400, 'conversion_error'],
    ['half a character', EVENTS, JSON.stringify(anEvent()).replace('HighMemory', '\\ud800'), 400, 'conversion_error'],
    ['a parent that does not exist', EVENTS, anEvent({ parent_event_id: randomUUID() }), 400, 'validation-error'],
    [
      'H-19: an event of a remediation by somebody else',
      EVENTS,
      anEvent({ event_type: 'orchestrator.lifecycle.completed', event_data: { rr_uid: randomUUID() } }),
      403,
      'forbidden',
    ],
  ];
  for (const [name, url, body, status, slug] of refusals)
    it(`refuses ${name}, and stores nothing`, async () => {
      const before = await count();
      const answer = await post(url, body);
      assert.equal(answer.statusCode, status, answer.body.slice(0, 500));
      const problem = answer.json<{ type: string; status: number; instance: string; request_id: string }>();
      assert.equal(problem.type, `https://kubernaut.ai/problems/${slug}`);
      assert.deepEqual([problem.status, problem.instance], [status, url]);
      assert.ok(problem.request_id);
      assert.equal(await count(), before);
    });

  it('H-19: never writes under the name of the orchestrator', async () => {
    const event = anEvent({
      event_category: 'orchestration',
      actor_type: 'service',
      actor_id: 'remediationorchestrator-controller',
    });
    await post(EVENTS, event, { 'x-auth-request-user': 'system:serviceaccount:x:gateway' });
    const [row] = await stored(event['correlation_id']);
    assert.deepEqual([row?.actor_id, row?.chain_id.startsWith('c:')], ['system:serviceaccount:x:gateway', true]);
  });

  it('H-12: keeps texts that would be statements, templates or lines of a log as they are', async () => {
    const evil = [
      `'); drop table audit_events;--`,
      '${jndi:ldap://x}',
      '{{7*7}}',
      'a\nERROR forged',
      '\u202e',
      '😀',
      `" or 1=1 --`,
    ];
    for (const text of evil) {
      const event = anEvent({ correlation_id: text, actor_id: text, event_type: text, event_data: { [text]: text } });
      assert.equal((await post(EVENTS, event)).statusCode, 201);
      const { data } = await get(`correlation_id=${encodeURIComponent(text)}&event_type=${encodeURIComponent(text)}`);
      assert.deepEqual([data.length, data[0]?.actor_id, data[0]?.['event_data']], [1, text, { [text]: text }]);
      for (const name of ['severity', 'since', 'detail_key', 'chain_id', 'rr_uid', 'limit', 'after_seq']) {
        const answer = await storage().app.inject(`${EVENTS}?${name}=${encodeURIComponent(text)}`);
        assert.ok([200, 400].includes(answer.statusCode), `${name}: ${answer.body}`);
        assert.doesNotMatch(answer.body, /syntax error|select |PostgreSQL/i);
      }
    }
    assert.ok(((await count()) ?? 0) > 0);
  });

  it('finds events by every filter, newest first, page by page', async () => {
    const correlation = randomUUID();
    const at = (i: number) => new Date(Date.now() - i * 60_000).toISOString().replace('Z', '001Z');
    const batch = Array.from({ length: 5 }, (_, i) =>
      anEvent({
        correlation_id: correlation,
        event_timestamp: at(i),
        severity: i === 0 ? 'critical' : 'info',
        event_outcome: i === 1 ? 'failure' : 'success',
        event_data: { place: `p${String(i)}` },
      }),
    );
    await post(BATCH, batch);
    const ask = async (query: string) =>
      (await get(`correlation_id=${correlation}&${query}`)).data.map(
        (row) => (row['event_data'] as { place: string }).place,
      );
    assert.deepEqual(await ask('limit=2&offset=1'), ['p1', 'p2']);
    assert.deepEqual(await ask('severity=critical'), ['p0']);
    assert.deepEqual(await ask('event_outcome=failure'), ['p1']);
    assert.deepEqual(await ask('detail_key=place&detail_value=p3'), ['p3']);
    assert.deepEqual(await ask('since=90s'), ['p0', 'p1']);
    assert.deepEqual(await ask(`until=${encodeURIComponent(at(4))}`), ['p4']);
    assert.deepEqual(await ask('since=2020-01-01&until=2020-01-02T00:00:00'), []);
    const { pagination } = await get(`correlation_id=${correlation}&limit=2`);
    assert.deepEqual(pagination, { limit: 2, offset: 0, total: 5, has_more: true });
    for (const wrong of [
      'limit=0',
      'limit=1001',
      'offset=-1',
      'since=soon',
      'detail_key=a',
      'detail_key=a-b&detail_value=1',
      'rr_uid=x',
      'after_seq=1.5',
    ])
      assert.equal((await storage().app.inject(`${EVENTS}?${wrong}`)).statusCode, 400, wrong);
  });

  it('C-04, C-05: the trail of a remediation can be read under the name of its request', async () => {
    const of = aRegistration();
    for (const step of directPath(of)) await commitTransaction(storage().admin, step, writer);
    const rows = await stored(of.name);
    const types = rows.map((row) => row.event_type);
    assert.ok(types.includes('orchestrator.lifecycle.started'));
    assert.equal(types.filter((type) => type === 'orchestrator.lifecycle.transitioned').length, 5);
    const { data } = await get(`rr_uid=${of.uid}&after_seq=3`);
    assert.deepEqual(
      data.map((row) => row.chain_seq),
      [4, 5, 6, 7, 8],
    );
    const verified = await post('/api/v1/audit/verify-chain', { correlation_id: of.name });
    assert.deepEqual(
      [verified.json<{ is_valid: boolean }>().is_valid, verified.json<{ total_events: number }>().total_events],
      [true, 8],
    );
  });

  it('holds and releases what is under a correlation id, and says so with every event', async () => {
    const event = anEvent();
    await post(EVENTS, event);
    const correlation_id = event['correlation_id'] as string;
    const url = '/api/v1/audit/legal-hold';
    assert.equal((await post(url, { correlation_id })).json<{ type: string }>().type.endsWith('missing-reason'), true);
    assert.equal((await post(url, { correlation_id: 'nobody', reason: 'x' })).statusCode, 404);
    const placed = await post(url, { correlation_id, reason: 'court' }, { 'x-auth-request-user': 'ada' });
    assert.deepEqual([placed.statusCode, placed.json<{ placed_by: string }>().placed_by], [200, 'ada']);
    const [row] = await stored(correlation_id);
    assert.deepEqual([row?.['legal_hold'], row?.['legal_hold_reason']], [true, 'court']);
    const remove = {
      method: 'DELETE',
      url: `${url}/${correlation_id}`,
      headers: { 'content-type': 'application/json' },
    } as const;
    assert.equal((await storage().app.inject({ ...remove, payload: '{}' })).statusCode, 400);
    assert.equal((await storage().app.inject({ ...remove, payload: '{"release_reason":"done"}' })).statusCode, 200);
    assert.equal((await storage().app.inject({ ...remove, payload: '{"release_reason":"done"}' })).statusCode, 404);
    await assert.rejects(storage().admin.query(`update audit_legal_holds set reason = 'other'`), { code: '23514' });
    await assert.rejects(storage().admin.query(`delete from audit_legal_holds`), { code: '23514' });
  });

  it('refuses addresses that are too long or cannot be decoded like everything else', async () => {
    for (const name of ['x'.repeat(301), 'x'.repeat(5000), '%ff']) {
      const answer = await storage().app.inject(`/api/v1/effectiveness/${name}`);
      assert.equal(answer.statusCode, 400, name);
      assert.match(String(answer.headers['content-type']), /problem\+json/);
    }
  });

  it('ensures partitions under its own role', async () => {
    assert.deepEqual(await ensurePartitions(storage().pool), []);
  });
});

function nested(levels: number): object {
  return levels === 1 ? {} : { inner: nested(levels - 1) };
}
