import assert from 'node:assert/strict';
import { followedNames, withReferences } from '../../../src/remediation/notifications/references.ts';
import { aRequest } from '../../builders/request.ts';

const request = aRequest();
const { name, namespace } = request;
const ref = (prefix: string) => ({ name: `${prefix}-${name}`, namespace });
const names = (refs: readonly { readonly name?: string }[]) => refs.map((each) => each.name);

const BLOCKS = [
  'consecutivefailures',
  'duplicateinprogress',
  'resourcebusy',
  'recentlyremediated',
  'exponentialbackoff',
];
const TEN = [
  ...BLOCKS.map((reason) => ref(`nr-block-${reason}`)),
  ref('nr-approval'),
  ref('nr-manual-review'),
  ref('nr-escalation'),
  ref('nr-completion'),
  ref('nr-bulk'),
];

describe('the references to notifications', () => {
  it('E-160: are ten of ours at most; blocks go first, the oldest of them', () => {
    const refs = withReferences(TEN, [ref('timeout'), ref('nr-self-resolved')], request);
    assert.equal(refs.length, 10);
    assert.deepEqual(
      names(TEN).filter((each) => !names(refs).includes(each)),
      [`nr-block-consecutivefailures-${name}`, `nr-block-duplicateinprogress-${name}`],
    );
  });
  it('E-160: never leave out approval, review and escalation', () => {
    const others = ['nr-completion', 'nr-self-resolved', 'nr-bulk', 'timeout', 'phase-timeout-processing'];
    const more = ['phase-timeout-analyzing', 'phase-timeout-executing'];
    const kept = ['nr-approval', 'nr-manual-review', 'nr-escalation'];
    const refs = withReferences(kept.map(ref), [...others, ...more, 'nr-block-resourcebusy'].map(ref), request);
    assert.equal(refs.length, 10);
    for (const prefix of kept) assert.ok(names(refs).includes(`${prefix}-${name}`));
    assert.ok(!names(refs).includes(`nr-block-resourcebusy-${name}`));
  });
  it('do not count those of others, nor lose them', () => {
    const theirs = Array.from({ length: 12 }, (_, i) => ({ name: `theirs-${String(i)}`, namespace }));
    assert.equal(withReferences(theirs, [ref('timeout')], request).length, 13);
  });
  it('E-161: name nothing twice', () => {
    assert.deepEqual(withReferences([ref('timeout')], [ref('timeout')], request), [ref('timeout')]);
  });
  it('are followed up to the tenth, where they name something that can be found', () => {
    const odd = [{ namespace }, { name: 'no-namespace' }, { name: 'far-away', namespace: 'other' }, ref('timeout')];
    assert.deepEqual(followedNames(odd, namespace), [`timeout-${name}`]);
    const twelve = Array.from({ length: 12 }, (_, i) => ({ name: `n-${String(i)}`, namespace }));
    assert.equal(followedNames(twelve, namespace).length, 10);
  });
  it('know the names that were shortened', () => {
    const long = aRequest({ name: 'x'.repeat(250) });
    const shortened = { name: `nr-completion-${'x'.repeat(228)}-${long.nameDigest}`, namespace };
    const refs = withReferences([], [...Array.from({ length: 1 }, () => shortened)], long);
    assert.deepEqual(refs, [shortened]);
    assert.equal(shortened.name.length, 253);
  });
});
