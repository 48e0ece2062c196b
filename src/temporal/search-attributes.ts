/** Registers the search attributes of remediation workflows, once per Temporal namespace. */
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidRequestError, UnavailableError } from '../errors.ts';
import { SEARCH_ATTRIBUTES } from '../remediation/search-attributes.ts';
import { ALREADY_EXISTS, PERMISSION_DENIED, UNIMPLEMENTED, grpcCode } from './connection.ts';
import type { Temporal } from './connection.ts';

/** Numbers of Temporal's enum IndexedValueType. */
const TYPES = { KEYWORD: 2, DATETIME: 6 } as const;

const WANTED = Object.values(SEARCH_ATTRIBUTES);

/** Makes the attributes known and waits until queries may use them. Repeatable, also by several processes at once. */
export async function registerSearchAttributes(temporal: Temporal, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      const missing = await missingAttributes(temporal);
      if (missing.length === 0 && (await areUsable(temporal))) return;
      if (missing.length > 0) await add(temporal, missing);
    } catch (error) {
      // A namespace that was just created is not known to all parts of the server yet.
      if (!(error instanceof UnavailableError) || Date.now() > deadline) throw error;
    }
    if (Date.now() > deadline)
      throw new UnavailableError(
        'TEMPORAL_UNAVAILABLE',
        `The search attributes of namespace ${temporal.namespace} are registered but cannot be used yet; try again in a minute`,
      );
    await sleep(250);
  }
}

/** The same for a process that stays up whatever happens: tries until it succeeds, is stopped, or meets a fault that only a person can mend. */
export async function registerWhenPossible(
  temporal: Temporal,
  on: { readonly signal: AbortSignal; readonly onFailure: (error: unknown, final: boolean) => void },
): Promise<void> {
  for (let wait = 500; !on.signal.aborted; wait = Math.min(wait * 2, 15_000)) {
    try {
      await registerSearchAttributes(temporal);
      return;
    } catch (error) {
      const final = error instanceof InvalidRequestError;
      on.onFailure(error, final);
      if (final) return;
    }
    await sleep(wait, undefined, { signal: on.signal }).catch(() => undefined);
  }
}

type Attribute = (typeof WANTED)[number];

async function missingAttributes(temporal: Temporal): Promise<readonly Attribute[]> {
  const { namespace } = temporal;
  const { customAttributes } = await temporal.within('Listing search attributes', () =>
    temporal.connection.operatorService.listSearchAttributes({ namespace }),
  );
  for (const { name, type } of WANTED) {
    const present = customAttributes[name];
    if (present !== undefined && !sameType(present, TYPES[type]))
      throw new InvalidRequestError(
        'INVALID_CONFIG',
        `Search attribute ${name} of Temporal namespace ${namespace} has another type than ${type}; remove it with "temporal operator search-attribute remove --name ${name}"`,
      );
  }
  return WANTED.filter(({ name }) => customAttributes[name] === undefined);
}

const sameType = (a: number, b: number): boolean => a === b;

async function add(temporal: Temporal, missing: readonly Attribute[]): Promise<void> {
  const { namespace } = temporal;
  const searchAttributes = Object.fromEntries(missing.map(({ name, type }) => [name, TYPES[type]]));
  try {
    await temporal.within('Registering search attributes', () =>
      temporal.connection.operatorService.addSearchAttributes({ namespace, searchAttributes }),
    );
  } catch (error) {
    const code = grpcCode(error);
    if (code === ALREADY_EXISTS) return;
    if (code !== PERMISSION_DENIED && code !== UNIMPLEMENTED) throw error;
    const names = missing.map(({ name, type }) => `${name} (${type})`).join(', ');
    throw new InvalidRequestError(
      'FORBIDDEN',
      `This Temporal server does not let us register search attributes; have its administrator create ${names} in namespace ${namespace}`,
      { cause: error },
    );
  }
}

/** The visibility store learns of a new attribute later than the list does. */
async function areUsable(temporal: Temporal): Promise<boolean> {
  const query = WANTED.map(({ name }) => `${name} IS NOT NULL`).join(' AND ');
  try {
    await temporal.within('Trying search attributes', () =>
      temporal.client.workflowService.countWorkflowExecutions({ namespace: temporal.namespace, query }),
    );
    return true;
  } catch {
    return false;
  }
}
