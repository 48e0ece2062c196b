-- Makes sure of the roles and the schema before each migration; safe to repeat. Without the right to create roles the
-- migrating user owns everything, until somebody creates the roles and migrates again.

do $$
declare
  role text;
begin
  foreach role in array array[
    'kubernaut_owner', 'kubernaut_app', 'kubernaut_ds', 'kubernaut_signer', 'kubernaut_reader'
  ] loop
    continue when exists (select from pg_roles where rolname = role);
    begin
      execute format('create role %I nologin', role);
    exception
      -- Roles belong to the whole server: the migration of another database may be creating them too.
      when duplicate_object or unique_violation then null;
      when insufficient_privilege then
        raise notice 'role % is missing and % may not create it: create it and migrate again', role, current_user;
    end;
  end loop;

  if to_regnamespace('audit') is null then
    begin
      create schema audit authorization kubernaut_owner;
    exception when insufficient_privilege or undefined_object then
      raise notice 'schema audit belongs to %, which is not kubernaut_owner', current_user;
      create schema audit;
    end;
  end if;
end
$$;
