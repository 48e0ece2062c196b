-- Checkpoints: signed roots of a Merkle tree over the ends of all chains. They show what was cut off or rewritten.

-- The bucket of a chain in the tree: the first 12 bits of the SHA-256 of its name.
create function audit_bucket(chain_id text) returns integer
language sql immutable strict parallel safe
return ('x' || left(encode(sha256(convert_to(chain_id, 'UTF8')), 'hex'), 3))::bit(12)::integer;

alter table audit_chain_heads
  add column bucket integer not null generated always as (audit_bucket(chain_id)) stored;
create index audit_chain_heads_bucket on audit_chain_heads (bucket);

create table audit_checkpoints (
  checkpoint_no bigint primary key check (checkpoint_no >= 1),
  -- The canonical JSON that is signed, to the byte.
  body text not null,
  signature text not null,
  key_id text not null,
  root_hash text not null check (length(root_hash) = 64),
  issued_at timestamptz not null,
  -- Transactions from here on were not seen: the next checkpoint looks at chains that they have changed.
  snapshot_xmin xid8 not null,
  recorded_at timestamptz not null default clock_timestamp()
);

create table audit_checkpoint_heads (
  checkpoint_no bigint not null,
  chain_id text not null,
  bucket integer not null check (bucket between 0 and 4095),
  chain_seq bigint not null,
  event_hash text not null check (length(event_hash) = 64),
  primary key (chain_id, checkpoint_no)
);
create index audit_checkpoint_heads_bucket on audit_checkpoint_heads (bucket, chain_id, checkpoint_no desc);

create table audit_checkpoint_buckets (
  checkpoint_no bigint not null,
  bucket integer not null check (bucket between 0 and 4095),
  root text not null check (length(root) = 64),
  primary key (bucket, checkpoint_no)
);

-- Where a checkpoint was taken to, one row per success.
create table audit_checkpoint_exports (
  checkpoint_no bigint not null,
  sink text not null,
  exported_at timestamptz not null default clock_timestamp(),
  primary key (checkpoint_no, sink)
);

do $$
declare
  name text;
begin
  foreach name in array array[
    'audit_checkpoints', 'audit_checkpoint_heads', 'audit_checkpoint_buckets', 'audit_checkpoint_exports'
  ] loop
    execute format(
      'create trigger append_only before update or delete on %I for each row execute function refuse_audit_change()', name);
    execute format(
      'create trigger no_truncate before truncate on %I for each statement execute function refuse_audit_change()', name);
  end loop;
end
$$;
