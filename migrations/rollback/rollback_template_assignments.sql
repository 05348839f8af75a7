-- Takes levels, scopes, conditions and validity away from assignments, because a resolution that fails in production
-- must be able to leave without the assignments it works on.
-- Lost: what those columns say, assignments for the whole installation, and the log of changes. All of it is first
-- copied to the table archon_rollback.exported_rows, in the same transaction; the cache only repeats it. An assignment
-- that applied to some or for a time would from now on apply to all and for ever, so it is switched off.
--
-- role: rollback
-- requires: 20250801001500_enhance_template_assignments
-- forward: 20250801001500_enhance_template_assignments
-- transaction: single
-- locks: access exclusive on archon_template_assignments and on its log and cache until commit
-- loses: the log, and eleven columns of archon_template_assignments, copied to archon_rollback.exported_rows
--
-- To bring everything back after the forward file:
--   update public.archon_template_assignments as assignment
--   set (hierarchy_level, entity_id, entity_type, assignment_scope, inheritance_enabled, metadata, effective_from,
--     effective_until, created_by, updated_by, is_active) = (
--     select former.hierarchy_level, former.entity_id, former.entity_type, former.assignment_scope,
--       former.inheritance_enabled, former.metadata, former.effective_from, former.effective_until, former.created_by,
--       former.updated_by, former.is_active
--     from jsonb_populate_record(null::public.archon_template_assignments, latest.content) as former)
--   from archon_rollback.latest_rows as latest
--   where latest.feature = 'template_assignments' and latest.table_name = 'archon_template_assignments'
--     and assignment.id = (latest.content ->> 'id')::uuid;
--   insert into public.archon_template_assignments
--   select (jsonb_populate_record(null::public.archon_template_assignments, latest.content)).*
--   from archon_rollback.latest_rows as latest
--   where latest.feature = 'template_assignments' and latest.table_name = 'archon_template_assignments'
--   on conflict (id) do nothing;
-- and for the log, which has grown by that:
--   truncate public.archon_template_assignment_audit;
--   insert into public.archon_template_assignment_audit overriding system value
--   select (jsonb_populate_record(null::public.archon_template_assignment_audit, latest.content)).*
--   from archon_rollback.latest_rows as latest
--   where latest.feature = 'template_assignments' and latest.table_name = 'archon_template_assignment_audit'
--   on conflict (id) do nothing;

set local lock_timeout = '5s';

-- stage 1: export ----------------------------------------------------------------------------------------------------

-- One table for every rollback of the set; rows are only ever added, so a second rollback loses nothing of the first.
-- It is no API schema, and nobody but its owner is granted anything.
create schema if not exists archon_rollback;

create table if not exists archon_rollback.exported_rows (
  id bigint generated always as identity,
  feature text not null,
  table_name text not null,
  content jsonb not null,
  exported_at timestamptz not null default now(),
  constraint exported_rows_pkey primary key (id)
);

-- Of a feature that was rolled back more than once, only the last time is the way back.
create or replace view archon_rollback.latest_rows as
select exported.id, exported.feature, exported.table_name, exported.content, exported.exported_at
from archon_rollback.exported_rows as exported
where exported.exported_at = (
  select max(newer.exported_at) from archon_rollback.exported_rows as newer where newer.feature = exported.feature
);

comment on schema archon_rollback is 'What rollbacks of the Archon Plus set have removed.';
comment on table archon_rollback.exported_rows is
  'One row per row that a rollback removed; see the rollback file for the way back.';
comment on view archon_rollback.latest_rows is 'What the last rollback of each feature removed.';

-- The lock comes before the copy: a row written between copy and drop would be lost unseen.
-- What is gone already, after an earlier rollback, has nothing to export.
do $$
begin
  if exists (
    select from pg_catalog.pg_attribute
    where attrelid = to_regclass('public.archon_template_assignments')
      and attname = 'assignment_scope'
      and not attisdropped
  ) then
    lock table public.archon_template_assignments in access exclusive mode;
    insert into archon_rollback.exported_rows (feature, table_name, content)
    select 'template_assignments', 'archon_template_assignments', to_jsonb(assignment)
    from public.archon_template_assignments as assignment;
  end if;

  if to_regclass('public.archon_template_assignment_audit') is not null then
    lock table public.archon_template_assignment_audit in access exclusive mode;
    insert into archon_rollback.exported_rows (feature, table_name, content)
    select 'template_assignments', 'archon_template_assignment_audit', to_jsonb(audit)
    from public.archon_template_assignment_audit as audit;
  end if;
end
$$;

-- stage 2: triggers and functions ------------------------------------------------------------------------------------

-- Last made, first dropped. Without `cascade`, anything of somebody else's that depends on it stops the rollback and is
-- named by the error.
drop trigger if exists announce_archon_template_injection_templates on public.archon_template_injection_templates;
drop trigger if exists announce_archon_template_assignments on public.archon_template_assignments;
drop trigger if exists invalidate_archon_template_injection_templates_cache
  on public.archon_template_injection_templates;
drop trigger if exists invalidate_archon_template_assignments_cache_truncate on public.archon_template_assignments;
drop trigger if exists invalidate_archon_template_assignments_cache on public.archon_template_assignments;
drop trigger if exists audit_archon_template_assignments_truncate on public.archon_template_assignments;
drop trigger if exists audit_archon_template_assignments on public.archon_template_assignments;
drop trigger if exists complete_archon_template_assignments on public.archon_template_assignments;

drop function if exists public.invalidate_archon_template_cache();
drop function if exists public.announce_archon_template_change();
drop function if exists public.audit_archon_template_assignment();
drop function if exists public.complete_archon_template_assignment();
drop function if exists public.cleanup_expired_template_cache();
drop function if exists public.invalidate_template_assignment_cache(uuid);
drop function if exists public.cache_template_resolution(uuid, text, uuid, jsonb, interval);
drop function if exists public.resolve_template_inheritance(uuid, text, uuid, jsonb);
drop function if exists public.archon_template_places(uuid, text, uuid, jsonb);
drop function if exists public.archon_condition_holds(jsonb, jsonb);

-- stage 3: rows, tables and columns ----------------------------------------------------------------------------------

do $$
begin
  if exists (
    select from pg_catalog.pg_attribute
    where attrelid = to_regclass('public.archon_template_assignments')
      and attname = 'assignment_scope'
      and not attisdropped
  ) then
    delete from public.archon_template_assignments where hierarchy_level = 'global';
    update public.archon_template_assignments
    set is_active = false
    where is_active
      and (
        assignment_scope <> 'all'
        or not inheritance_enabled
        or effective_from > now()
        or effective_until is not null
      );
  end if;
end
$$;

drop table if exists public.archon_template_assignment_audit;
drop table if exists public.archon_template_assignment_cache;

drop index if exists public.idx_archon_template_assignments_entity;
drop index if exists public.idx_archon_template_assignments_template_name;

alter table if exists public.archon_template_assignments
  drop constraint if exists archon_template_assignments_template_name_fk,
  drop constraint if exists archon_template_assignments_window,
  drop constraint if exists archon_template_assignments_scope_complete,
  drop constraint if exists archon_template_assignments_level_has_entity,
  drop column if exists updated_by,
  drop column if exists created_by,
  drop column if exists effective_until,
  drop column if exists effective_from,
  drop column if exists metadata,
  drop column if exists template_name,
  drop column if exists entity_type,
  drop column if exists entity_id,
  drop column if exists hierarchy_level,
  drop column if exists inheritance_enabled,
  drop column if exists assignment_scope;

-- stage 4: types -----------------------------------------------------------------------------------------------------

drop type if exists public.hierarchy_level_enum;
drop type if exists public.assignment_scope_enum;
