/** What an operator may configure and a remediation needs to know. Fixed for a request when its workflow starts. All durations in milliseconds. */
export interface Settings {
  readonly routing: RoutingLimits;
  readonly timeouts: {
    readonly global: number;
    readonly processing: number;
    readonly analyzing: number;
    readonly executing: number;
    readonly awaitingApproval: number;
    readonly verifying: number;
  };
  readonly retentionPeriod: number;
  readonly stabilizationWindow: number;
  readonly asyncPropagation: {
    readonly gitOpsSyncDelay: number;
    readonly operatorReconcileDelay: number;
    readonly proactiveAlertDelay: number;
  };
  readonly backoff: { readonly base: number; readonly max: number; readonly maxExponent: number };
  readonly consecutiveFailureThreshold: number;
  readonly noActionRequiredDelay: number;
  readonly dryRun: boolean;
  readonly dryRunHoldPeriod: number;
  readonly captureSpec: 'full' | 'digest';
  readonly auditRetentionDays: number;
  /** Notifications that are not everybody's wish: that a problem went away by itself, and that a duplicate waits. */
  readonly notifications: { readonly selfResolved: boolean; readonly blockDuplicates: boolean };
}

/** When routing lets a remediation go on, and when it does not. */
export interface RoutingLimits {
  readonly consecutiveFailureCooldown: number;
  readonly recentlyRemediatedCooldown: number;
  readonly scopeBackoff: { readonly base: number; readonly max: number };
  readonly ineffectiveChainThreshold: number;
  readonly recurrenceCountThreshold: number;
  readonly ineffectiveTimeWindow: number;
  readonly forwardChainThreshold: number;
  readonly forwardChainWindow: number;
}
