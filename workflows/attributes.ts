import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { SearchAttributeUpdatePair } from '@temporalio/common';
import type { Commit } from '../src/remediation/commit.ts';
import { SEARCH_ATTRIBUTES } from '../src/remediation/search-attributes.ts';

const PHASE = defineSearchAttributeKey(SEARCH_ATTRIBUTES.phase.name, SearchAttributeType.KEYWORD);
const OUTCOME = defineSearchAttributeKey(SEARCH_ATTRIBUTES.outcome.name, SearchAttributeType.KEYWORD);

/** What a commit changes of a workflow's search attributes. */
export const attributesOf = ({ ledger }: Commit): SearchAttributeUpdatePair[] => [
  { key: PHASE, value: ledger.phase },
  ...(ledger.outcome ? [{ key: OUTCOME, value: ledger.outcome }] : []),
];
