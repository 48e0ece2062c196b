/** Who calls, and may they? */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { parse } from 'yaml';
import type { Caller } from './event-request.ts';
import { Problem, unavailable } from './problem.ts';

export type Verb = 'get' | 'create' | 'update';

/** Answers who calls, or throws a Problem: 401, 403, or 503 when nobody can say. */
export type Authenticate = (
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  verb: Verb,
) => Promise<Caller>;

/** One text for everything that is wrong with a token, so that it tells nothing. */
const unauthorized = (): Problem => new Problem(401, 'unauthorized', 'A valid bearer token is required');
const forbidden = (name: string, verb: Verb): Problem =>
  new Problem(403, 'forbidden', `${name} may not ${verb} services/data-storage-service`);

/** Create and update routes answer with what is stored, so they need get as well. */
const needed = (verb: Verb): readonly Verb[] => (verb === 'get' ? ['get'] : ['get', verb]);

const tokenOf = (headers: Parameters<Authenticate>[0]): string => {
  const header = headers['authorization'];
  const token = typeof header === 'string' ? /^Bearer ([!-~]{1,8192})$/i.exec(header)?.[1] : undefined;
  if (token === undefined) throw unauthorized();
  return token;
};

const digestOf = (token: string): string => createHash('sha256').update(token, 'utf8').digest('hex');

/** For tests: everybody may do everything, under the name that a header says. */
export const noAuthentication: Authenticate = (headers) => {
  const user = headers['x-auth-request-user'];
  const name = typeof user === 'string' && user !== '' ? user.slice(0, 255) : 'anonymous';
  return Promise.resolve({ name, isPerson: false });
};

interface StaticToken {
  readonly name: string;
  readonly person?: boolean;
  readonly verbs: readonly Verb[];
}

/** Tokens in a YAML file, by the SHA-256 of their text; read again when the file changes. */
export function staticTokens(file: string): Authenticate {
  let [tokens, stamp]: [ReadonlyMap<string, StaticToken>, number] = [readTokens(file), statSync(file).mtimeMs];
  return (headers, verb) => {
    try {
      const changed = statSync(file).mtimeMs;
      if (changed !== stamp) [tokens, stamp] = [readTokens(file), changed];
    } catch {
      // A file that is being replaced keeps its last content.
    }
    const found = tokens.get(digestOf(tokenOf(headers)));
    if (found === undefined) return Promise.reject(unauthorized());
    if (!needed(verb).every((each) => found.verbs.includes(each))) return Promise.reject(forbidden(found.name, verb));
    return Promise.resolve({ name: found.name, isPerson: found.person === true });
  };
}

function readTokens(file: string): ReadonlyMap<string, StaticToken> {
  const content = parse(readFileSync(file, 'utf8')) as {
    readonly tokens?: Readonly<Record<string, StaticToken>>;
  } | null;
  return new Map(Object.entries(content?.tokens ?? {}).map(([digest, token]) => [digest.toLowerCase(), token]));
}

/** Posts a review to the API server and answers its status. */
export type Review = (path: string, body: object) => Promise<Readonly<Record<string, unknown>>>;

const CACHE_MOST = 10_000;

/** Asks the API server: who the token belongs to, and whether that one has the right. What is granted is remembered for a while. */
export function tokenReviews(
  review: Review,
  options: { readonly namespace: string; readonly cacheMs: number; readonly now: () => number },
): Authenticate {
  const granted = new Map<string, { readonly caller: Caller; readonly until: number }>();
  const ask: Review = async (path, body) => {
    try {
      return await review(path, body);
    } catch {
      throw unavailable();
    }
  };
  return async (headers, verb) => {
    const token = tokenOf(headers);
    const key = `${verb} ${digestOf(token)}`;
    const known = granted.get(key);
    if (known !== undefined && known.until > options.now()) return known.caller;
    const status = await ask('/apis/authentication.k8s.io/v1/tokenreviews', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token },
    });
    const user = status['user'] as { readonly username?: string; readonly groups?: readonly string[] } | undefined;
    if (status['authenticated'] !== true || user?.username === undefined) throw unauthorized();
    for (const each of needed(verb)) {
      const answer = await ask('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user: user.username,
          groups: user.groups ?? [],
          resourceAttributes: {
            namespace: options.namespace,
            verb: each,
            resource: 'services',
            name: 'data-storage-service',
          },
        },
      });
      if (answer['allowed'] !== true) throw forbidden(user.username, verb);
    }
    const caller = { name: user.username, isPerson: !user.username.startsWith('system:') };
    if (granted.size >= CACHE_MOST) granted.clear();
    const until = Math.min(options.now() + options.cacheMs, expiryOf(token) ?? Infinity);
    granted.set(key, { caller, until });
    return caller;
  };
}

/** When a JSON web token ends, in milliseconds; its signature is the API server's business. */
function expiryOf(token: string): number | undefined {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
      readonly exp?: number;
    };
    return typeof claims.exp === 'number' ? claims.exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
