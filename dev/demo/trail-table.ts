/** An audit trail in few columns. */
import type { TrailEvent } from '../../src/postgres/event-row.ts';
import { CONTROLLER_NAME } from '../../src/remediation/names.ts';
import { styled } from './terminal.ts';

const HEAD = ['TIME', 'STEP', 'EVENT', 'CHANGE', 'WHY'] as const;

/** A line for each event, in the order of the chain. */
export function trailTable(events: readonly TrailEvent[]): string {
  const rows = events.map(rowOf);
  const widths = HEAD.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [styled('dim', line(HEAD)), ...rows.map(line)].join('\n');
}

function rowOf({ event_timestamp, step_no, event_type, event_data, actor_id }: TrailEvent): readonly string[] {
  const member = (...keys: readonly string[]): string => {
    const found = keys.map((key) => event_data[key]).find((value) => typeof value === 'string');
    return typeof found === 'string' ? found : '';
  };
  const to = member('to_phase', 'terminal_phase');
  const from = member('from_phase');
  const why = member(
    'transition_reason',
    'decision',
    'approval_reason',
    'crd_outcome',
    'reason',
    'wfe_name',
    'ea_name',
    'rar_name',
  );
  const isOwn = actor_id === undefined || actor_id === CONTROLLER_NAME;
  return [
    new Date(event_timestamp).toTimeString().slice(0, 8) + event_timestamp.slice(19, 23),
    step_no === undefined ? '' : String(step_no),
    event_type.replace('orchestrator.', ''),
    from === '' ? to : `${from} → ${to}`,
    isOwn ? why : `${why} by ${actor_id}`,
  ];
}
