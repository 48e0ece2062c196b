/** What an operator may configure and a remediation needs to know. Fixed for a request when its workflow starts. All durations in milliseconds. */
export interface Settings {
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
}
