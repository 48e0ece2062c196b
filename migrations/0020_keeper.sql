-- What the keeper has to do with remediations that have ended, and when it did what it does rarely.

-- When an ended remediation is to be looked at again; null for one that nobody has looked at yet.
alter table remediations add column look_at timestamptz;

create or replace function refuse_change_after_end() returns trigger language plpgsql as $$
declare
  bookkeeping constant text[] := array[
    'step', 'last_step_result', 'status_fold', 'rr_resource_version', 'hint_at', 'look_at', 'deleted_at', 'updated_at'
  ];
begin
  if to_jsonb(old) - bookkeeping is distinct from to_jsonb(new) - bookkeeping then
    raise exception 'remediation %/% ended as % and cannot change any more', old.namespace, old.name, old.phase
      using errcode = '23514', hint = 'Only the columns of the keeper''s bookkeeping may be written after the end.';
  end if;
  return new;
end
$$;

create index remediations_ended on remediations (namespace, look_at nulls first)
  where terminal_at is not null and deleted_at is null;
create index remediations_unbegun on remediations (namespace, registered_at)
  where terminal_at is null and step = 0;
create index claims_targets_held on claims (holder_uid) where kind = 'target' and released_at is null;
-- How often a remediation was put right after its end.
create index audit_events_restored on audit_events (rr_uid, event_timestamp)
  where event_type = 'orchestrator.status.updated';

create table keeper_duties (
  namespace text not null,
  duty text not null,
  done_at timestamptz not null,
  primary key (namespace, duty)
);
