import assert from 'node:assert/strict';
import { differences } from '../../../src/postgres/differences.ts';
import type { JsonObject } from '../../../src/remediation/json.ts';
import type { Condition, Status } from '../../../src/remediation/status.ts';

const condition = (status: Condition['status']): Condition => ({
  status,
  reason: 'R',
  message: '',
  lastTransitionTime: '2026-11-23T10:00:00Z',
});
const asFold = (status: Status): JsonObject => status as unknown as JsonObject;

const status: Status = {
  overallPhase: 'Completed',
  startTime: '2026-11-23T10:00:00Z',
  completionStatus: { outcome: 'Remediated', notificationRequestRefs: [{ name: 'nr-completion-rr-a' }] },
  conditions: { Ready: condition('True'), AIAnalysisReady: condition('True') },
};
const paths = (cluster: Status, trail: Status = status): readonly string[] =>
  differences(asFold(trail), cluster).map(({ path }) => path);

describe('differences between trail and cluster', () => {
  it('are none when the status is the one that was written', () => {
    assert.deepEqual(differences(asFold(status), status), []);
  });

  it('name each member that differs, with both values', () => {
    const cluster: Status = { ...status, overallPhase: 'Failed', completionStatus: { outcome: 'Inconclusive' } };
    const { notificationRequestRefs: refs } = status.completionStatus ?? {};
    assert.deepEqual(differences(asFold(status), cluster), [
      { path: 'completionStatus.notificationRequestRefs', trail: refs, cluster: undefined },
      { path: 'completionStatus.outcome', trail: 'Remediated', cluster: 'Inconclusive' },
      { path: 'overallPhase', trail: 'Completed', cluster: 'Failed' },
    ]);
  });

  it('leave out conditions of others, mirrored deliveries and the record of the outage', () => {
    const conditions = {
      ...status.conditions,
      Somebodys: condition('True'),
      NotificationDelivered: condition('True'),
      AuditRecorded: condition('False'),
    };
    assert.deepEqual(paths({ ...status, conditions }), []);
  });

  it('leave out an assessment that came after the end, but not one before', () => {
    const conditions = { ...status.conditions, EffectivenessAssessed: condition('True') };
    assert.deepEqual(paths({ ...status, conditions }), []);
    const live: Status = { ...status, overallPhase: 'Verifying' };
    assert.deepEqual(paths({ ...live, conditions }, live), ['conditions.EffectivenessAssessed']);
  });

  it('leave out the sign that a child could not be created for a while', () => {
    const conditions = { ...status.conditions, AIAnalysisReady: condition('False') };
    assert.deepEqual(paths({ ...status, conditions }), []);
    assert.deepEqual(paths({ ...status, conditions: { ...status.conditions, Ready: condition('False') } }), [
      'conditions.Ready',
    ]);
  });

  it('leave out references that others added, but not one of ours that is missing', () => {
    const { completionStatus } = status;
    const refs = [...(completionStatus?.notificationRequestRefs ?? []), { name: 'theirs' }];
    const more = { ...completionStatus, notificationRequestRefs: refs, notificationStatus: 'Sent' };
    assert.deepEqual(paths({ ...status, completionStatus: more }), []);
    const fewer = { ...completionStatus, notificationRequestRefs: [{ name: 'theirs' }] };
    assert.deepEqual(paths({ ...status, completionStatus: fewer }), ['completionStatus.notificationRequestRefs']);
  });

  it('leave out what the Gateway and the admission webhook write', () => {
    const cluster = { ...status, deduplication: { occurrenceCount: 2 }, operatorAudit: { lastModifiedBy: 'ada' } };
    assert.deepEqual(paths(cluster), []);
    const hash: Status = { ...status, operatorAudit: { preRemediationSpecHash: 'sha256:x' } };
    assert.deepEqual(paths(hash), ['operatorAudit.preRemediationSpecHash']);
  });
});
