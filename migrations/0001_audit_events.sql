-- The audit trail: one row per event, one hash chain per RemediationRequest, monthly partitions, append-only.

create table audit_events (
  event_id uuid not null,
  event_version varchar(20) not null,
  event_timestamp timestamptz not null,
  event_date date not null,
  event_type varchar(100) not null,
  event_category varchar(50) not null,
  event_action varchar(50) not null,
  event_outcome varchar(20) not null,
  actor_type varchar(50),
  actor_id varchar(255),
  actor_ip inet,
  resource_type varchar(100),
  resource_id varchar(255),
  resource_name varchar(255),
  correlation_id varchar(255) not null,
  parent_event_id uuid,
  parent_event_date date,
  namespace varchar(255),
  cluster_id varchar(255),
  severity varchar(20),
  duration_ms bigint,
  error_code varchar(50),
  error_message text,
  retention_days integer not null default 2555,
  is_sensitive boolean not null default false,
  trace_id varchar(255),
  span_id varchar(255),
  event_data jsonb not null,
  event_metadata jsonb,
  rr_uid uuid,
  chain_id text not null,
  chain_seq bigint not null,
  step_no integer,
  step_ordinal integer not null default 0,
  event_data_sha256 text not null,
  previous_event_hash text not null,
  event_hash text not null,
  hash_algorithm text not null,
  recorded_at timestamptz not null default clock_timestamp(),

  primary key (event_id, event_date),
  unique (chain_id, chain_seq, event_date),
  constraint event_date_is_utc_day check (event_date = (event_timestamp at time zone 'UTC')::date),
  constraint event_outcome_is_known check (event_outcome in ('success', 'failure', 'pending')),
  constraint retention_days_in_range check (retention_days between 1 and 2555),
  constraint chain_seq_is_positive check (chain_seq >= 1),
  constraint step_is_positive check (step_no >= 1 and step_ordinal >= 0),
  constraint hashes_are_sha256 check (
    length(event_data_sha256) = 64 and length(previous_event_hash) = 64 and length(event_hash) = 64
  )
) partition by range (event_date);

create index audit_events_correlation on audit_events (correlation_id, event_timestamp desc);
create index audit_events_chain on audit_events (rr_uid, chain_seq);
create index audit_events_type on audit_events (event_type, event_timestamp desc);
create index audit_events_time on audit_events (event_timestamp desc, event_id desc);
create index audit_events_resource on audit_events (resource_type, resource_id, event_timestamp desc);
create index audit_events_actor on audit_events (actor_type, actor_id, event_timestamp desc);
create index audit_events_outcome on audit_events (event_outcome, event_timestamp desc);
create index audit_events_cluster on audit_events (cluster_id) where cluster_id is not null;
create index audit_events_target on audit_events ((event_data ->> 'target_resource'))
  where event_type in ('remediation.workflow_created', 'effectiveness.assessment.completed');
create index audit_events_hash_before on audit_events ((event_data ->> 'pre_remediation_spec_hash'))
  where event_data ? 'pre_remediation_spec_hash';
create index audit_events_hash_after on audit_events ((event_data ->> 'post_remediation_spec_hash'))
  where event_data ? 'post_remediation_spec_hash';
create index audit_events_data on audit_events using gin (event_data jsonb_path_ops);

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'audit_events is append-only: % on % is refused', tg_op, tg_table_name
    using errcode = '23514', hint = 'Record a correction as an event of its own.';
end
$$;

-- Partitions get the row trigger from their parent; truncation has to be refused table by table.
create trigger append_only before update or delete on audit_events
  for each row execute function refuse_audit_change();
create trigger no_truncate before truncate on audit_events
  for each statement execute function refuse_audit_change();

-- Rows of a month without a partition land here, so that no event is ever refused for its date.
create table audit_events_default partition of audit_events default;
create trigger no_truncate before truncate on audit_events_default
  for each statement execute function refuse_audit_change();

-- Creates the partitions from this month on that are missing and answers their names. Runs with its owner's rights,
-- because a process that records events must not own the table. A month of which the default partition already holds
-- rows keeps them there: its partition cannot be created and a warning says so.
create function ensure_audit_partitions(months_ahead integer default 13) returns setof text
language plpgsql security definer set search_path from current as $$
declare
  month date;
  partition text;
begin
  perform pg_advisory_xact_lock(hashtextextended('ensure_audit_partitions', 0));
  for i in 0..months_ahead loop
    month := date_trunc('month', now() at time zone 'UTC') + make_interval(months => i);
    partition := 'audit_events_' || to_char(month, 'YYYY_MM');
    continue when to_regclass(quote_ident(partition)) is not null;
    begin
      -- Attaching locks the parent less than creating in place: writers of other months go on.
      execute format('create table %I (like audit_events including defaults including constraints)', partition);
      execute format(
        'create trigger no_truncate before truncate on %I for each statement execute function refuse_audit_change()',
        partition
      );
      execute format(
        'alter table audit_events attach partition %I for values from (%L) to (%L)',
        partition, month, (month + interval '1 month')::date
      );
      return next partition;
    exception when check_violation then
      raise warning 'partition % is not created: audit_events_default holds rows of that month', partition;
    end;
  end loop;
end
$$;
revoke execute on function ensure_audit_partitions(integer) from public;

select ensure_audit_partitions();
