import type { TrailEvent } from '../../postgres/event-row.ts';
import type { JsonObject } from '../../remediation/json.ts';
import { command, requestOf, textOf } from '../command.ts';
import { json, plain, table } from '../render.ts';
import { ledgerRow } from '../requests.ts';

/** Shows what was recorded about a request, in the order in which it was recorded. */
export const trail = command<{ readonly request: string; readonly uid: string | undefined }>({
  name: 'trail',
  summary: 'show what was recorded about a remediation, even when its request is gone',
  request: 'required',
  flags: [{ flags: '--uid <uid>', description: 'an earlier request of the same name' }],
  examples: ['rrctl trail rr-1', 'rrctl trail rr-1 --json'],
  parse: (request, options) => ({ request: requestOf(request), uid: textOf(options, 'uid') }),
  run: async ({ request, uid }, io, dependencies) => {
    const row = await ledgerRow(request, uid, dependencies);
    const events = await dependencies.store.trail(row.uid);
    if (io.json) io.out(json(events));
    else if (events.length === 0)
      io.err(`Nothing is recorded of ${request} yet: it is registered, its first step is to come.`);
    else io.out(table(['TIME', 'STEP', 'EVENT', 'CHANGE', 'REASON', 'WHO'], events.map(rowOf)));
    return 0;
  },
});

/** One line of the table. */
function rowOf(event: TrailEvent): readonly string[] {
  const data = event.event_data;
  return [
    event.event_timestamp.replace(/(\.\d{3})\d*Z$/, '$1Z'),
    event.step_no === undefined ? '-' : String(event.step_no),
    event.event_type.replace(/^orchestrator\./, ''),
    changeOf(data),
    plain(reasonOf(data), 60),
    plain(event.actor_id ?? ''),
  ];
}

function changeOf(data: JsonObject): string {
  const [from, to] = [data['from_phase'], data['to_phase']];
  if (typeof to === 'string')
    return from === to || typeof from !== 'string' ? plain(to) : `${plain(from)} -> ${plain(to)}`;
  return wordOf(data, ['terminal_phase', 'phase_at_deletion', 'phase_found']);
}

/** What says most about an event, whichever key its kind has for it. */
const REASON_KEYS = [
  'refusal_code',
  'transition_reason',
  'failure_detail',
  'block_reason',
  'crd_outcome',
  'crd_decision',
  'decision',
  'reason',
  'cause',
  'wfe_name',
  'ea_name',
  'rar_name',
] as const;

const reasonOf = (data: JsonObject): string => wordOf(data, REASON_KEYS);

function wordOf(data: JsonObject, keys: readonly string[]): string {
  const found = keys.map((key) => data[key]).find((value) => typeof value === 'string' && value !== '');
  return typeof found === 'string' ? plain(found) : '';
}
