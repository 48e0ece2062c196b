/** What is known of a target's state before it is touched. */
import type { ResourceTarget } from './request.ts';

export interface HashQuestion {
  readonly target: ResourceTarget;
  readonly clusterID?: string;
}

export type TargetHash =
  | { readonly kind: 'hash'; readonly hash: string }
  /** The target does not exist, or its kind is not served: there is no state to compare with later. */
  | { readonly kind: 'none' }
  /** The target cannot be read; the remediation goes on without. */
  | { readonly kind: 'degraded'; readonly reason: string };
