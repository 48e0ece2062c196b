/** An approver may change the plan: another catalogue workflow, other parameters, another rationale. */
import type { Json } from './json.ts';
import type { SelectedWorkflow, WorkflowOverride } from './snapshots.ts';

/** A RemediationWorkflow of the catalogue, as far as an override reads it. */
export interface CatalogueWorkflow {
  readonly name: string;
  readonly catalogStatus?: string;
  readonly workflowId?: string;
  readonly actionType?: string;
  readonly version?: string;
  readonly bundle?: string;
  readonly bundleDigest?: string;
  readonly engine?: string;
  readonly engineConfig?: Json;
  readonly serviceAccountName?: string;
  readonly dependencies?: Json;
  readonly parameterNames: readonly string[];
}

export type Overridden =
  | { readonly kind: 'usable'; readonly workflow: SelectedWorkflow }
  | { readonly kind: 'unusable'; readonly error: string };

const present = <T extends object>(members: T): Partial<T> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== '')) as Partial<T>;

/** The analysed workflow with everything that belongs to a workflow taken from the one of the catalogue. */
function swapped(analysed: SelectedWorkflow, named: CatalogueWorkflow): SelectedWorkflow {
  const { confidence, rationale, parameters } = analysed;
  return {
    ...present({ confidence, rationale, parameters }),
    ...present({
      workflowId: named.workflowId,
      workflowName: named.name,
      actionType: named.actionType,
      version: named.version,
      executionBundle: named.bundle,
      executionBundleDigest: named.bundleDigest,
      executionEngine: named.engine,
      engineConfig: named.engineConfig,
      serviceAccountName: named.serviceAccountName,
      dependencies: named.dependencies,
    }),
    declaredParameterNames: Object.fromEntries(named.parameterNames.map((name) => [name, true])),
  };
}

/** What is wrong with naming this workflow; undefined when it may be run. */
function fault(name: string, named: CatalogueWorkflow | undefined): string | undefined {
  if (named === undefined) return 'does not exist in the namespace of the request';
  if (named.catalogStatus !== 'Active') return `is not Active but ${named.catalogStatus || 'without a catalogStatus'}`;
  if (!named.engine || !named.bundle) return 'has no execution engine or bundle';
  return named.name === name ? undefined : `is called ${named.name}`;
}

/** The workflow to run when a person overrides the analysed one. `named` is the workflow of that name as it stands in the catalogue. */
export function applyOverride(
  analysed: SelectedWorkflow,
  override: WorkflowOverride,
  named: CatalogueWorkflow | undefined,
): Overridden {
  const { workflowName, parameters, rationale } = override;
  const wrong = workflowName ? fault(workflowName, named) : undefined;
  if (workflowName && wrong !== undefined)
    return { kind: 'unusable', error: `Override workflow ${workflowName} ${wrong}` };
  const base = workflowName && named !== undefined ? swapped(analysed, named) : analysed;
  const declared = base.declaredParameterNames;
  const unknown = declared && parameters ? Object.keys(parameters).filter((name) => declared[name] !== true) : [];
  if (unknown.length > 0)
    return {
      kind: 'unusable',
      error: `Override workflow ${base.workflowName ?? ''} does not declare ${unknown.join(', ')}`,
    };
  return {
    kind: 'usable',
    workflow: { ...base, ...(parameters === undefined ? {} : { parameters }), ...(rationale ? { rationale } : {}) },
  };
}
