/** Finds the request that a command is about. */
import { createHash } from 'node:crypto';
import type { KubernetesObject } from '../kubernetes/client.ts';
import { InvalidRequestError } from '../errors.ts';
import { childName } from '../remediation/names.ts';
import type { Registration } from '../remediation/commit.ts';
import { toRegistration, toRequest, toRequestSnapshot } from '../remediation/projections.ts';
import type { RemediationRow } from '../postgres/ledger.ts';
import type { Dependencies } from './ports.ts';

/** The RemediationRequest of this name; an error that says how to find the right one when there is none. */
export async function requestNamed(name: string, { namespace, cluster }: Dependencies): Promise<KubernetesObject> {
  const object = await cluster.get('RemediationRequest', namespace(), name);
  if (object === undefined)
    throw notFound(name, namespace(), `list those that are there with: rrctl get -n ${namespace()}`);
  return object;
}

/** What the ledger has under this name, or under this uid. It also knows requests that are no longer in the cluster. */
export async function ledgerRow(
  name: string,
  uid: string | undefined,
  { namespace, store }: Dependencies,
): Promise<RemediationRow> {
  const key = uid === undefined ? { namespace: namespace(), name } : { uid };
  const row = await store.remediation(key);
  if (row === undefined || row.name !== name)
    throw notFound(
      name,
      namespace(),
      `the ledger in ${store.address} has never seen it, or has it under another namespace`,
    );
  return row;
}

/** The name of the approval request of a request. */
export const approvalName = (name: string): string => childName('rar', { name, nameDigest: digestOf(name) });

/** The name of the analysis of a request. */
export const analysisName = (name: string): string => childName('ai', { name, nameDigest: digestOf(name) });

/** What the ledger must know of a request that it has not seen yet. */
export function registrationOf(object: KubernetesObject): Registration {
  const request = toRequest(object, digestOf(object.metadata.name));
  const observed = toRequestSnapshot(object);
  if (request === undefined || observed === undefined)
    throw new InvalidRequestError('INVALID_REQUEST', `RemediationRequest ${object.metadata.name} has no spec`);
  return toRegistration(request, observed);
}

const digestOf = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 10);

const notFound = (name: string, namespace: string, advice: string): InvalidRequestError =>
  new InvalidRequestError('NOT_FOUND', `RemediationRequest ${name} not found in namespace ${namespace}: ${advice}`);
