-- Removes the component hierarchy, because a feature that fails in production must be able to leave without a trace.
-- Lost: every component, dependency, metadata row and template definition, and which component a task belongs to. The
-- rows are first copied to the table archon_rollback.exported_rows, in the same transaction; the tasks themselves stay.
--
-- role: rollback
-- requires: 20250801001400_add_component_hierarchy
-- forward: 20250801001400_add_component_hierarchy
-- transaction: single
-- locks: access exclusive on the four component tables and on archon_tasks until commit
-- loses: the four tables of the feature and archon_tasks.component_id, copied to archon_rollback.exported_rows
--
-- To bring everything back after the forward file, which makes a component main for each project anew:
--   delete from public.archon_components;
--   insert into public.archon_template_definitions
--   select (jsonb_populate_record(null::public.archon_template_definitions, latest.content)).*
--   from archon_rollback.latest_rows as latest
--   where latest.feature = 'component_hierarchy' and latest.table_name = 'archon_template_definitions'
--   on conflict (id) do nothing;
--   insert into public.archon_components
--   select (jsonb_populate_record(null::public.archon_components, latest.content)).*
--   from archon_rollback.latest_rows as latest
--   where latest.feature = 'component_hierarchy' and latest.table_name = 'archon_components'
--   on conflict (id) do nothing;
--   insert into public.archon_component_dependencies
--   select (jsonb_populate_record(null::public.archon_component_dependencies, latest.content)).*
--   from archon_rollback.latest_rows as latest
--   where latest.feature = 'component_hierarchy' and latest.table_name = 'archon_component_dependencies'
--   on conflict (id) do nothing;
--   insert into public.archon_component_metadata
--   select (jsonb_populate_record(null::public.archon_component_metadata, latest.content)).*
--   from archon_rollback.latest_rows as latest
--   where latest.feature = 'component_hierarchy' and latest.table_name = 'archon_component_metadata'
--   on conflict (id) do nothing;
--   update public.archon_tasks as task
--   set component_id = (latest.content ->> 'component_id')::uuid
--   from archon_rollback.latest_rows as latest
--   where latest.feature = 'component_hierarchy' and latest.table_name = 'archon_tasks'
--     and task.id = (latest.content ->> 'id')::uuid;

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
  if to_regclass('public.archon_component_metadata') is not null then
    lock table public.archon_component_metadata in access exclusive mode;
    insert into archon_rollback.exported_rows (feature, table_name, content)
    select 'component_hierarchy', 'archon_component_metadata', to_jsonb(metadata)
    from public.archon_component_metadata as metadata;
  end if;

  if to_regclass('public.archon_component_dependencies') is not null then
    lock table public.archon_component_dependencies in access exclusive mode;
    insert into archon_rollback.exported_rows (feature, table_name, content)
    select 'component_hierarchy', 'archon_component_dependencies', to_jsonb(dependency)
    from public.archon_component_dependencies as dependency;
  end if;

  if to_regclass('public.archon_components') is not null then
    lock table public.archon_components in access exclusive mode;
    insert into archon_rollback.exported_rows (feature, table_name, content)
    select 'component_hierarchy', 'archon_components', to_jsonb(component)
    from public.archon_components as component;
  end if;

  if to_regclass('public.archon_template_definitions') is not null then
    lock table public.archon_template_definitions in access exclusive mode;
    insert into archon_rollback.exported_rows (feature, table_name, content)
    select 'component_hierarchy', 'archon_template_definitions', to_jsonb(definition)
    from public.archon_template_definitions as definition;
  end if;

  if exists (
    select from pg_catalog.pg_attribute
    where attrelid = to_regclass('public.archon_tasks') and attname = 'component_id' and not attisdropped
  ) then
    lock table public.archon_tasks in access exclusive mode;
    insert into archon_rollback.exported_rows (feature, table_name, content)
    select 'component_hierarchy', 'archon_tasks', jsonb_build_object('id', task.id, 'component_id', task.component_id)
    from public.archon_tasks as task
    where task.component_id is not null;
  end if;
end
$$;

-- stage 2: the view, tables and the function -------------------------------------------------------------------------

-- Last made, first dropped. Without `cascade`, anything of somebody else's that depends on it stops the rollback and is
-- named by the error.
drop view if exists public.archon_component_hierarchy;

drop index if exists public.idx_archon_tasks_component;
alter table if exists public.archon_tasks drop constraint if exists archon_tasks_component_fk;
alter table if exists public.archon_tasks drop column if exists component_id;

drop table if exists public.archon_component_metadata;
drop table if exists public.archon_component_dependencies;
drop table if exists public.archon_components;
drop table if exists public.archon_template_definitions;

drop function if exists public.refuse_archon_component_cycle();

-- stage 3: types -----------------------------------------------------------------------------------------------------

drop type if exists public.template_type_enum;
drop type if exists public.component_status_enum;
drop type if exists public.component_type_enum;
