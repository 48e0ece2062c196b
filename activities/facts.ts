/** What a decision needs to know beside the children: earlier ends, the catalogue. And waking those who wait. */
import { historyOf } from '../src/postgres/history.ts';
import { recordedStepOf } from '../src/postgres/recorded-step.ts';
import { isObject } from '../src/remediation/json.ts';
import type { Json, JsonObject } from '../src/remediation/json.ts';
import type { CatalogueWorkflow } from '../src/remediation/override.ts';
import type { RemediationActivities } from './contract.ts';
import type { Deps } from './deps.ts';

type Mine = Pick<RemediationActivities, 'readLedger' | 'readHistory' | 'readCatalogue' | 'wake'>;

export const factActivities = ({ pool, kubernetes, wakeUp }: Deps): Mine => ({
  readLedger: ({ uid }) => recordedStepOf(pool, uid),

  readHistory: (question) => historyOf(pool, question),

  async readCatalogue({ namespace, name }) {
    const object = await kubernetes.get('RemediationWorkflow', namespace, name);
    return object === undefined ? undefined : catalogueWorkflow(name, object.spec ?? {}, object.status ?? {});
  },

  async wake(waiters) {
    await Promise.all(waiters.map(({ uid }) => wakeUp(uid)));
  },
});

const text = (value: Json | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

function catalogueWorkflow(name: string, spec: JsonObject, status: JsonObject): CatalogueWorkflow {
  const execution = isObject(spec['execution']) ? spec['execution'] : {};
  const parameters = Array.isArray(spec['parameters']) ? (spec['parameters'] as readonly Json[]) : [];
  const members = {
    catalogStatus: text(status['catalogStatus']),
    workflowId: text(status['workflowId']),
    actionType: text(spec['actionType']),
    version: text(spec['version']),
    bundle: text(execution['bundle']),
    bundleDigest: text(execution['bundleDigest']),
    engine: text(execution['engine']),
    engineConfig: execution['engineConfig'],
    serviceAccountName: text(execution['serviceAccountName']),
    dependencies: spec['dependencies'],
  };
  const known = Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
  const parameterNames = parameters.flatMap((parameter) =>
    isObject(parameter) ? (text(parameter['name']) ?? []) : [],
  );
  return { name, parameterNames, ...known };
}
