-- Removes the workflow system, because a feature that fails in production must be able to leave without a trace.
-- Lost: every workflow template, version, execution and step. Their rows are first copied to the table
-- archon_rollback.exported_rows, in the same transaction; projects and tasks are not touched.
--
-- role: rollback
-- requires: 20250801000300_add_workflow_system
-- forward: 20250801000300_add_workflow_system
-- transaction: single
-- locks: access exclusive on the four workflow tables until commit
-- loses: all rows of the four archon_workflow tables, after copying them to archon_rollback.exported_rows
--
-- To bring everything back after the forward file, and before the file that adds further templates:
--   insert into public.archon_workflow_templates
--   select (jsonb_populate_record(null::public.archon_workflow_templates, latest.content)).*
--   from archon_rollback.latest_rows as latest
--   where latest.feature = 'workflow_system' and latest.table_name = 'archon_workflow_templates'
--   on conflict (id) do nothing;
--   insert into public.archon_workflow_template_versions
--   select (jsonb_populate_record(null::public.archon_workflow_template_versions, latest.content)).*
--   from archon_rollback.latest_rows as latest
--   where latest.feature = 'workflow_system' and latest.table_name = 'archon_workflow_template_versions'
--   on conflict (id) do nothing;
--   insert into public.archon_workflow_executions
--   select (jsonb_populate_record(null::public.archon_workflow_executions, latest.content)).*
--   from archon_rollback.latest_rows as latest
--   where latest.feature = 'workflow_system' and latest.table_name = 'archon_workflow_executions'
--   on conflict (id) do nothing;
--   insert into public.archon_workflow_step_executions
--   select (jsonb_populate_record(null::public.archon_workflow_step_executions, latest.content)).*
--   from archon_rollback.latest_rows as latest
--   where latest.feature = 'workflow_system' and latest.table_name = 'archon_workflow_step_executions'
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

-- The lock comes before the copy: a row written between copy and drop would be lost unseen. Children come before their
-- parents, as they do in a transaction that inserts a step, so that the two do not wait for each other.
-- A table that is gone already, after an earlier rollback, has nothing to export.
do $$
begin
  if to_regclass('public.archon_workflow_template_versions') is not null then
    lock table public.archon_workflow_template_versions in access exclusive mode;
    insert into archon_rollback.exported_rows (feature, table_name, content)
    select 'workflow_system', 'archon_workflow_template_versions', to_jsonb(version)
    from public.archon_workflow_template_versions as version;
  end if;

  if to_regclass('public.archon_workflow_step_executions') is not null then
    lock table public.archon_workflow_step_executions in access exclusive mode;
    insert into archon_rollback.exported_rows (feature, table_name, content)
    select 'workflow_system', 'archon_workflow_step_executions', to_jsonb(step)
    from public.archon_workflow_step_executions as step;
  end if;

  if to_regclass('public.archon_workflow_executions') is not null then
    lock table public.archon_workflow_executions in access exclusive mode;
    insert into archon_rollback.exported_rows (feature, table_name, content)
    select 'workflow_system', 'archon_workflow_executions', to_jsonb(execution)
    from public.archon_workflow_executions as execution;
  end if;

  if to_regclass('public.archon_workflow_templates') is not null then
    lock table public.archon_workflow_templates in access exclusive mode;
    insert into archon_rollback.exported_rows (feature, table_name, content)
    select 'workflow_system', 'archon_workflow_templates', to_jsonb(template)
    from public.archon_workflow_templates as template;
  end if;
end
$$;

-- stage 2: tables ----------------------------------------------------------------------------------------------------

-- Last made, first dropped. Indexes, policies and triggers go with their table; the function behind the triggers
-- belongs to complete_setup and stays. Without `cascade`, anything of somebody else's that depends on a table
-- stops the rollback and is named by the error.
drop table if exists public.archon_workflow_template_versions;
drop table if exists public.archon_workflow_step_executions;
drop table if exists public.archon_workflow_executions;
drop table if exists public.archon_workflow_templates;

-- stage 3: types -----------------------------------------------------------------------------------------------------

drop type if exists public.step_execution_status;
drop type if exists public.workflow_execution_status;
drop type if exists public.workflow_step_type;
drop type if exists public.workflow_status;
