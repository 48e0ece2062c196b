import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { staticTokens, tokenReviews } from '../../../src/datastorage/auth.ts';
import type { Review } from '../../../src/datastorage/auth.ts';

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('who may call DataStorage', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubernaut-auth-'));
  after(() => rmSync(folder, { recursive: true }));
  const digest = (token: string): string => createHash('sha256').update(token).digest('hex');

  it('H-18: by a file of digests: no token, a wrong one and one without the right are refused alike', async () => {
    const file = join(folder, 'tokens.yaml');
    writeFileSync(
      file,
      JSON.stringify({
        tokens: {
          [digest('one')]: { name: 'gateway', verbs: ['get', 'create'] },
          [digest('two')]: { name: 'console', verbs: ['get'] },
        },
      }),
    );
    const authenticate = staticTokens(file);
    assert.deepEqual(await authenticate(bearer('one'), 'create'), { name: 'gateway', isPerson: false });
    for (const headers of [
      {},
      bearer('three'),
      { authorization: 'Basic one' },
      { authorization: 'Bearer' },
      { authorization: 'Bearer a b' },
    ])
      await assert.rejects(async () => authenticate(headers, 'get'), {
        status: 401,
        message: 'A valid bearer token is required',
      });
    await assert.rejects(authenticate(bearer('two'), 'create'), { status: 403 });
    await assert.rejects(authenticate(bearer('one'), 'update'), { status: 403 });
    writeFileSync(file, JSON.stringify({ tokens: { [digest('three')]: { name: 'new', verbs: ['get'] } } }));
    utimesSync(file, 1, 1);
    assert.equal((await authenticate(bearer('three'), 'get')).name, 'new');
    await assert.rejects(authenticate(bearer('one'), 'get'), { status: 401 });
  });

  function reviews(answers: { user?: string; allowed?: readonly string[] } = {}) {
    const asked: string[] = [];
    const review: Review = (path, body) => {
      asked.push(path);
      if (path.includes('tokenreviews'))
        return Promise.resolve(
          answers.user === undefined
            ? { authenticated: false }
            : { authenticated: true, user: { username: answers.user } },
        );
      const { verb } = (body as { spec: { resourceAttributes: { verb: string } } }).spec.resourceAttributes;
      return Promise.resolve({ allowed: answers.allowed?.includes(verb) === true });
    };
    return { asked, review };
  }

  it('by the API server: what it grants is remembered for a while, what it refuses is not', async () => {
    let now = 0;
    const { asked, review } = reviews({ user: 'system:serviceaccount:x:gateway', allowed: ['get', 'create'] });
    const authenticate = tokenReviews(review, { namespace: 'x', cacheMs: 1000, now: () => now });
    assert.deepEqual(await authenticate(bearer('t'), 'create'), {
      name: 'system:serviceaccount:x:gateway',
      isPerson: false,
    });
    await authenticate(bearer('t'), 'create');
    assert.equal(asked.length, 3);
    now = 1001;
    await authenticate(bearer('t'), 'create');
    assert.equal(asked.length, 6);
    await assert.rejects(authenticate(bearer('t'), 'update'), { status: 403 });
    await assert.rejects(authenticate(bearer('t'), 'update'), { status: 403 });
    assert.ok(asked.length > 10);
  });

  it('never remembers a grant longer than the token lives', async () => {
    let now = 0;
    const { asked, review } = reviews({ user: 'ada', allowed: ['get'] });
    const authenticate = tokenReviews(review, { namespace: 'x', cacheMs: 60_000, now: () => now });
    const token = `h.${Buffer.from(JSON.stringify({ exp: 5 })).toString('base64url')}.s`;
    assert.equal((await authenticate(bearer(token), 'get')).isPerson, true);
    now = 5001;
    await authenticate(bearer(token), 'get');
    assert.equal(asked.filter((path) => path.includes('tokenreviews')).length, 2);
  });

  it('refuses a token that the API server does not know, and says so when nobody can be asked', async () => {
    const { review } = reviews();
    const options = { namespace: 'x', cacheMs: 1, now: () => 0 };
    await assert.rejects(tokenReviews(review, options)(bearer('t'), 'get'), { status: 401 });
    const down: Review = () => Promise.reject(new Error('down'));
    await assert.rejects(tokenReviews(down, options)(bearer('t'), 'get'), { status: 503 });
  });
});
