import assert from 'node:assert/strict';
import fc from 'fast-check';
import { useStorage } from './service.ts';

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** Texts that are dear to those who attack, and to those who generate at random. */
const words = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    `'; drop table audit_events;--`,
    '%00',
    '../..',
    '${jndi:x}',
    '1e999',
    '-1',
    '0x10',
    'null',
    '[]',
    '\u202e',
    '',
  ),
);
const bodies = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '{}', '[]', '[{}]', '{"__proto__":{"x":1}}', '{"correlation_id":1}', '[[[[[[]]]]]]'),
);

describe('DataStorage: whatever comes in', () => {
  const storage = useStorage();

  it('serves a description of itself with every route of the interface', async () => {
    const { paths } = (await storage().app.inject('/openapi.json')).json<Description>();
    assert.deepEqual(Object.keys(paths).sort(), [
      '/api/v1/audit/checkpoints',
      '/api/v1/audit/events',
      '/api/v1/audit/events/batch',
      '/api/v1/audit/legal-hold',
      '/api/v1/audit/legal-hold/{correlation_id}',
      '/api/v1/audit/verify-chain',
      '/api/v1/effectiveness/{correlation_id}',
      '/api/v1/remediation-history/context',
    ]);
  });

  it('answers only what it describes, never with an error of its own, and tells nothing of its inside', async function () {
    this.timeout(120_000);
    const { paths } = (await storage().app.inject('/openapi.json')).json<Description>();
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
    const picks = fc.constantFrom(...operations);
    await fc.assert(
      fc.asyncProperty(picks, fc.array(words, { minLength: 16, maxLength: 16 }), bodies, async (pick, texts, body) => {
        const { path, method, operation } = pick;
        const query = new URLSearchParams();
        let url = path;
        for (const [i, { name, in: where }] of (operation.parameters ?? []).entries()) {
          const text = texts[i] ?? '';
          if (where === 'path') url = url.replace(`{${name}}`, encodeURIComponent(text.toWellFormed()) || 'x');
          else if (i % 3 !== 0) query.set(name, text.toWellFormed());
        }
        const answer = await storage().app.inject({
          method: method.toUpperCase() as 'GET',
          url: `${url}?${query.toString()}`,
          ...(operation.requestBody === undefined
            ? {}
            : { headers: { 'content-type': 'application/json' }, payload: body }),
        });
        const described = String(answer.statusCode) in operation.responses || answer.statusCode === 404;
        assert.equal(
          described && answer.statusCode < 500,
          true,
          `${method} ${url}?${query.toString()} ${body}: ${answer.body}`,
        );
        if (answer.statusCode >= 400) {
          assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
          assert.doesNotMatch(answer.json<{ detail: string }>().detail, /select |insert |postgres|127\.0\.0\.1/i);
        }
      }),
      { numRuns: 300 },
    );
  });
});
