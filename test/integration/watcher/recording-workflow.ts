/** Stands in for the remediation workflow: remembers what it is told, and ends when its request is gone. */
import { condition, defineQuery, setHandler } from '@temporalio/workflow';
import type { Snapshot } from '../../../src/remediation/snapshots.ts';
import type { RemediationInput } from '../../../workflows/input.ts';
import { seen } from '../../../workflows/messages.ts';

export interface Recording {
  readonly input: RemediationInput;
  /** One item per signal. */
  readonly signals: readonly (readonly Snapshot[])[];
}

export const recording = defineQuery<Recording>('recording');

export async function remediation(input: RemediationInput): Promise<string> {
  const signals: (readonly Snapshot[])[] = [];
  setHandler(seen, (snapshots) => {
    signals.push(snapshots);
  });
  setHandler(recording, () => ({ input, signals }));
  await condition(() => signals.flat().some(({ kind, gone }) => kind === 'RemediationRequest' && gone === true));
  return 'gone';
}
