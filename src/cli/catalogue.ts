import type { Json } from '../remediation/json.ts';
import type { CatalogueWorkflow } from '../remediation/override.ts';
import { anything, jsonObject, listOf, record, text } from '../remediation/readers.ts';

const spec = record({
  actionType: text,
  version: text,
  dependencies: anything,
  parameters: listOf(record({ name: text })),
});
const execution = record({
  bundle: text,
  bundleDigest: text,
  engine: text,
  engineConfig: anything,
  serviceAccountName: text,
});
const status = record({ catalogStatus: text, workflowId: text });

/** A RemediationWorkflow as an override reads it. */
export function readCatalogueWorkflow(name: string, object: Json): CatalogueWorkflow {
  const read = jsonObject(object);
  const { parameters = [], ...rest } = spec(read?.['spec']) ?? {};
  return {
    name,
    ...rest,
    ...execution(jsonObject(read?.['spec'])?.['execution']),
    ...status(read?.['status']),
    parameterNames: parameters.flatMap((parameter) => parameter.name ?? []),
  };
}
