/** What verification with checkpoints can find wrong. The codes are stable. Pure. */
import type { FindingCode } from '../postgres/findings.ts';

/** The codes of a chain by itself, and those that only checkpoints or a bundle can show. */
export type AuditFindingCode =
  | FindingCode
  | 'CHECKPOINT_HEAD_MISMATCH'
  | 'CHAIN_SHORTER_THAN_CHECKPOINT'
  | 'CHAIN_MISSING'
  | 'PROOF_INVALID'
  | 'CHECKPOINT_GAP'
  | 'CHECKPOINT_CHAIN_BROKEN'
  | 'UNTRUSTED_KEY'
  | 'SIGNATURE_INVALID'
  | 'BUNDLE_CORRUPT';

export interface AuditFinding {
  readonly code: AuditFindingCode;
  /** Absent when it is about checkpoints or the bundle. */
  readonly chain?: string;
  /** Where in the chain. */
  readonly seq?: number;
  readonly checkpoint?: number;
  /** What is wrong, in one sentence. */
  readonly message: string;
}

/** What a verification came to. */
export interface AuditReport {
  readonly intact: boolean;
  readonly findings: readonly AuditFinding[];
  readonly chains: number;
  readonly events: number;
  readonly checkpoints: number;
  /** The newest checkpoint that was seen. */
  readonly newest?: { readonly checkpoint_no: number; readonly issued_at: string };
  /** Events behind the last one that a checkpoint covers, by chain; what is here has no signature over it yet. */
  readonly uncovered: readonly { readonly chain: string; readonly events: number }[];
  /** Whether signatures were checked: only keys from outside can do it. */
  readonly signed: boolean;
}
