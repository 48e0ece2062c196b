-- What each role may do, given anew after each migration; safe to repeat. Roles that do not exist are passed over.

do $$
declare
  given record;
begin
  for given in
    select role, rights from (values
      ('kubernaut_app', 'usage on schema audit'),
      ('kubernaut_app', 'select, insert on audit_events'),
      ('kubernaut_app', 'select, insert, update on remediations, claims, audit_chain_heads'),
      ('kubernaut_app', 'select, insert, update, delete on foreign_executions'),
      ('kubernaut_app', 'select, insert, update, delete on keeper_duties'),
      ('kubernaut_app', 'usage on sequence claim_token_seq'),
      ('kubernaut_app', 'select on audit_events_default, audit_events_v, schema_migrations'),
      ('kubernaut_app', 'execute on function ensure_audit_partitions(integer)'),
      ('kubernaut_ds', 'usage on schema audit'),
      ('kubernaut_ds', 'select, insert on audit_events'),
      ('kubernaut_ds', 'select, insert, update on audit_chain_heads'),
      (
        'kubernaut_ds',
        'select on audit_events_default, audit_events_v, remediations, claims, foreign_executions, schema_migrations'
      ),
      ('kubernaut_ds', 'execute on function ensure_audit_partitions(integer)'),
      ('kubernaut_ds', 'select, insert, update on audit_legal_holds, notification_audit'),
      (
        'kubernaut_ds',
        'select on audit_checkpoints, audit_checkpoint_heads, audit_checkpoint_buckets, audit_retention_operations'
      ),
      ('kubernaut_app', 'select on audit_legal_holds, audit_checkpoints'),
      ('kubernaut_signer', 'usage on schema audit'),
      ('kubernaut_signer', 'select on audit_chain_heads, schema_migrations'),
      (
        'kubernaut_signer',
        'select, insert on audit_checkpoints, audit_checkpoint_heads, audit_checkpoint_buckets, audit_checkpoint_exports'
      ),
      ('kubernaut_reader', 'usage on schema audit'),
      ('kubernaut_reader', 'select on all tables in schema audit')
    ) as wanted (role, rights)
    where exists (select from pg_roles where rolname = wanted.role)
  loop
    execute format('grant %s to %I', given.rights, given.role);
  end loop;
end
$$;
