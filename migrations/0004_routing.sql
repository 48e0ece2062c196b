-- What routing needs beside the first tables: the last answer, what earlier runs did to their target, and whose a foreign execution is.

alter table remediations
  -- The last question and its answer. The same question gets the same answer, and people can ask why.
  add column routing jsonb,
  add column pre_hash text,
  add column post_hash text;

-- Who may own a fingerprint: live requests of one signal, the most senior first.
create index remediations_live_signal
  on remediations (namespace, fingerprint, target_namespace, created_at, name collate "C")
  where terminal_at is null;
-- Which runs a target has seen.
create index remediations_executed on remediations (lower(target_key), we_completed_at)
  where we_completed_at is not null;
create index remediations_blocked on remediations (namespace) where phase = 'Blocked' and terminal_at is null;

-- When a key was released last.
create index claims_released on claims (kind, key, released_at) where released_at is not null;

alter table foreign_executions
  add column owner_uid text,
  -- Counts as the end of an execution that tells none.
  add column observed_at timestamptz not null default clock_timestamp();
