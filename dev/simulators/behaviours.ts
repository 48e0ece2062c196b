/** What a signal may ask of the simulators, and who plays it. The README of this folder lists the same words. */

/** The signal label that chooses a behaviour. */
export const LABEL = 'simulate';

export const SIMULATED_KINDS = [
  'SignalProcessing',
  'AIAnalysis',
  'WorkflowExecution',
  'EffectivenessAssessment',
  'NotificationRequest',
] as const;
export type SimulatedKind = (typeof SIMULATED_KINDS)[number];

/** The kind that each word changes; all other kinds then go the straight way. */
export const BEHAVIOURS = {
  'sp-fails': 'SignalProcessing',
  'sp-silent': 'SignalProcessing',
  'ai-approval': 'AIAnalysis',
  'ai-no-action': 'AIAnalysis',
  'ai-manual-review': 'AIAnalysis',
  'ai-fails': 'AIAnalysis',
  'ai-garbage': 'AIAnalysis',
  'ai-no-target': 'AIAnalysis',
  'ai-silent': 'AIAnalysis',
  'we-fails': 'WorkflowExecution',
  'we-silent': 'WorkflowExecution',
  'ea-inconclusive': 'EffectivenessAssessment',
  'ea-silent': 'EffectivenessAssessment',
  'nr-fails': 'NotificationRequest',
  'nr-silent': 'NotificationRequest',
} as const satisfies Readonly<Record<string, SimulatedKind>>;
export type Behaviour = keyof typeof BEHAVIOURS;

/** The behaviour that these signal labels choose for a kind; undefined means the straight way. */
export function behaviourFor(kind: SimulatedKind, labels: Readonly<Record<string, string>>): Behaviour | undefined {
  const word = labels[LABEL];
  return isBehaviour(word) && BEHAVIOURS[word] === kind ? word : undefined;
}

export const isBehaviour = (word: string | undefined): word is Behaviour =>
  word !== undefined && Object.hasOwn(BEHAVIOURS, word);
