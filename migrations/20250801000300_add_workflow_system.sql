-- Creates the workflow system: templates, their versions, executions and step executions,
-- because agents follow multi-step workflows whose progress must survive a restart and stay open to inspection.
--
-- role: feature
-- requires: 20250801000000_complete_setup
-- transaction: single
-- locks: new tables only on the first run; applied again, each of the four tables for a moment
-- rollback: rollback/rollback_workflow_system
-- validation: validate/validate_workflow_schema

-- Applied again on a busy database, a policy would queue behind a long query and everyone else behind the policy.
set local lock_timeout = '5s';

-- types --------------------------------------------------------------------------------------------------------------

do $$
begin
  if not exists (
    select from pg_catalog.pg_type
    where typname = 'workflow_status' and typnamespace = 'public'::regnamespace
  ) then
    create type public.workflow_status as enum ('draft', 'active', 'deprecated', 'archived');
  end if;

  if not exists (
    select from pg_catalog.pg_type
    where typname = 'workflow_step_type' and typnamespace = 'public'::regnamespace
  ) then
    create type public.workflow_step_type as enum ('action', 'condition', 'workflow_link', 'parallel', 'loop');
  end if;

  if not exists (
    select from pg_catalog.pg_type
    where typname = 'workflow_execution_status' and typnamespace = 'public'::regnamespace
  ) then
    create type public.workflow_execution_status as enum (
      'pending', 'running', 'paused', 'completed', 'failed', 'cancelled'
    );
  end if;

  if not exists (
    select from pg_catalog.pg_type
    where typname = 'step_execution_status' and typnamespace = 'public'::regnamespace
  ) then
    create type public.step_execution_status as enum (
      'pending', 'running', 'completed', 'failed', 'skipped', 'retrying'
    );
  end if;
end
$$;

-- tables -------------------------------------------------------------------------------------------------------------

create table if not exists public.archon_workflow_templates (
  id uuid not null default gen_random_uuid(),
  name varchar(255) not null,
  title text not null,
  description text,
  version varchar(50) default '1.0.0',
  status public.workflow_status default 'draft',
  category varchar(100),
  tags jsonb default '[]',
  parameters jsonb default '{}',
  outputs jsonb default '{}',
  steps jsonb not null default '[]',
  timeout_minutes integer default 60,
  max_retries integer default 3,
  retry_delay_seconds integer default 30,
  created_by text not null default 'system',
  is_public boolean default false,
  allowed_assignees jsonb default '[]',
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_workflow_templates_pkey primary key (id),
  constraint archon_workflow_templates_name_format check (name ~ '^[a-z0-9_-]+$'),
  constraint archon_workflow_templates_version_semver
    check (version ~ '^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z.-]+)?$'),
  constraint archon_workflow_templates_timeout_positive check (timeout_minutes > 0),
  constraint archon_workflow_templates_max_retries_not_negative check (max_retries >= 0)
);

create table if not exists public.archon_workflow_executions (
  id uuid not null default gen_random_uuid(),
  workflow_template_id uuid not null,
  triggered_by text not null,
  trigger_context jsonb default '{}',
  input_parameters jsonb default '{}',
  execution_context jsonb default '{}',
  status public.workflow_execution_status default 'pending',
  current_step_index integer default 0,
  total_steps integer default 0,
  progress_percentage numeric(5,2) default 0,
  started_at timestamptz,
  completed_at timestamptz,
  paused_at timestamptz,
  output_data jsonb,
  error_message text,
  error_details jsonb,
  execution_log jsonb default '[]',
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_workflow_executions_pkey primary key (id),
  constraint archon_workflow_executions_template_fk
    foreign key (workflow_template_id) references public.archon_workflow_templates (id) on delete cascade,
  constraint archon_workflow_executions_step_in_range check (current_step_index between 0 and total_steps),
  constraint archon_workflow_executions_progress_in_range check (progress_percentage between 0 and 100)
);

-- A parent workflow outlives the record of a sub-workflow that it started, hence `set null` there.
create table if not exists public.archon_workflow_step_executions (
  id uuid not null default gen_random_uuid(),
  workflow_execution_id uuid not null,
  step_index integer not null,
  step_name varchar(255) not null,
  step_type public.workflow_step_type not null,
  step_config jsonb default '{}',
  status public.step_execution_status default 'pending',
  attempt_number integer default 1,
  max_attempts integer default 1,
  started_at timestamptz,
  completed_at timestamptz,
  input_data jsonb,
  output_data jsonb,
  error_message text,
  error_details jsonb,
  tool_name varchar(255),
  tool_parameters jsonb,
  tool_result jsonb,
  sub_workflow_execution_id uuid,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_workflow_step_executions_pkey primary key (id),
  constraint archon_workflow_step_executions_execution_fk
    foreign key (workflow_execution_id) references public.archon_workflow_executions (id) on delete cascade,
  constraint archon_workflow_step_executions_sub_workflow_fk
    foreign key (sub_workflow_execution_id) references public.archon_workflow_executions (id) on delete set null,
  constraint archon_workflow_step_executions_step_index_not_negative check (step_index >= 0),
  constraint archon_workflow_step_executions_attempt_in_range check (attempt_number between 1 and max_attempts)
);

-- No updated_at: a version is written once.
create table if not exists public.archon_workflow_template_versions (
  id uuid not null default gen_random_uuid(),
  workflow_template_id uuid not null,
  version_number integer not null,
  version_tag varchar(50),
  template_snapshot jsonb not null,
  change_summary text,
  change_type text default 'update',
  breaking_changes boolean default false,
  created_by text default 'system',
  created_at timestamptz default now(),
  constraint archon_workflow_template_versions_pkey primary key (id),
  constraint archon_workflow_template_versions_template_fk
    foreign key (workflow_template_id) references public.archon_workflow_templates (id) on delete cascade,
  constraint archon_workflow_template_versions_number_positive check (version_number > 0),
  constraint archon_workflow_template_versions_number_unique unique (workflow_template_id, version_number),
  constraint archon_workflow_template_versions_tag_unique unique (workflow_template_id, version_tag)
);

-- triggers -----------------------------------------------------------------------------------------------------------

create or replace trigger update_archon_workflow_templates_updated_at
  before update on public.archon_workflow_templates
  for each row execute function public.update_updated_at_column();

create or replace trigger update_archon_workflow_executions_updated_at
  before update on public.archon_workflow_executions
  for each row execute function public.update_updated_at_column();

create or replace trigger update_archon_workflow_step_executions_updated_at
  before update on public.archon_workflow_step_executions
  for each row execute function public.update_updated_at_column();

-- indexes ------------------------------------------------------------------------------------------------------------

-- Templates: by name for a start, by status and category for the catalogue.
create index if not exists idx_archon_workflow_templates_name_version
  on public.archon_workflow_templates (name, version);
create index if not exists idx_archon_workflow_templates_status_category
  on public.archon_workflow_templates (status, category);
create index if not exists idx_archon_workflow_templates_created_by
  on public.archon_workflow_templates (created_by);
create index if not exists idx_archon_workflow_templates_tags
  on public.archon_workflow_templates using gin (tags jsonb_path_ops);

-- Executions: the work queue asks by status and age, people by who started what.
create index if not exists idx_archon_workflow_executions_template_status
  on public.archon_workflow_executions (workflow_template_id, status);
create index if not exists idx_archon_workflow_executions_status_created_at
  on public.archon_workflow_executions (status, created_at desc);
create index if not exists idx_archon_workflow_executions_triggered_by
  on public.archon_workflow_executions (triggered_by, created_at desc);
create index if not exists idx_archon_workflow_executions_trigger_context
  on public.archon_workflow_executions using gin (trigger_context jsonb_path_ops);

-- Steps: in order within an execution; by status for retries; by tool for its failure rate.
create index if not exists idx_archon_workflow_step_executions_execution_step
  on public.archon_workflow_step_executions (workflow_execution_id, step_index, attempt_number);
create index if not exists idx_archon_workflow_step_executions_status_type
  on public.archon_workflow_step_executions (status, step_type);
create index if not exists idx_archon_workflow_step_executions_tool_status
  on public.archon_workflow_step_executions (tool_name, status);
create index if not exists idx_archon_workflow_step_executions_sub_workflow
  on public.archon_workflow_step_executions (sub_workflow_execution_id);

-- Versions: newest first; the unique constraints already serve number and tag.
create index if not exists idx_archon_workflow_template_versions_created_at
  on public.archon_workflow_template_versions (workflow_template_id, created_at desc);

-- security -----------------------------------------------------------------------------------------------------------

-- Anybody may look at workflows and how they ran; only the server, working as service_role, changes them.
-- `(select auth.role())` is read once per statement, a bare call once per row.
alter table public.archon_workflow_templates enable row level security;
alter table public.archon_workflow_executions enable row level security;
alter table public.archon_workflow_step_executions enable row level security;
alter table public.archon_workflow_template_versions enable row level security;

-- An older project grants its new tables to everybody, and row level security does not stop a truncate.
revoke all on
  public.archon_workflow_templates,
  public.archon_workflow_executions,
  public.archon_workflow_step_executions,
  public.archon_workflow_template_versions
  from public, anon, authenticated, service_role;
grant select, insert, update, delete on
  public.archon_workflow_templates,
  public.archon_workflow_executions,
  public.archon_workflow_step_executions,
  public.archon_workflow_template_versions
  to service_role;
grant select on
  public.archon_workflow_templates,
  public.archon_workflow_executions,
  public.archon_workflow_step_executions,
  public.archon_workflow_template_versions
  to anon, authenticated;

drop policy if exists archon_workflow_templates_public_read on public.archon_workflow_templates;
create policy archon_workflow_templates_public_read on public.archon_workflow_templates
  for select to anon, authenticated
  using (true);

drop policy if exists archon_workflow_templates_service_role_all on public.archon_workflow_templates;
create policy archon_workflow_templates_service_role_all on public.archon_workflow_templates
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

drop policy if exists archon_workflow_executions_public_read on public.archon_workflow_executions;
create policy archon_workflow_executions_public_read on public.archon_workflow_executions
  for select to anon, authenticated
  using (true);

drop policy if exists archon_workflow_executions_service_role_all on public.archon_workflow_executions;
create policy archon_workflow_executions_service_role_all on public.archon_workflow_executions
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

drop policy if exists archon_workflow_step_executions_public_read on public.archon_workflow_step_executions;
create policy archon_workflow_step_executions_public_read on public.archon_workflow_step_executions
  for select to anon, authenticated
  using (true);

drop policy if exists archon_workflow_step_executions_service_role_all on public.archon_workflow_step_executions;
create policy archon_workflow_step_executions_service_role_all on public.archon_workflow_step_executions
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

drop policy if exists archon_workflow_template_versions_public_read on public.archon_workflow_template_versions;
create policy archon_workflow_template_versions_public_read on public.archon_workflow_template_versions
  for select to anon, authenticated
  using (true);

drop policy if exists archon_workflow_template_versions_service_role_all on public.archon_workflow_template_versions;
create policy archon_workflow_template_versions_service_role_all on public.archon_workflow_template_versions
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

-- comments -----------------------------------------------------------------------------------------------------------

comment on type public.workflow_status is 'Life of a workflow template.';
comment on type public.workflow_step_type is
  'What a step does: call a tool, choose, start a workflow, fan out or repeat.';
comment on type public.workflow_execution_status is 'State of one run of a workflow.';
comment on type public.step_execution_status is 'State of one attempt at one step.';

comment on table public.archon_workflow_templates is 'Workflows as they are written: steps, parameters and limits.';
comment on column public.archon_workflow_templates.steps is 'The steps in order; the application owns their shape.';
comment on column public.archon_workflow_templates.version is 'Semantic version of the current definition.';
comment on table public.archon_workflow_executions is 'Runs of workflows, with their input, progress and outcome.';
comment on column public.archon_workflow_executions.trigger_context is
  'Where the run came from, such as the task or the project.';
comment on table public.archon_workflow_step_executions is 'Attempts at the steps of a run, one row per attempt.';
comment on column public.archon_workflow_step_executions.sub_workflow_execution_id is
  'The run that a workflow_link step started; null once that run is deleted.';
comment on table public.archon_workflow_template_versions is 'Snapshots of workflow templates, written once and kept.';
