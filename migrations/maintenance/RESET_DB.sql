-- Removes everything that the set has made, because a development database must be able to begin anew without being
-- created anew. Nothing is exported: this file is for databases whose rows nobody needs.
--
-- role: reset
-- requires: none
-- transaction: single
-- locks: access exclusive on every table of the set until commit
-- loses: every row of the set, what rollbacks and factory resets have exported, and the set's rows in the ledgers
--
-- It refuses to run unless archon.confirm says RESET_DB:
--   PGOPTIONS='-c archon.confirm=RESET_DB' psql "$DATABASE_URL" -X -1 -v ON_ERROR_STOP=1 -f maintenance/RESET_DB.sql
-- The extension vector and its schema stay, because other tables may use them; drop them by hand if none does.

do $$
begin
  if current_setting('archon.confirm', true) is distinct from 'RESET_DB' then
    raise exception 'RESET_DB removes Archon Plus from database % and was not confirmed', current_database()
      using errcode = 'object_not_in_prerequisite_state',
        hint = 'Set archon.confirm to RESET_DB; see the head of the file.';
  end if;
end
$$;

set local lock_timeout = '5s';

-- The two search functions are named by pgvector's type, which stands in one of these schemas.
set local search_path = public, extensions;

-- tables -------------------------------------------------------------------------------------------------------------

-- Last made, first dropped; indexes, constraints, triggers, policies, grants and comments go with their table. Without
-- `cascade`, anything of somebody else's that depends on the set stops the reset and is named by the error.
drop view if exists public.archon_component_hierarchy;

drop table if exists public.archon_template_assignment_audit;
drop table if exists public.archon_template_assignment_cache;
drop table if exists public.archon_template_assignments;
drop table if exists public.archon_template_components;
drop table if exists public.archon_template_injection_templates;

drop table if exists public.archon_workflow_template_versions;
drop table if exists public.archon_workflow_step_executions;
drop table if exists public.archon_workflow_executions;
drop table if exists public.archon_workflow_templates;

drop table if exists public.archon_document_versions;
drop table if exists public.archon_project_sources;
drop table if exists public.archon_tasks;
drop table if exists public.archon_component_metadata;
drop table if exists public.archon_component_dependencies;
drop table if exists public.archon_components;
drop table if exists public.archon_template_definitions;
drop table if exists public.archon_projects;

drop table if exists public.archon_code_examples;
drop table if exists public.archon_crawled_pages;
drop table if exists public.archon_sources;
drop table if exists public.archon_prompts;
drop table if exists public.archon_settings;

-- functions ----------------------------------------------------------------------------------------------------------

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
drop function if exists public.refuse_archon_component_cycle();
drop function if exists public.expand_archon_template(text, text);
drop function if exists public.expand_archon_template_components(text, text[]);
drop function if exists public.match_archon_code_examples(vector, integer, jsonb, text);
drop function if exists public.match_archon_crawled_pages(vector, integer, jsonb, text);
drop function if exists public.archive_task(uuid, text);
drop function if exists public.update_updated_at_column();

-- types --------------------------------------------------------------------------------------------------------------

drop type if exists public.hierarchy_level_enum;
drop type if exists public.assignment_scope_enum;
drop type if exists public.template_type_enum;
drop type if exists public.component_status_enum;
drop type if exists public.component_type_enum;
drop type if exists public.template_hierarchy_type;
drop type if exists public.template_component_type;
drop type if exists public.template_injection_level;
drop type if exists public.template_injection_type;
drop type if exists public.step_execution_status;
drop type if exists public.workflow_execution_status;
drop type if exists public.workflow_step_type;
drop type if exists public.workflow_status;
drop type if exists public.task_status;

-- what rollbacks and factory resets keep -----------------------------------------------------------------------------

drop procedure if exists archon_rollback.reset_group(text, text[]);
drop view if exists archon_rollback.latest_rows;
-- studio: allow drop-table because rollbacks and factory resets of the set made it
drop table if exists archon_rollback.factory_reset_groups;
-- studio: allow drop-table because rollbacks and factory resets of the set made it
drop table if exists archon_rollback.factory_resets;
-- studio: allow drop-table because rollbacks and factory resets of the set made it
drop table if exists archon_rollback.exported_rows;
drop schema if exists archon_rollback;

-- ledgers ------------------------------------------------------------------------------------------------------------

-- A version that stayed in its ledger would keep the set from being applied again.
do $$
declare
  versions constant text[] := array[
    '20250801000000',
    '20250801000100',
    '20250801000200',
    '20250801000300',
    '20250801000400',
    '20250801001100',
    '20250801001200',
    '20250801001300',
    '20250801001400',
    '20250801001500'
  ];
begin
  if to_regclass('supabase_migrations.schema_migrations') is not null then
    delete from supabase_migrations.schema_migrations where version = any (versions);
  end if;
  if to_regclass('public._sqlx_migrations') is not null then
    delete from public._sqlx_migrations where version = any (versions::bigint[]);
  end if;
end
$$;
