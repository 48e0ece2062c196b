-- The ledger: what is known of every RemediationRequest, who owns what, and where each audit chain ends.

create table remediations (
  uid uuid primary key,
  namespace text not null,
  name text not null,
  cluster_id text,
  fingerprint text not null,
  target_namespace text not null,
  target_key text,
  workflow_id text,
  action_type text,
  we_name text,
  we_completed_at timestamptz,
  created_at timestamptz not null,
  phase text not null,
  outcome text,
  failure_phase text,
  failure_reason text,
  timeout_phase text,
  inherited_from text,
  origin_phase text,
  block_reason text,
  blocked_until timestamptz,
  waiting_on text,
  followed_we text,
  next_allowed_execution timestamptz,
  consecutive_failures integer,
  started_at timestamptz,
  terminal_at timestamptz,
  suspended_ms bigint not null default 0,
  suspended_since timestamptz,
  temporal_workflow_id text not null,
  generation integer not null default 1,
  step integer not null default 0,
  last_step_result jsonb,
  status_fold jsonb not null default '{}',
  rr_resource_version text,
  hint_at timestamptz,
  deleted_at timestamptz,
  registered_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),

  -- The row has ended when terminal_at is set; a phase that nothing leaves says so too.
  constraint ended_phase_has_terminal_at check (
    terminal_at is not null or phase not in ('Completed', 'Failed', 'TimedOut', 'Cancelled', 'Skipped')
  )
);
create index remediations_fingerprint
  on remediations (namespace, fingerprint, target_namespace, created_at desc);
create index remediations_name on remediations (namespace, name);
create index remediations_live on remediations (namespace) where terminal_at is null;
create index remediations_target on remediations (target_key) where terminal_at is null;
create index remediations_waiting on remediations (waiting_on) where terminal_at is null;
create index remediations_following on remediations (namespace, followed_we) where terminal_at is null;
create index remediations_workflow on remediations (temporal_workflow_id);
create index remediations_hint on remediations (hint_at) where hint_at is not null;

-- The first end wins: afterwards only bookkeeping may change.
create function refuse_change_after_end() returns trigger language plpgsql as $$
declare
  bookkeeping constant text[] := array[
    'step', 'last_step_result', 'status_fold', 'rr_resource_version', 'hint_at', 'deleted_at', 'updated_at'
  ];
begin
  if to_jsonb(old) - bookkeeping is distinct from to_jsonb(new) - bookkeeping then
    raise exception 'remediation %/% ended as % and cannot change any more', old.namespace, old.name, old.phase
      using errcode = '23514', hint = 'Only the columns of the keeper''s bookkeeping may be written after the end.';
  end if;
  return new;
end
$$;
create trigger frozen_after_end before update on remediations
  for each row when (old.terminal_at is not null) execute function refuse_change_after_end();

create sequence claim_token_seq;

create table claims (
  kind text not null check (kind in ('fingerprint', 'target')),
  key text not null,
  holder_uid uuid not null,
  token bigint not null default nextval('claim_token_seq') primary key,
  acquired_at timestamptz not null default clock_timestamp(),
  released_at timestamptz
);
create unique index claims_one_holder on claims (kind, key) where released_at is null;
create index claims_holder on claims (holder_uid) where released_at is null;

create table foreign_executions (
  uid uuid primary key,
  namespace text not null,
  name text not null,
  target_key text not null,
  workflow_id text,
  phase text not null,
  completed_at timestamptz,
  deduplicated_by text,
  gone_at timestamptz,
  resource_version text not null
);
create index foreign_executions_target on foreign_executions (lower(target_key));
create index foreign_executions_name on foreign_executions (namespace, name);

create table audit_chain_heads (
  chain_id text primary key,
  rr_uid uuid,
  correlation_id text not null,
  last_seq bigint not null default 0,
  last_hash text not null check (length(last_hash) = 64),
  purged_through_seq bigint,
  purged_through_hash text,
  updated_at timestamptz not null default clock_timestamp()
);
