-- Empties an installation in stages and keeps what was set up by hand, because a demonstration, a course or a new team
-- wants to begin with clean boards and working keys.
--
-- role: reset
-- requires: 20250801001500_enhance_template_assignments
-- transaction: none because each stage commits, so that a reset that is cut off goes on where it stopped
-- locks: share row exclusive on the tables of one group at a time; people can go on reading
-- loses: the rows of the groups that are emptied, each copied to archon_rollback.exported_rows in the same transaction
--
-- Groups, emptied in this order:
--   executions   runs of workflows and their steps
--   projects     projects, tasks, documents' versions, links to sources, components, assignments of templates
--   knowledge    sources, pages, code examples
--   templates    workflow templates and versions, injection templates, their components, template definitions
--   settings     settings with the keys of providers, prompts
-- archon.reset names them; without it, executions, projects and knowledge. What is not named stays as it is. Templates
-- need executions and projects, which would be removed with them unseen. The log of assignments always stays.
--
-- It refuses to run unless archon.confirm says factory_reset:
--   PGOPTIONS='-c archon.confirm=factory_reset -c archon.reset=executions,projects' \
--     psql "$DATABASE_URL" -X -v ON_ERROR_STOP=1 -f maintenance/factory_reset.sql
-- Cut off, it is run once more: groups that are done are passed over. archon_rollback.factory_reset_groups shows them.
-- To bring a table back:
--   insert into public.archon_projects
--   select (jsonb_populate_record(null::public.archon_projects, latest.content)).*
--   from archon_rollback.latest_rows as latest
--   where latest.feature = 'factory_reset' and latest.table_name = 'archon_projects'
--   on conflict (id) do nothing;
-- The default rows of templates and settings come back when complete_setup and the seeds are applied again.

do $$
begin
  if current_setting('archon.confirm', true) is distinct from 'factory_reset' then
    raise exception 'factory_reset empties Archon Plus in database % and was not confirmed', current_database()
      using errcode = 'object_not_in_prerequisite_state',
        hint = 'Set archon.confirm to factory_reset; see the head of the file.';
  end if;
end
$$;

-- Until the end of the session: a second one waits, and then finds nothing left to do.
do $$
begin
  perform pg_catalog.pg_advisory_lock(pg_catalog.hashtextextended('archon_factory_reset', 0));
end
$$;

set lock_timeout = '5s';

-- stage 1: what is kept ----------------------------------------------------------------------------------------------

create schema if not exists archon_rollback;

create table if not exists archon_rollback.exported_rows (
  id bigint generated always as identity,
  feature text not null,
  table_name text not null,
  content jsonb not null,
  exported_at timestamptz not null default now(),
  constraint exported_rows_pkey primary key (id)
);

create table if not exists archon_rollback.factory_resets (
  id bigint generated always as identity,
  groups text[] not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint factory_resets_pkey primary key (id)
);

-- One reset at a time: one that was cut off has to be finished before another begins.
create unique index if not exists idx_factory_resets_unfinished
  on archon_rollback.factory_resets ((true)) where finished_at is null;

create table if not exists archon_rollback.factory_reset_groups (
  reset_id bigint not null,
  group_name text not null,
  removed bigint not null,
  finished_at timestamptz not null default now(),
  constraint factory_reset_groups_pkey primary key (reset_id, group_name),
  constraint factory_reset_groups_reset_fk
    foreign key (reset_id) references archon_rollback.factory_resets (id) on delete cascade
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
comment on table archon_rollback.factory_resets is 'Factory resets, each with the groups it empties.';
comment on table archon_rollback.factory_reset_groups is 'Checkpoints: the groups that a reset has emptied.';

-- stage 2: begin, or go on -------------------------------------------------------------------------------------------

do $$
declare
  known constant text[] := array['executions', 'projects', 'knowledge', 'templates', 'settings'];
  named constant text := nullif(current_setting('archon.reset', true), '');
  wanted text[] := regexp_split_to_array(btrim(coalesce(named, 'executions,projects,knowledge')), '\s*,\s*');
  unfinished archon_rollback.factory_resets;
begin
  if not wanted <@ known then
    raise exception 'archon.reset names % but the groups are %', array_to_string(wanted, ', '),
      array_to_string(known, ', ')
      using errcode = 'invalid_parameter_value';
  end if;
  if 'templates' = any (wanted) and not wanted @> array['executions', 'projects'] then
    raise exception 'templates cannot be emptied without executions and projects, which refer to them'
      using errcode = 'invalid_parameter_value', hint = 'Name all three in archon.reset.';
  end if;

  select * into unfinished from archon_rollback.factory_resets where finished_at is null;
  if not found then
    insert into archon_rollback.factory_resets (groups) values (wanted) returning * into unfinished;
    raise notice 'Factory reset % begins: %', unfinished.id, array_to_string(unfinished.groups, ', ');
  elsif named is not null and not (wanted <@ unfinished.groups and wanted @> unfinished.groups) then
    raise exception 'Factory reset % of % is unfinished', unfinished.id, array_to_string(unfinished.groups, ', ')
      using errcode = 'object_not_in_prerequisite_state',
        hint = 'Finish it first: run this file with the same archon.reset.';
  else
    raise notice 'Factory reset % goes on: %', unfinished.id, array_to_string(unfinished.groups, ', ');
  end if;
end
$$;

-- Empties one group and notes it, in one transaction: after a cut either both or neither has happened. Everything is
-- copied before anything is removed, because rows that refer to others go with them. Tables of a feature that was rolled
-- back are not there and are passed over.
create or replace procedure archon_rollback.reset_group(group_param text, tables_param text[])
language plpgsql
set search_path = ''
as $$
declare
  reset archon_rollback.factory_resets;
  present text[];
  table_name text;
  copied bigint;
  removed bigint := 0;
begin
  -- The lock makes two sessions take turns.
  select * into strict reset from archon_rollback.factory_resets where finished_at is null for update;
  if not group_param = any (reset.groups) then
    raise notice '% stays', group_param;
    return;
  end if;
  if exists (
    select from archon_rollback.factory_reset_groups as done
    where done.reset_id = reset.id and done.group_name = group_param
  ) then
    raise notice '% is done already', group_param;
    return;
  end if;

  select array_agg(named.name order by named.position) into present
  from unnest(tables_param) with ordinality as named (name, position)
  where to_regclass('public.' || named.name) is not null;

  foreach table_name in array coalesce(present, '{}') loop
    execute format('lock table public.%I in share row exclusive mode', table_name);
    execute format(
      'insert into archon_rollback.exported_rows (feature, table_name, content, exported_at)
       select %L, %L, to_jsonb(kept), %L from public.%I as kept',
      'factory_reset', table_name, reset.started_at, table_name
    );
    get diagnostics copied = row_count;
    removed := removed + copied;
  end loop;
  foreach table_name in array coalesce(present, '{}') loop
    execute format('delete from public.%I', table_name);
  end loop;

  insert into archon_rollback.factory_reset_groups (reset_id, group_name, removed)
  values (reset.id, group_param, removed);
  raise notice '% is empty: % rows removed', group_param, removed;
end
$$;

-- stage 3: the groups ------------------------------------------------------------------------------------------------

-- Within a group, what refers to others goes first.
call archon_rollback.reset_group('executions', array[
  'archon_workflow_step_executions',
  'archon_workflow_executions'
]);

call archon_rollback.reset_group('projects', array[
  'archon_template_assignments',
  'archon_document_versions',
  'archon_project_sources',
  'archon_tasks',
  'archon_component_metadata',
  'archon_component_dependencies',
  'archon_components',
  'archon_projects'
]);

call archon_rollback.reset_group('knowledge', array[
  'archon_code_examples',
  'archon_crawled_pages',
  'archon_sources'
]);

call archon_rollback.reset_group('templates', array[
  'archon_workflow_template_versions',
  'archon_workflow_templates',
  'archon_template_components',
  'archon_template_injection_templates',
  'archon_template_definitions'
]);

call archon_rollback.reset_group('settings', array[
  'archon_settings',
  'archon_prompts'
]);

-- stage 4: end -------------------------------------------------------------------------------------------------------

drop procedure if exists archon_rollback.reset_group(text, text[]);

-- A group without its checkpoint means that a statement above failed and the client went on.
do $$
declare
  reset archon_rollback.factory_resets;
  open_groups text;
begin
  select * into strict reset from archon_rollback.factory_resets where finished_at is null for update;
  select string_agg(wanted.name, ', ') into open_groups
  from unnest(reset.groups) as wanted (name)
  where not exists (
    select from archon_rollback.factory_reset_groups as done
    where done.reset_id = reset.id and done.group_name = wanted.name
  );
  if open_groups is not null then
    raise exception 'Factory reset % is not finished: % not emptied', reset.id, open_groups
      using errcode = 'object_not_in_prerequisite_state', hint = 'Run this file once more; what is done is passed over.';
  end if;
  update archon_rollback.factory_resets set finished_at = now() where id = reset.id;
  raise notice 'Factory reset % is finished', reset.id;
end
$$;
