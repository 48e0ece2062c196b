/** The moments in the life of a remediation at which a process is killed. */
import type pg from 'pg';
import type { OwnedKind } from '../../../src/remediation/children.ts';
import type { Path } from './trails.ts';

/**
 * `created`: the request is there. `child`: an effect is done, the step that names it is not committed.
 * `recorded`: the step is in trail and ledger, the status is not written. `shown`: the status is written.
 * `decided`: a person's decision stands on the approval request.
 */
export type Moment =
  | { readonly at: 'created' | 'decided' }
  | { readonly at: 'child'; readonly kind: OwnedKind }
  | { readonly at: 'recorded'; readonly step: number }
  | { readonly at: 'shown'; readonly phase: string };

const PHASES: Readonly<Record<Path, readonly string[]>> = {
  direct: ['Pending', 'Processing', 'Analyzing', 'Executing', 'Verifying'],
  approval: ['Pending', 'Processing', 'Analyzing', 'AwaitingApproval', 'Executing', 'Verifying'],
};
const CHILDREN: Readonly<Record<Path, readonly OwnedKind[]>> = {
  direct: ['SignalProcessing', 'AIAnalysis', 'WorkflowExecution', 'EffectivenessAssessment'],
  approval: [
    'SignalProcessing',
    'AIAnalysis',
    'RemediationApprovalRequest',
    'WorkflowExecution',
    'EffectivenessAssessment',
  ],
};

/** Every moment of a path, in the order in which they come. */
export function momentsOf(path: Path): readonly Moment[] {
  const decided: readonly Moment[] = path === 'approval' ? [{ at: 'decided' }] : [];
  return [
    { at: 'created' },
    ...CHILDREN[path].map((kind) => ({ at: 'child', kind }) as const),
    ...[...PHASES[path], 'Completed'].map((_, index) => ({ at: 'recorded', step: index + 1 }) as const),
    ...PHASES[path].map((phase) => ({ at: 'shown', phase }) as const),
    ...decided,
  ];
}

/** The moment in words. */
export function inWords(moment: Moment): string {
  switch (moment.at) {
    case 'created':
      return 'the request is created';
    case 'decided':
      return 'the decision is written';
    case 'child':
      return `${moment.kind} is created and its step not yet committed`;
    case 'recorded':
      return `step ${String(moment.step)} is recorded and not yet shown in the status`;
    case 'shown':
      return `the status says ${moment.phase}`;
  }
}

/** Calls back as soon as a step is committed in PostgreSQL, which is before its status is written. */
export async function listenToSteps(pool: pg.Pool, onStep: (uid: string, step: number) => void) {
  const client = await pool.connect();
  await client.query(`
    create or replace function tell_step() returns trigger language plpgsql as $$
      begin perform pg_notify('steps', new.uid || ' ' || new.step); return null; end $$;
    create or replace trigger tell_step after insert or update on remediations for each row execute function tell_step();
    listen steps`);
  client.on('notification', ({ payload = '' }) => {
    const [uid = '', step = ''] = payload.split(' ');
    onStep(uid, Number(step));
  });
  return {
    stop: () => {
      client.release(true);
    },
  };
}
