import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isTouched, isUnshown } from '../../../src/remediation/keeper/missed.ts';
import type { AnyChildSnapshot } from '../../../src/remediation/snapshots.ts';
import type { Status } from '../../../src/remediation/status.ts';
import { aChild, aRequestSnapshot } from '../../builders/snapshots.ts';

const aNotification = (phase: string): AnyChildSnapshot => ({
  ...aChild('SignalProcessing'),
  kind: 'NotificationRequest',
  status: { phase },
});
const shows = (status: Status) => aRequestSnapshot({ status });

describe('what may have been missed while nobody watched', () => {
  it('what others wrote to an ended request, as far as it means something after the end', () => {
    for (const field of ['overallPhase', 'retentionExpiryTime', 'completionStatus.notificationRequestRefs'] as const)
      assert.ok(isTouched(aRequestSnapshot({ foreign: [field] })), field);
    assert.ok(!isTouched(aRequestSnapshot({ foreign: ['timeoutConfig', 'startTime'] })));
    assert.ok(!isTouched(aRequestSnapshot()));
  });

  it('a delivery that the request does not show', () => {
    const pending = shows({ completionStatus: { notificationStatus: 'Pending' } });
    assert.ok(isUnshown(shows({}), aNotification('Sent')));
    assert.ok(isUnshown(pending, aNotification('Failed')));
    assert.ok(!isUnshown(pending, aNotification('Sending')), 'its end will be seen');
    assert.ok(!isUnshown(shows({ completionStatus: { notificationStatus: 'Sent' } }), aNotification('Sent')));
  });

  it('an assessment that the request still waits for, and no other child', () => {
    const reason = { status: 'False', message: '', lastTransitionTime: '' } as const;
    const open = shows({ conditions: { EffectivenessAssessed: { ...reason, reason: 'AssessmentInProgress' } } });
    assert.ok(isUnshown(open, aChild('EffectivenessAssessment', { phase: 'Completed' })));
    assert.ok(!isUnshown(open, aChild('EffectivenessAssessment', { phase: 'Assessing' })));
    assert.ok(!isUnshown(open, aChild('WorkflowExecution', { phase: 'Completed' })));
    assert.ok(!isUnshown(shows({}), aChild('EffectivenessAssessment', { phase: 'Completed' })));
  });
});
