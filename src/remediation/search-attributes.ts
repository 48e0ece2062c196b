/** The search attributes of a remediation workflow. Plain values, so that workflows, clients and the set-up share them. */

/** Name and type of each, as Temporal's typed search attributes take them. */
export const SEARCH_ATTRIBUTES = {
  namespace: { name: 'RrNamespace', type: 'KEYWORD' },
  name: { name: 'RrName', type: 'KEYWORD' },
  phase: { name: 'RrPhase', type: 'KEYWORD' },
  fingerprint: { name: 'RrFingerprint', type: 'KEYWORD' },
  target: { name: 'RrTarget', type: 'KEYWORD' },
  severity: { name: 'RrSeverity', type: 'KEYWORD' },
  outcome: { name: 'RrOutcome', type: 'KEYWORD' },
  deadline: { name: 'RrDeadline', type: 'DATETIME' },
} as const;

const LONGEST_KEYWORD = 255;

/** The text as a keyword that the server's store takes. */
export const keyword = (value: string): string => value.slice(0, LONGEST_KEYWORD);
