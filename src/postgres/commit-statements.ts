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
const row = (waiters: string): string => `
  row as (
    update remediations r set
      (${CHANGEABLE.join(', ')}) =
        (select ${CHANGEABLE.join(', ')} from jsonb_populate_record(r, $4::jsonb)),
      step = $3,
      generation = $7,
      status_fold = $5::jsonb,
      rr_resource_version = coalesce($6, rr_resource_version),
      last_step_result = jsonb_build_object('waiters', ${waiters}, 'memory', $11::jsonb),
      updated_at = clock_timestamp()
    where uid = $2::uuid
    returning last_step_result as result
  )
  select result from row`;

/** A step that leaves the remediation live, or keeps the books of an ended one. */
export const WRITE_STEP = { name: 'write-step', text: `with ${EVENTS}, ${HEAD}, ${row(`'[]'::jsonb`)}` } as const;

const WAITERS = `
  freed as (
    update claims set released_at = clock_timestamp()
    where holder_uid = $2::uuid and kind = 'fingerprint' and released_at is null
  ),
  waiting as (
    select coalesce(jsonb_agg(jsonb_build_object('uid', uid, 'workflowId', temporal_workflow_id) order by created_at, uid), '[]') as list
    from remediations where waiting_on = ($2::uuid)::text and terminal_at is null
  )`;

/** A step that ends the remediation: its fingerprint is free again, and those who waited for it are named. */
export const WRITE_END = {
  name: 'write-end',
  text: `with ${EVENTS}, ${HEAD}, ${WAITERS}, ${row('(select list from waiting)')}`,
} as const;
