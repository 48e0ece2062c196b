/** What verification can find wrong with a trail. The codes are stable: people and programs look for them. */

export type FindingCode =
  | 'SEQUENCE_GAP'
  | 'DUPLICATE_SEQUENCE'
  | 'GENESIS_MISMATCH'
  | 'LINK_MISMATCH'
  | 'SUBJECT_MISMATCH'
  | 'PAYLOAD_DIGEST_MISMATCH'
  | 'EVENT_HASH_MISMATCH'
  | 'HEAD_MISMATCH'
  | 'LEDGER_MISMATCH'
  | 'TRAIL_RULE_BROKEN';

export interface Finding {
  readonly code: FindingCode;
  readonly chain: string;
  /** Where in the chain; absent when it is about the whole of it. */
  readonly seq?: number;
  /** What is wrong, in one sentence. */
  readonly message: string;
}
