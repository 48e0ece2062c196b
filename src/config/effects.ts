/** Keys that are accepted and checked although nothing reads them, so that files written for upstream or for later versions work. */
import type { JsonObject } from '../remediation/json.ts';
import { KEYS, valueAt } from './keys.ts';

/** Keys and groups of keys without effect, each with the reason. */
export const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  'controller.leaderElection': 'any number of replicas may watch at once',
  'controller.leaderElectionId': 'any number of replicas may watch at once',
  datastorage: 'events are written to PostgreSQL directly, nothing is buffered',
  tlsProfile: 'TLS settings of Node.js are used as they are',
  fleet: 'other clusters are not reached yet',
  'temporal.worker.buildId': 'worker versioning is not built yet',
  'temporal.worker.deploymentName': 'worker versioning is not built yet',
  'temporal.payloadCodec': 'encryption of payloads is not built yet',
  'temporal.continueAsNewEvents': 'histories stay short, no workflow continues as new yet',
  'postgres.pool.idleTimeout': 'limits of connections and statements are fixed',
  'postgres.pool.connectTimeout': 'limits of connections and statements are fixed',
  'postgres.statementTimeout': 'limits of connections and statements are fixed',
  'postgres.lockTimeout': 'limits of connections and statements are fixed',
  'audit.schema': 'the schema is always audit',
  'audit.divergence': 'the periodic comparison is not built yet',
  'audit.verifySample': 'the periodic verification is not built yet',
  approvals: 'the HTTP door is not built yet',
  telemetry: 'tracing is not built yet',
};

/** Why a key has no effect; undefined when it has one. */
export function whyWithoutEffect(path: string): string | undefined {
  const found = Object.entries(WITHOUT_EFFECT).find(([key]) => path === key || path.startsWith(`${key}.`));
  return found?.[1];
}

/** The keys of a file that have another value than their default and no effect. */
export const ignoredKeys = (tree: JsonObject): readonly string[] =>
  KEYS.filter(({ path, initial }) => {
    const value = valueAt(tree, path);
    const isOwn = value !== undefined && value !== null && JSON.stringify(value) !== JSON.stringify(initial);
    return isOwn && whyWithoutEffect(path) !== undefined;
  }).map(({ path }) => path);
