import assert from 'node:assert/strict';
import { applyOverride } from '../../../src/remediation/override.ts';
import type { CatalogueWorkflow } from '../../../src/remediation/override.ts';
import { aWorkflow } from '../../builders/snapshots.ts';

const analysed = aWorkflow({ dependencies: { secrets: ['old'] }, resources: { cpu: '1' } });
const named: CatalogueWorkflow = {
  name: 'scale-up',
  catalogStatus: 'Active',
  workflowId: 'scale-up-v2',
  actionType: 'ScaleUp',
  version: '2.0.0',
  bundle: 'registry.example/scale-up:2',
  engine: 'job',
  dependencies: { secrets: ['new'] },
  parameterNames: ['REPLICAS'],
};
const workflowOf = (...args: Parameters<typeof applyOverride>) => {
  const result = applyOverride(...args);
  return result.kind === 'usable' ? result.workflow : assert.fail(result.error);
};
const errorOf = (...args: Parameters<typeof applyOverride>) => {
  const result = applyOverride(...args);
  return result.kind === 'unusable' ? result.error : assert.fail('it can be used');
};

describe('an override of the proposed workflow', () => {
  it('by nothing changes nothing', () => {
    assert.deepEqual(workflowOf(analysed, {}, undefined), analysed);
  });

  it('by another workflow takes everything that belongs to it', () => {
    const workflow = workflowOf(analysed, { workflowName: 'scale-up' }, named);
    assert.deepEqual(
      [workflow.workflowId, workflow.workflowName, workflow.version, workflow.executionBundle, workflow.actionType],
      ['scale-up-v2', 'scale-up', '2.0.0', 'registry.example/scale-up:2', 'ScaleUp'],
    );
    assert.deepEqual(workflow.dependencies, { secrets: ['new'] });
    assert.deepEqual(workflow.declaredParameterNames, { REPLICAS: true });
    assert.equal(workflow.resources, undefined);
  });

  it('keeps the confidence, the reasons and the parameters of the analysis', () => {
    const { confidence, rationale, parameters } = workflowOf(analysed, { workflowName: 'scale-up' }, named);
    assert.deepEqual(
      [confidence, rationale, parameters],
      [analysed.confidence, analysed.rationale, analysed.parameters],
    );
  });

  it('replaces all parameters, also by none', () => {
    assert.deepEqual(workflowOf(analysed, { parameters: { A: '1' } }, undefined).parameters, { A: '1' });
    assert.deepEqual(workflowOf(analysed, { parameters: {} }, undefined).parameters, {});
  });

  it('replaces the reasons when it gives some', () => {
    assert.equal(workflowOf(analysed, { rationale: 'because' }, undefined).rationale, 'because');
    assert.equal(workflowOf(analysed, { rationale: '' }, undefined).rationale, analysed.rationale);
  });

  it('cannot name what does not exist or is not active', () => {
    assert.match(errorOf(analysed, { workflowName: 'scale-up' }, undefined), /scale-up does not exist/);
    assert.match(
      errorOf(analysed, { workflowName: 'scale-up' }, { ...named, catalogStatus: 'Deprecated' }),
      /not Active but Deprecated/,
    );
    const { bundle: _, ...empty } = named;
    assert.match(errorOf(analysed, { workflowName: 'scale-up' }, empty), /no execution engine or bundle/);
  });

  it('cannot set a parameter that the workflow does not declare', () => {
    assert.match(
      errorOf(analysed, { workflowName: 'scale-up', parameters: { CPU: '2' } }, named),
      /does not declare CPU/,
    );
  });
});
