-- Removes template injection, because a feature that fails in production must be able to leave without a trace.
-- Lost: every template, component and assignment, and what tasks say about the template they came from. The rows are
-- first copied to the table archon_rollback.exported_rows, in the same transaction; the tasks themselves stay.
--
-- role: rollback
-- requires: 20250801001100_add_template_injection_schema
-- forward: 20250801001100_add_template_injection_schema
-- transaction: single
-- locks: access exclusive on the three template tables and on archon_tasks until commit
-- loses: the three archon_template tables and archon_tasks.template_metadata, copied to archon_rollback.exported_rows
--
-- To bring everything back after the forward file, and before the seeds, whose rows would take the names:
--   insert into public.archon_template_injection_templates
--   select (jsonb_populate_record(null::public.archon_template_injection_templates, latest.content)).*
--   from archon_rollback.latest_rows as latest
--   where latest.feature = 'template_injection_schema' and latest.table_name = 'archon_template_injection_templates'
--   on conflict (id) do nothing;
--   insert into public.archon_template_components
--   select (jsonb_populate_record(null::public.archon_template_components, latest.content)).*
--   from archon_rollback.latest_rows as latest
--   where latest.feature = 'template_injection_schema' and latest.table_name = 'archon_template_components'
--   on conflict (id) do nothing;
--   insert into public.archon_template_assignments
--   select (jsonb_populate_record(null::public.archon_template_assignments, latest.content)).*
--   from archon_rollback.latest_rows as latest
--   where latest.feature = 'template_injection_schema' and latest.table_name = 'archon_template_assignments'
--   on conflict (id) do nothing;
--   update public.archon_tasks as task
--   set template_metadata = latest.content -> 'template_metadata'
--   from archon_rollback.latest_rows as latest
--   where latest.feature = 'template_injection_schema' and latest.table_name = 'archon_tasks'
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
  if to_regclass('public.archon_template_assignments') is not null then
    lock table public.archon_template_assignments in access exclusive mode;
    insert into archon_rollback.exported_rows (feature, table_name, content)
    select 'template_injection_schema', 'archon_template_assignments', to_jsonb(assignment)
    from public.archon_template_assignments as assignment;
  end if;

  if to_regclass('public.archon_template_components') is not null then
    lock table public.archon_template_components in access exclusive mode;
    insert into archon_rollback.exported_rows (feature, table_name, content)
    select 'template_injection_schema', 'archon_template_components', to_jsonb(component)
    from public.archon_template_components as component;
  end if;

  if to_regclass('public.archon_template_injection_templates') is not null then
    lock table public.archon_template_injection_templates in access exclusive mode;
    insert into archon_rollback.exported_rows (feature, table_name, content)
    select 'template_injection_schema', 'archon_template_injection_templates', to_jsonb(template)
    from public.archon_template_injection_templates as template;
  end if;

  if exists (
    select from pg_catalog.pg_attribute
    where attrelid = to_regclass('public.archon_tasks') and attname = 'template_metadata' and not attisdropped
  ) then
    lock table public.archon_tasks in access exclusive mode;
    insert into archon_rollback.exported_rows (feature, table_name, content)
    select 'template_injection_schema', 'archon_tasks',
      jsonb_build_object('id', task.id, 'template_metadata', task.template_metadata)
    from public.archon_tasks as task
    where task.template_metadata <> '{}';
  end if;
end
$$;

-- stage 2: functions and tables --------------------------------------------------------------------------------------

-- Last made, first dropped. Without `cascade`, anything of somebody else's that depends on it stops the rollback and is
-- named by the error.
drop function if exists public.expand_archon_template(text, text);
drop function if exists public.expand_archon_template_components(text, text[]);

alter table if exists public.archon_tasks drop column if exists template_metadata;

drop table if exists public.archon_template_assignments;
drop table if exists public.archon_template_components;
drop table if exists public.archon_template_injection_templates;

-- stage 3: types -----------------------------------------------------------------------------------------------------

drop type if exists public.template_hierarchy_type;
drop type if exists public.template_component_type;
drop type if exists public.template_injection_level;
drop type if exists public.template_injection_type;
