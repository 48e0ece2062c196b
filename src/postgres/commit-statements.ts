/** The one statement in which a step writes everything: events, end of the chain, ledger row, and at an end who waits for it. */
import { insertEvents } from './event-row.ts';
import { CHANGEABLE } from './ledger-columns.ts';

const EVENTS = `
  events as (${insertEvents(1)})`;

const HEAD = `
  head as (
    update audit_chain_heads set last_seq = $9, last_hash = $10, updated_at = clock_timestamp() where chain_id = $8
  )`;

// Columns that the change does not name keep their value.
const row = (waiters: string, duplicates: string): string => `
  row as (
    update remediations r set
      (${CHANGEABLE.join(', ')}) =
        (select ${CHANGEABLE.join(', ')} from jsonb_populate_record(r, $4::jsonb)),
      step = $3,
      generation = $7,
      status_fold = $5::jsonb,
      rr_resource_version = coalesce($6, rr_resource_version),
      last_step_result = jsonb_build_object('waiters', ${waiters}, 'duplicates', ${duplicates}, 'memory', $11::jsonb),
      updated_at = clock_timestamp()
    where uid = $2::uuid
    returning last_step_result as result
  )
  select result from row`;

const DUPLICATES_SHOWN = 50;

// Who waits for this remediation to end, so that its status can tell.
const DUPLICATES = `(
  select jsonb_build_object('count', count(*), 'names', coalesce(jsonb_agg(w.name order by w.n) filter (where w.n <= ${String(DUPLICATES_SHOWN)}), '[]'))
  from (
    select name, row_number() over (order by created_at, name) as n from remediations
    where waiting_on = ($2::uuid)::text and terminal_at is null) w)`;

/** A step that leaves the remediation live and its target as it is, or keeps the books of an ended one. */
export const WRITE_STEP = {
  name: 'write-step',
  text: `with ${EVENTS}, ${HEAD}, ${row(`'[]'::jsonb`, DUPLICATES)}`,
} as const;

// $12: the remediation ends · $13: key of the target that is free now, if it held one
const WAITERS = `
  freed as (
    update claims set released_at = clock_timestamp()
    where holder_uid = $2::uuid and released_at is null
      and ((kind = 'fingerprint' and $12::boolean) or (kind = 'target' and key = $13::text))
  ),
  waiting as (
    select coalesce(jsonb_agg(jsonb_build_object('uid', uid, 'workflowId', temporal_workflow_id) order by created_at, uid), '[]') as list
    from remediations
    where terminal_at is null and uid <> $2::uuid
      and waiting_on in (case when $12::boolean then ($2::uuid)::text end, $13::text)
  )`;

/** A step that ends the remediation, or finds its execution over: what it held is free, and those who waited are named. */
export const WRITE_AND_RELEASE = {
  name: 'write-and-release',
  text: `with ${EVENTS}, ${HEAD}, ${WAITERS}, ${row('(select list from waiting)', DUPLICATES)}`,
} as const;
