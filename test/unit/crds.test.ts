import assert from 'node:assert/strict';
import { Ajv, type ValidateFunction } from 'ajv';
import { fullFormats } from 'ajv-formats/dist/formats.js';
import { API_VERSION, GROUP, KIND_NAMES, KINDS, pathOf, VERSION } from '../../src/kubernetes/kinds.ts';
import { factsOf, nodesOf } from '../fixtures/crd-facts.ts';
import { readCrds, readFieldFacts, readObjects, type Schema, versionOf, yamlFilesIn } from '../fixtures/crds.ts';

const crds = readCrds();

describe('the CRD files', () => {
  it('are one per kind, named as the API server names the resource', () => {
    const expected = KIND_NAMES.map((kind) => `${GROUP}_${KINDS[kind].plural}.yaml`).sort();
    assert.deepEqual(crds.map(({ file }) => file).sort(), expected);
    for (const { crd } of crds) assert.equal(crd.metadata.name, `${crd.spec.names.plural}.${GROUP}`);
  });

  for (const { file, crd } of crds) {
    it(`${file} describes every field`, () => {
      const root = versionOf(crd).schema.openAPIV3Schema;
      const nodes = [{ path: '(root)', node: root }, ...nodesOf(root)];
      // The API server refuses a description on metadata, whose schema it supplies itself.
      const bare = nodes.filter(
        ({ path, node }) => path !== 'metadata' && !/^\S.{7,}[.]$/s.test(node.description ?? ''),
      );
      assert.deepEqual(
        bare.map(({ path }) => path),
        [],
      );
    });

    it(`${file} has exactly the fields, limits, rules, columns and selectors of the table`, () => {
      const expected = readFieldFacts().filter((line) => line.startsWith(`${crd.spec.names.kind}\t`));
      assert.deepEqual([...factsOf(crd)].sort(), [...expected].sort());
    });
  }
});

describe('the table of kinds', () => {
  for (const { crd } of crds) {
    const { kind, plural, shortNames } = crd.spec.names;
    it(`calls ${kind} what its CRD calls it`, () => {
      const names = Object.entries(KINDS).find(([name]) => name === kind)?.[1];
      assert.deepEqual({ plural: names?.plural, shortNames: names?.shortNames }, { plural, shortNames });
      assert.deepEqual([crd.spec.group, versionOf(crd).name], [GROUP, VERSION]);
    });
  }

  it('gives a prefix to the kinds of which a request has one', () => {
    const prefixes = Object.values(KINDS).flatMap((names) => ('childPrefix' in names ? [names.childPrefix] : []));
    assert.deepEqual(prefixes, ['sp', 'ai', 'rar', 'we', 'ea']);
  });

  it('builds the path of a collection, an object and a status', () => {
    const base = `/apis/${API_VERSION}/namespaces/kubernaut-system/remediationrequests`;
    assert.equal(pathOf('RemediationRequest', 'kubernaut-system'), base);
    assert.equal(pathOf('RemediationRequest', 'kubernaut-system', 'demo'), `${base}/demo`);
    assert.equal(pathOf('RemediationRequest', 'kubernaut-system', 'demo', 'status'), `${base}/demo/status`);
  });

  it('lets no name break out of its place in the path', () => {
    assert.ok(pathOf('AIAnalysis', 'a/b', '../x?y').endsWith('/namespaces/a%2Fb/aianalyses/..%2Fx%3Fy'));
  });
});

describe('the sample objects', () => {
  const validators = new Map(
    crds.map(({ crd }) => [crd.spec.names.kind, validatorOf(versionOf(crd).schema.openAPIV3Schema)]),
  );

  for (const file of [...yamlFilesIn('test/fixtures/examples'), ...yamlFilesIn('deploy/examples')]) {
    it(`${file} fits the schemas`, () => {
      const objects = readObjects(file);
      assert.notEqual(objects.length, 0);
      for (const object of objects.filter(({ kind }) => kind !== 'Namespace')) {
        assert.equal(object.apiVersion, API_VERSION);
        const validate = validators.get(object.kind) ?? assert.fail(`${object.kind} is none of the eight kinds`);
        assert.ok(validate(object), `${object.kind} ${object.metadata.name}: ${JSON.stringify(validate.errors)}`);
      }
    });
  }

  it('would not fit with a misspelt field, a value outside its enumeration or a missing one', () => {
    const validate = validators.get('RemediationRequest') ?? assert.fail();
    const sample = readObjects('deploy/examples/rr-direct.yaml')[0];
    const { signalName, ...incomplete } = sample?.spec ?? {};
    for (const spec of [
      { ...sample?.spec, signalname: signalName },
      { ...sample?.spec, targetType: 'vms' },
      incomplete,
    ])
      assert.equal(validate({ ...sample, spec }), false);
  });
});

/** Compiles a structural schema as JSON Schema in which a field that the API server would prune is an error. */
function validatorOf(schema: Schema): ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true });
  const { 'date-time': dateTime, int32, int64 } = fullFormats;
  ajv.addFormat('date-time', dateTime).addFormat('int32', int32).addFormat('int64', int64);
  ajv.addFormat('duration', /^-?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/);
  return ajv.compile(closed(schema));
}

function closed(schema: Schema): object {
  const { properties, items, additionalProperties, ...rest } = schema;
  return {
    ...rest,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, node]) => [name, closed(node)])),
      additionalProperties: false,
    }),
    ...(additionalProperties && { additionalProperties: closed(additionalProperties) }),
    ...(items && { items: closed(items) }),
  };
}
