import type { Settings } from '../remediation/settings.ts';
import type { Config } from './read.ts';

/** What a remediation needs to know of the configuration. */
export function settingsOf(config: Config): Settings {
  const { routing } = config;
  return {
    routing: {
      consecutiveFailureCooldown: routing.consecutiveFailureCooldown,
      recentlyRemediatedCooldown: routing.recentlyRemediatedCooldown,
      scopeBackoff: { base: routing.scopeBackoffBase, max: routing.scopeBackoffMax },
      ineffectiveChainThreshold: routing.ineffectiveChainThreshold,
      recurrenceCountThreshold: routing.recurrenceCountThreshold,
      ineffectiveTimeWindow: routing.ineffectiveTimeWindow,
      forwardChainThreshold: routing.forwardChainThreshold,
      forwardChainWindow: routing.forwardChainWindow,
    },
    timeouts: config.timeouts,
    retentionPeriod: config.retention.period,
    stabilizationWindow: config.effectivenessAssessment.stabilizationWindow,
    asyncPropagation: config.asyncPropagation,
    backoff: {
      base: routing.exponentialBackoffBase,
      max: routing.exponentialBackoffMax,
      maxExponent: routing.exponentialBackoffMaxExponent,
    },
    consecutiveFailureThreshold: routing.consecutiveFailureThreshold,
    noActionRequiredDelay: routing.noActionRequiredDelayHours * 3_600_000,
    dryRun: config.dryRun,
    dryRunHoldPeriod: config.dryRunHoldPeriod,
    captureSpec: config.audit.captureSpec,
    auditRetentionDays: config.audit.retentionDays,
    notifications: {
      selfResolved: config.notifications.notifySelfResolved,
      blockDuplicates: config.notifications.blockDuplicates,
    },
  };
}
