/** The request that tests are about, unless they say otherwise, and what an operator has configured. */
import type { RemediationRequest, RequestSpec } from '../../src/remediation/request.ts';
import type { Settings } from '../../src/remediation/settings.ts';

/** When the request is first seen. */
export const START = Date.parse('2026-11-23T10:00:00Z');

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** A request that is valid by itself: say only what the test is about. */
export function aRequest(
  changes: Partial<Omit<RemediationRequest, 'spec'>> & { readonly spec?: Partial<RequestSpec> } = {},
): RemediationRequest {
  const { spec, ...identity } = changes;
  return {
    namespace: 'kubernaut-system',
    name: 'rr-a',
    uid: '11111111-2222-4333-8444-555555555555',
    creationTimestamp: new Date(START - SECOND).toISOString().replace('.000Z', 'Z'),
    generation: 1,
    nameDigest: '0a1b2c3d4e',
    ...identity,
    spec: {
      signalFingerprint: 'a1b2c3d4'.repeat(8),
      signalName: 'HighMemory',
      severity: 'critical',
      signalType: 'alert',
      signalSource: 'prometheus',
      targetType: 'kubernetes',
      targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api', namespace: 'payments' },
      firingTime: '2026-11-23T09:59:00Z',
      receivedTime: '2026-11-23T09:59:02Z',
      ...spec,
    },
  };
}

/** The configured defaults of the product. */
export const aSettings = (changes: Partial<Settings> = {}): Settings => ({
  timeouts: {
    global: HOUR,
    processing: 5 * MINUTE,
    analyzing: 10 * MINUTE,
    executing: 30 * MINUTE,
    awaitingApproval: 15 * MINUTE,
    verifying: 30 * MINUTE,
  },
  retentionPeriod: 24 * HOUR,
  stabilizationWindow: 5 * MINUTE,
  asyncPropagation: {
    gitOpsSyncDelay: 3 * MINUTE,
    operatorReconcileDelay: MINUTE,
    proactiveAlertDelay: 5 * MINUTE,
  },
  backoff: { base: MINUTE, max: 10 * MINUTE, maxExponent: 4 },
  consecutiveFailureThreshold: 3,
  routing: {
    consecutiveFailureCooldown: HOUR,
    recentlyRemediatedCooldown: 5 * MINUTE,
    scopeBackoff: { base: 5 * SECOND, max: 5 * MINUTE },
    ineffectiveChainThreshold: 3,
    recurrenceCountThreshold: 5,
    ineffectiveTimeWindow: 4 * HOUR,
    forwardChainThreshold: 2,
    forwardChainWindow: HOUR,
  },
  noActionRequiredDelay: 24 * HOUR,
  dryRun: false,
  dryRunHoldPeriod: HOUR,
  captureSpec: 'full',
  auditRetentionDays: 2555,
  notifications: { selfResolved: false, blockDuplicates: true },
  ...changes,
});
