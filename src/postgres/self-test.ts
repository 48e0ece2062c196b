/** Whether the database protects the trail from the very process that asks. To be asked at start. */
import type pg from 'pg';
import { translating } from './pool.ts';

/** Tables that nobody may change or empty at run time. */
const PROTECTED = ['audit_events', 'audit_checkpoints', 'audit_checkpoint_heads', 'audit_checkpoint_buckets'];

const QUESTION = `
  with protected as (
    select c.oid, c.relname::text as name, c.relowner from pg_class c
    where c.oid = any(array(select to_regclass(t) from unnest($1::text[]) as t))
    union all
    select c.oid, c.relname::text, c.relowner from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = to_regclass('audit_events')
  )
  select name,
    pg_has_role(current_user, relowner, 'usage') as owns,
    (select string_agg(right_, ', ') from unnest(array['UPDATE', 'DELETE', 'TRUNCATE']) as right_
     where has_table_privilege(protected.oid, right_)) as rights,
    (select count(*)::int from pg_trigger t where t.tgrelid = protected.oid and t.tgenabled in ('O', 'A')
       and t.tgfoid = to_regproc('refuse_audit_change')) as triggers
  from protected order by name`;

/** Every way in which the role of this connection could change what must not change; empty when there is none. */
export async function weaknesses(pool: pg.Pool): Promise<readonly string[]> {
  interface Row {
    readonly name: string;
    readonly owns: boolean;
    readonly rights: string | null;
    readonly triggers: number;
  }
  const { rows } = await translating(() => pool.query<Row>(QUESTION, [PROTECTED]));
  return rows.flatMap(({ name, owns, rights, triggers }) => [
    ...(owns ? [`the role owns ${name}`] : rights === null ? [] : [`the role has ${rights} on ${name}`]),
    ...(triggers < 2 ? [`triggers that refuse changes are missing or disabled on ${name}`] : []),
  ]);
}
