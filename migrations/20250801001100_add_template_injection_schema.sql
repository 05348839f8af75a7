-- Creates template injection: templates that wrap a task in proven steps, the components they are put together from,
-- and where each template applies, because agents forget what a checklist would have told them.
--
-- role: feature
-- requires: 20250801000000_complete_setup
-- transaction: single
-- locks: access exclusive on archon_tasks for a moment, for a column without a rewrite; new tables otherwise; applied
--   again, each of these for a moment
-- rollback: rollback/rollback_template_injection_schema
-- validation: validate/validate_template_injection_schema

-- Adding the column waits for every statement on archon_tasks, and everyone else would queue behind it.
set local lock_timeout = '5s';

-- types --------------------------------------------------------------------------------------------------------------

do $$
begin
  if not exists (
    select from pg_catalog.pg_type
    where typname = 'template_injection_type' and typnamespace = 'public'::regnamespace
  ) then
    create type public.template_injection_type as enum ('workflow', 'sequence', 'action');
  end if;

  if not exists (
    select from pg_catalog.pg_type
    where typname = 'template_injection_level' and typnamespace = 'public'::regnamespace
  ) then
    create type public.template_injection_level as enum ('project', 'milestone', 'phase', 'task', 'subtask');
  end if;

  if not exists (
    select from pg_catalog.pg_type
    where typname = 'template_component_type' and typnamespace = 'public'::regnamespace
  ) then
    create type public.template_component_type as enum ('action', 'group', 'sequence', 'validation');
  end if;

  if not exists (
    select from pg_catalog.pg_type
    where typname = 'template_hierarchy_type' and typnamespace = 'public'::regnamespace
  ) then
    create type public.template_hierarchy_type as enum ('project', 'milestone', 'phase', 'task', 'subtask');
  end if;
end
$$;

-- tables -------------------------------------------------------------------------------------------------------------

-- Braces that are no placeholder are refused here; a placeholder whose name is unknown is refused when it is expanded.
create table if not exists public.archon_template_injection_templates (
  id uuid not null default gen_random_uuid(),
  name varchar(255) not null,
  description text,
  template_type public.template_injection_type default 'workflow',
  injection_level public.template_injection_level default 'task',
  template_content text not null,
  user_task_position integer default 6,
  estimated_duration integer default 30,
  required_tools jsonb default '[]',
  applicable_phases jsonb default '[]',
  is_active boolean default true,
  version varchar(50) default '1.0.0',
  author text default 'system',
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_template_injection_templates_pkey primary key (id),
  constraint archon_template_injection_templates_name_unique unique (name),
  constraint archon_template_injection_templates_has_user_task
    check (position('{{USER_TASK}}' in template_content) > 0),
  constraint archon_template_injection_templates_placeholders
    check (regexp_replace(template_content, '\{\{[A-Za-z0-9_:]+\}\}', '', 'g') !~ '\{\{|\}\}')
);

create table if not exists public.archon_template_components (
  id uuid not null default gen_random_uuid(),
  name varchar(255) not null,
  description text,
  component_type public.template_component_type default 'group',
  instruction_text text not null,
  required_tools jsonb default '[]',
  estimated_duration integer default 5,
  input_requirements jsonb default '{}',
  output_expectations jsonb default '{}',
  validation_criteria jsonb default '[]',
  category varchar(100),
  priority varchar(20) default 'medium',
  tags jsonb default '[]',
  is_active boolean default true,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_template_components_pkey primary key (id),
  constraint archon_template_components_name_unique unique (name),
  constraint archon_template_components_name_format
    check (name ~ '^(action|group|sequence|validation)::[a-zA-Z0-9_]+$'),
  constraint archon_template_components_priority_known
    check (priority in ('low', 'medium', 'high', 'critical'))
);

create table if not exists public.archon_template_assignments (
  id uuid not null default gen_random_uuid(),
  hierarchy_type public.template_hierarchy_type not null,
  hierarchy_id uuid not null,
  template_id uuid not null,
  assignment_context jsonb default '{}',
  priority integer default 0,
  conditional_logic jsonb default '{}',
  is_active boolean default true,
  assigned_at timestamptz default now(),
  assigned_by text default 'system',
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_template_assignments_pkey primary key (id),
  constraint archon_template_assignments_template_fk
    foreign key (template_id) references public.archon_template_injection_templates (id) on delete cascade,
  constraint archon_template_assignments_once unique (hierarchy_type, hierarchy_id, template_id)
);

alter table public.archon_tasks add column if not exists template_metadata jsonb default '{}';

-- functions ----------------------------------------------------------------------------------------------------------

-- Puts components in the place of their placeholders, as deep as they nest. `path` holds the components around the
-- text, so that one which contains itself is refused instead of running forever.
create or replace function public.expand_archon_template_components(content text, path text[] default '{}')
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  component text;
  instruction text;
begin
  -- Whatever stands between braces is a name: a misspelt one must not reach the agent as text.
  for component in
    select distinct found.parts[1]
    from regexp_matches(content, '\{\{([^{}]*)\}\}', 'g') as found (parts)
    where found.parts[1] <> 'USER_TASK'
  loop
    if component = any (path) then
      raise exception 'component % contains itself: %', component, array_to_string(path || component, ' > ')
        using errcode = 'invalid_recursion';
    end if;
    select known.instruction_text into instruction
    from public.archon_template_components as known
    where known.name = component and known.is_active;
    if not found then
      raise exception 'component % does not exist or is not active', component
        using errcode = 'no_data_found';
    end if;
    content := replace(
      content,
      '{{' || component || '}}',
      public.expand_archon_template_components(instruction, path || component)
    );
  end loop;
  return content;
end
$$;

-- The task goes in last: braces in what the user wrote are the user's.
create or replace function public.expand_archon_template(template_name text, user_task text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  content text;
begin
  select known.template_content into content
  from public.archon_template_injection_templates as known
  where known.name = template_name and known.is_active;
  if not found then
    raise exception 'template % does not exist or is not active', template_name
      using errcode = 'no_data_found';
  end if;
  return replace(public.expand_archon_template_components(content), '{{USER_TASK}}', coalesce(user_task, ''));
end
$$;

-- triggers -----------------------------------------------------------------------------------------------------------

create or replace trigger update_archon_template_injection_templates_updated_at
  before update on public.archon_template_injection_templates
  for each row execute function public.update_updated_at_column();

create or replace trigger update_archon_template_components_updated_at
  before update on public.archon_template_components
  for each row execute function public.update_updated_at_column();

create or replace trigger update_archon_template_assignments_updated_at
  before update on public.archon_template_assignments
  for each row execute function public.update_updated_at_column();

-- indexes ------------------------------------------------------------------------------------------------------------

-- Names are served by their unique constraints.
create index if not exists idx_archon_template_injection_templates_level
  on public.archon_template_injection_templates (injection_level, template_type) where is_active;
create index if not exists idx_archon_template_components_type
  on public.archon_template_components (component_type, category) where is_active;
create index if not exists idx_archon_template_components_tags
  on public.archon_template_components using gin (tags jsonb_path_ops);
create index if not exists idx_archon_template_assignments_hierarchy
  on public.archon_template_assignments (hierarchy_type, hierarchy_id, priority desc) where is_active;
create index if not exists idx_archon_template_assignments_template
  on public.archon_template_assignments (template_id);

-- security -----------------------------------------------------------------------------------------------------------

-- Anybody may look at templates; only the server, working as service_role, changes them.
-- `(select auth.role())` is read once per statement, a bare call once per row.
alter table public.archon_template_injection_templates enable row level security;
alter table public.archon_template_components enable row level security;
alter table public.archon_template_assignments enable row level security;

-- An older project grants its new tables to everybody, and row level security does not stop a truncate.
revoke all on
  public.archon_template_injection_templates,
  public.archon_template_components,
  public.archon_template_assignments
  from public, anon, authenticated, service_role;
grant select, insert, update, delete on
  public.archon_template_injection_templates,
  public.archon_template_components,
  public.archon_template_assignments
  to service_role;
grant select on
  public.archon_template_injection_templates,
  public.archon_template_components,
  public.archon_template_assignments
  to anon, authenticated;

drop policy if exists archon_template_injection_templates_public_read
  on public.archon_template_injection_templates;
create policy archon_template_injection_templates_public_read on public.archon_template_injection_templates
  for select to anon, authenticated
  using (true);

drop policy if exists archon_template_injection_templates_service_role_all
  on public.archon_template_injection_templates;
create policy archon_template_injection_templates_service_role_all on public.archon_template_injection_templates
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

drop policy if exists archon_template_components_public_read on public.archon_template_components;
create policy archon_template_components_public_read on public.archon_template_components
  for select to anon, authenticated
  using (true);

drop policy if exists archon_template_components_service_role_all on public.archon_template_components;
create policy archon_template_components_service_role_all on public.archon_template_components
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

drop policy if exists archon_template_assignments_public_read on public.archon_template_assignments;
create policy archon_template_assignments_public_read on public.archon_template_assignments
  for select to anon, authenticated
  using (true);

drop policy if exists archon_template_assignments_service_role_all on public.archon_template_assignments;
create policy archon_template_assignments_service_role_all on public.archon_template_assignments
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

-- comments -----------------------------------------------------------------------------------------------------------

comment on type public.template_injection_type is 'What a template wraps: a whole workflow, a sequence or one action.';
comment on type public.template_injection_level is 'Where in a project a template is meant to apply.';
comment on type public.template_component_type is 'What a component is; its name begins with the same word.';
comment on type public.template_hierarchy_type is 'What an assignment points to.';

comment on table public.archon_template_injection_templates is
  'Templates with the place of the user''s task, {{USER_TASK}}, and of components.';
comment on column public.archon_template_injection_templates.user_task_position is
  'The step, counted from 1, at which the user''s task stands.';
comment on column public.archon_template_injection_templates.estimated_duration is 'Minutes, without the task itself.';
comment on table public.archon_template_components is 'Parts of templates, each named by its type and a word.';
comment on column public.archon_template_components.instruction_text is
  'What the agent is told; it may name further components.';
comment on column public.archon_template_components.estimated_duration is 'Minutes.';
comment on table public.archon_template_assignments is 'Which template applies to which project, phase or task.';
comment on column public.archon_template_assignments.hierarchy_id is
  'A project or task; no foreign key, because the kind decides the table.';
comment on column public.archon_template_assignments.priority is 'The highest wins.';
comment on column public.archon_tasks.template_metadata is 'What template a task was expanded from.';

comment on function public.expand_archon_template_components(text, text[]) is
  'A text with its components in place; refuses unknown names and components that contain themselves.';
comment on function public.expand_archon_template(text, text) is
  'A template by name with its components and the user''s task in place.';
