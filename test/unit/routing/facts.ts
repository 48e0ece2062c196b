import type { PastRemediation } from '../../../src/remediation/history.ts';
import { blockOf } from '../../../src/remediation/routing/checks.ts';
import type { PastExecution } from '../../../src/remediation/routing/chain.ts';
import type { RoutingFacts } from '../../../src/remediation/routing/facts.ts';
import type { Block } from '../../../src/remediation/routing/question.ts';
import { aSettings, HOUR, MINUTE } from '../../builders/request.ts';

/** The present of these tests. */
export const NOW = Date.parse('2026-11-23T10:00:00Z');

const settings = aSettings();

/** Facts in which nothing speaks against going on, before the analysis. */
export const someFacts = (changes: Partial<RoutingFacts> = {}): RoutingFacts => ({
  now: NOW,
  random: 0.5,
  asking: 'before analysis',
  limits: {
    ...settings.routing,
    consecutiveFailureThreshold: settings.consecutiveFailureThreshold,
    retentionPeriod: settings.retentionPeriod,
  },
  lifted: [],
  scope: { managed: true },
  signalTarget: 'payments/Pod/nginx-12345',
  self: { uid: 'self', name: 'rr-self' },
  owner: { uid: 'self', name: 'rr-self' },
  earlier: [],
  ...changes,
});

/** The same after the analysis, which chose a workflow for the target. */
export const factsAfterAnalysis = (changes: Partial<RoutingFacts> = {}): RoutingFacts =>
  someFacts({
    asking: 'after analysis',
    intent: {
      targetKey: '|kubernaut-system|payments/pod/nginx-12345',
      target: 'payments/Pod/nginx-12345',
      workflowId: 'restart',
      cluster: '',
      resource: { kind: 'Pod', name: 'nginx-12345', namespace: 'payments' },
    },
    chain: [],
    ...changes,
  });

/** An earlier end; failed in signal processing unless said otherwise. */
export const anEnd = (changes: Partial<PastRemediation> = {}): PastRemediation => ({
  uid: 'earlier',
  phase: 'Failed',
  failurePhase: 'SignalProcessing',
  wasInherited: false,
  endedWhileBlocked: false,
  ...changes,
});

/** So many failures. */
export const failures = (count: number): readonly PastRemediation[] => Array.from({ length: count }, () => anEnd());

export const completed = (outcome: NonNullable<PastRemediation['outcome']>, changes: Partial<PastRemediation> = {}) => {
  const { failurePhase: _, ...end } = anEnd({ phase: 'Completed', outcome, ...changes });
  return end;
};

/** A run that left no trace but its time, so many minutes ago. */
export const aRun = (minutesAgo: number, changes: Partial<PastExecution> = {}): PastExecution => ({
  completedAt: NOW - minutesAgo * MINUTE,
  actionType: 'RestartPod',
  ...changes,
});

/** The reason for the block, or `clear`. */
export const reasonOf = (facts: RoutingFacts): string => blockOf(facts)?.reason ?? 'clear';

/** The block, which must be there. */
export function theBlock(facts: RoutingFacts): Block {
  const block = blockOf(facts);
  if (block === undefined) throw new Error('nothing blocks');
  return block;
}

export { HOUR, MINUTE };
