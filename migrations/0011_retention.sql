-- Legal holds, what was purged, and notifications that other services report.

create table audit_legal_holds (
  hold_id uuid primary key default gen_random_uuid(),
  correlation_id varchar(255) not null,
  reason text not null check (reason <> ''),
  placed_by varchar(255) not null,
  placed_at timestamptz not null default clock_timestamp(),
  released_by varchar(255),
  released_at timestamptz,
  release_reason text,
  constraint released_as_a_whole check (
    num_nulls(released_by, released_at, release_reason) in (0, 3)
  )
);
create unique index audit_legal_holds_active on audit_legal_holds (correlation_id) where released_at is null;

-- A hold is released once; nothing else of it changes.
create function refuse_hold_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    if old.released_at is null and new.released_at is not null
      and (to_jsonb(old) - array['released_by', 'released_at', 'release_reason'])
        = (to_jsonb(new) - array['released_by', 'released_at', 'release_reason'])
    then
      return new;
    end if;
  end if;
  raise exception 'a legal hold can only be released, once' using errcode = '23514';
end
$$;
create trigger release_only before update or delete on audit_legal_holds
  for each row execute function refuse_hold_change();
create trigger no_truncate before truncate on audit_legal_holds
  for each statement execute function refuse_audit_change();

create table audit_retention_operations (
  operation_id uuid primary key default gen_random_uuid(),
  partition_name text not null,
  events_purged bigint not null,
  approved_by varchar(255) not null,
  second_approver varchar(255) not null,
  archive_sha256 text not null,
  performed_at timestamptz not null default clock_timestamp(),
  constraint two_people check (approved_by <> second_approver)
);
create trigger append_only before update or delete on audit_retention_operations
  for each row execute function refuse_audit_change();
create trigger no_truncate before truncate on audit_retention_operations
  for each statement execute function refuse_audit_change();

create table notification_audit (
  id uuid primary key default gen_random_uuid(),
  remediation_id varchar(255) not null,
  notification_id varchar(255) not null unique,
  recipient varchar(500) not null,
  channel varchar(50) not null check (channel in ('email', 'slack', 'pagerduty', 'teams', 'webhook')),
  message_summary varchar(1000) not null,
  status varchar(50) not null check (status in ('sent', 'failed', 'pending')),
  sent_at timestamptz not null,
  delivery_status text,
  error_message text,
  escalation_level integer not null default 0 check (escalation_level >= 0),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
);

-- The one active hold of the event's correlation id.
create or replace view audit_events_v as
select
  e.event_id,
  e.event_version,
  e.event_timestamp,
  e.event_date,
  e.event_type,
  e.event_category,
  e.event_action,
  e.event_outcome,
  e.actor_type,
  e.actor_id,
  e.actor_ip,
  e.resource_type,
  e.resource_id,
  e.resource_name,
  e.correlation_id,
  e.parent_event_id,
  e.parent_event_date,
  e.namespace,
  e.cluster_id,
  e.severity,
  e.duration_ms,
  e.error_code,
  e.error_message,
  e.retention_days,
  e.is_sensitive,
  e.trace_id,
  e.span_id,
  e.event_data,
  e.event_metadata,
  e.event_hash,
  e.previous_event_hash,
  h.hold_id is not null as legal_hold,
  h.reason as legal_hold_reason,
  h.placed_by::text as legal_hold_placed_by,
  h.placed_at as legal_hold_placed_at,
  e.rr_uid,
  e.chain_id,
  e.chain_seq,
  e.recorded_at
from audit_events e
left join audit_legal_holds h on h.correlation_id = e.correlation_id and h.released_at is null;
