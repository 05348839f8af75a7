-- Creates components: the parts a project is built from, what each depends on and which template it follows,
-- because tasks alone do not say what has to stand before the next thing can be begun.
--
-- role: feature
-- requires: 20250801000000_complete_setup
-- transaction: single
-- locks: access exclusive on archon_tasks until commit, for a column, once each row and an index; writes to
--   archon_projects wait; new tables otherwise; applied again, each of these for a moment
-- rollback: rollback/rollback_component_hierarchy
-- validation: validate/validate_component_hierarchy

-- Adding the column waits for every statement on archon_tasks, and everyone else would queue behind it.
set local lock_timeout = '5s';

-- types --------------------------------------------------------------------------------------------------------------

do $$
begin
  if not exists (
    select from pg_catalog.pg_type
    where typname = 'component_type_enum' and typnamespace = 'public'::regnamespace
  ) then
    create type public.component_type_enum as enum ('foundation', 'feature', 'integration');
  end if;

  if not exists (
    select from pg_catalog.pg_type
    where typname = 'component_status_enum' and typnamespace = 'public'::regnamespace
  ) then
    create type public.component_status_enum as enum ('not_started', 'in_progress', 'completed', 'blocked');
  end if;

  if not exists (
    select from pg_catalog.pg_type
    where typname = 'template_type_enum' and typnamespace = 'public'::regnamespace
  ) then
    create type public.template_type_enum as enum ('global', 'industry', 'team', 'project');
  end if;
end
$$;

-- tables -------------------------------------------------------------------------------------------------------------

create table if not exists public.archon_template_definitions (
  id uuid not null default gen_random_uuid(),
  name varchar(255) not null,
  title text not null,
  description text,
  template_type public.template_type_enum default 'project',
  parent_template_id uuid,
  inheritance_level integer default 0,
  component_type public.component_type_enum,
  template_data jsonb not null default '{}',
  default_context jsonb default '{}',
  category varchar(100),
  tags jsonb default '[]',
  is_public boolean default false,
  created_by text default 'system',
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_template_definitions_pkey primary key (id),
  constraint archon_template_definitions_name_unique unique (name),
  constraint archon_template_definitions_name_format check (name ~ '^[a-z0-9_-]+$'),
  constraint archon_template_definitions_parent_fk
    foreign key (parent_template_id) references public.archon_template_definitions (id) on delete set null,
  constraint archon_template_definitions_parent_is_another check (parent_template_id <> id),
  constraint archon_template_definitions_level_in_range check (inheritance_level between 0 and 3)
);

create table if not exists public.archon_components (
  id uuid not null default gen_random_uuid(),
  project_id uuid not null,
  name varchar(255) not null,
  description text,
  component_type public.component_type_enum default 'feature',
  status public.component_status_enum default 'not_started',
  parent_component_id uuid,
  order_index integer default 0,
  context_data jsonb default '{}',
  completion_gates jsonb default '[]',
  template_id uuid,
  template_customizations jsonb default '{}',
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_components_pkey primary key (id),
  constraint archon_components_name_unique unique (project_id, name),
  constraint archon_components_name_format check (name ~ '^[a-z0-9_-]+$'),
  constraint archon_components_project_fk
    foreign key (project_id) references public.archon_projects (id) on delete cascade,
  constraint archon_components_parent_fk
    foreign key (parent_component_id) references public.archon_components (id) on delete set null,
  constraint archon_components_parent_is_another check (parent_component_id <> id),
  constraint archon_components_template_fk
    foreign key (template_id) references public.archon_template_definitions (id) on delete set null,
  constraint archon_components_order_not_negative check (order_index >= 0)
);

create table if not exists public.archon_component_dependencies (
  id uuid not null default gen_random_uuid(),
  component_id uuid not null,
  depends_on_component_id uuid not null,
  dependency_type varchar(20) default 'hard',
  gate_requirements jsonb default '[]',
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_component_dependencies_pkey primary key (id),
  constraint archon_component_dependencies_once unique (component_id, depends_on_component_id),
  constraint archon_component_dependencies_component_fk
    foreign key (component_id) references public.archon_components (id) on delete cascade,
  constraint archon_component_dependencies_depends_on_fk
    foreign key (depends_on_component_id) references public.archon_components (id) on delete cascade,
  constraint archon_component_dependencies_on_another check (component_id <> depends_on_component_id),
  constraint archon_component_dependencies_type_known check (dependency_type in ('hard', 'soft', 'optional'))
);

create table if not exists public.archon_component_metadata (
  id uuid not null default gen_random_uuid(),
  component_id uuid not null,
  key varchar(255) not null,
  value jsonb not null default '{}',
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_component_metadata_pkey primary key (id),
  constraint archon_component_metadata_once unique (component_id, key),
  constraint archon_component_metadata_component_fk
    foreign key (component_id) references public.archon_components (id) on delete cascade
);

alter table public.archon_tasks add column if not exists component_id uuid;

-- The column is new and empty, so the constraint has nothing to check.
do $$
begin
  if not exists (
    select from pg_catalog.pg_constraint
    where conname = 'archon_tasks_component_fk' and conrelid = 'public.archon_tasks'::regclass
  ) then
    alter table public.archon_tasks add constraint archon_tasks_component_fk
      foreign key (component_id) references public.archon_components (id) on delete set null;
  end if;
end
$$;

-- Each component with each of its ancestors; the path stops where parents go in a circle.
create or replace view public.archon_component_hierarchy with (security_invoker = true) as
with recursive ancestry (component_id, ancestor_id, depth, path) as (
  select component.id, component.parent_component_id, 1, array[component.id]
  from public.archon_components as component
  where component.parent_component_id is not null
  union all
  select below.component_id, above.parent_component_id, below.depth + 1, below.path || above.id
  from ancestry as below
  join public.archon_components as above on above.id = below.ancestor_id
  where above.parent_component_id is not null and not above.id = any (below.path)
)
select component_id, ancestor_id, depth
from ancestry;

-- functions ----------------------------------------------------------------------------------------------------------

-- Two sessions that each add one half of a circle do not see each other's row, so they go one after the other, and the
-- second looks again once it has the lock. A snapshot older than the lock would not show the first one's row, and
-- serializable transactions do not watch those that are not.
create or replace function public.refuse_archon_component_cycle()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    raise exception 'component dependencies cannot be written in a % transaction',
      current_setting('transaction_isolation')
      using errcode = 'feature_not_supported', hint = 'Use read committed.';
  end if;
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('archon_component_dependencies', 0));
  if exists (
    with recursive needed (id) as (
      select new.depends_on_component_id
      union
      select further.depends_on_component_id
      from needed
      join public.archon_component_dependencies as further on further.component_id = needed.id
      where further.id <> new.id
    )
    select from needed where needed.id = new.component_id
  ) then
    raise exception 'component % would depend on itself by way of %', new.component_id, new.depends_on_component_id
      using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end
$$;

-- triggers -----------------------------------------------------------------------------------------------------------

create or replace trigger refuse_archon_component_dependencies_cycle
  before insert or update of component_id, depends_on_component_id on public.archon_component_dependencies
  for each row execute function public.refuse_archon_component_cycle();

create or replace trigger update_archon_template_definitions_updated_at
  before update on public.archon_template_definitions
  for each row execute function public.update_updated_at_column();

create or replace trigger update_archon_components_updated_at
  before update on public.archon_components
  for each row execute function public.update_updated_at_column();

create or replace trigger update_archon_component_dependencies_updated_at
  before update on public.archon_component_dependencies
  for each row execute function public.update_updated_at_column();

create or replace trigger update_archon_component_metadata_updated_at
  before update on public.archon_component_metadata
  for each row execute function public.update_updated_at_column();

-- indexes ------------------------------------------------------------------------------------------------------------

-- Names and pairs are served by their unique constraints.
create index if not exists idx_archon_template_definitions_parent
  on public.archon_template_definitions (parent_template_id);
create index if not exists idx_archon_template_definitions_type
  on public.archon_template_definitions (template_type, category);
create index if not exists idx_archon_components_parent
  on public.archon_components (parent_component_id, order_index);
create index if not exists idx_archon_components_status
  on public.archon_components (project_id, status);
create index if not exists idx_archon_components_template
  on public.archon_components (template_id);
create index if not exists idx_archon_component_dependencies_depends_on
  on public.archon_component_dependencies (depends_on_component_id);
-- The column is as new as the index: nothing is in it yet, and the build takes a moment.
create index if not exists idx_archon_tasks_component
  on public.archon_tasks (component_id);

-- security -----------------------------------------------------------------------------------------------------------

-- Signed-in people read and see the plan of their projects; only the server, working as service_role, changes it.
-- `(select auth.role())` is read once per statement, a bare call once per row.
alter table public.archon_template_definitions enable row level security;
alter table public.archon_components enable row level security;
alter table public.archon_component_dependencies enable row level security;
alter table public.archon_component_metadata enable row level security;

-- An older project grants its new tables to everybody, and row level security does not stop a truncate.
revoke all on
  public.archon_template_definitions,
  public.archon_components,
  public.archon_component_dependencies,
  public.archon_component_metadata,
  public.archon_component_hierarchy
  from public, anon, authenticated, service_role;
grant select, insert, update, delete on
  public.archon_template_definitions,
  public.archon_components,
  public.archon_component_dependencies,
  public.archon_component_metadata
  to service_role;
grant select on
  public.archon_template_definitions,
  public.archon_components,
  public.archon_component_dependencies,
  public.archon_component_metadata,
  public.archon_component_hierarchy
  to authenticated;
grant select on public.archon_component_hierarchy to service_role;

drop policy if exists archon_template_definitions_authenticated_read on public.archon_template_definitions;
create policy archon_template_definitions_authenticated_read on public.archon_template_definitions
  for select to authenticated
  using (true);

drop policy if exists archon_template_definitions_service_role_all on public.archon_template_definitions;
create policy archon_template_definitions_service_role_all on public.archon_template_definitions
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

drop policy if exists archon_components_authenticated_read on public.archon_components;
create policy archon_components_authenticated_read on public.archon_components
  for select to authenticated
  using (true);

drop policy if exists archon_components_service_role_all on public.archon_components;
create policy archon_components_service_role_all on public.archon_components
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

drop policy if exists archon_component_dependencies_authenticated_read on public.archon_component_dependencies;
create policy archon_component_dependencies_authenticated_read on public.archon_component_dependencies
  for select to authenticated
  using (true);

drop policy if exists archon_component_dependencies_service_role_all on public.archon_component_dependencies;
create policy archon_component_dependencies_service_role_all on public.archon_component_dependencies
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

drop policy if exists archon_component_metadata_authenticated_read on public.archon_component_metadata;
create policy archon_component_metadata_authenticated_read on public.archon_component_metadata
  for select to authenticated
  using (true);

drop policy if exists archon_component_metadata_service_role_all on public.archon_component_metadata;
create policy archon_component_metadata_service_role_all on public.archon_component_metadata
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

-- rows ---------------------------------------------------------------------------------------------------------------

-- Every project has a part to begin with. Only the tasks of a project that gets it now are attached to it: later ones
-- without a component are meant to have none. Attaching does not change a task in its owner's eyes, so updated_at stays.
do $$
begin
  if exists (
    select from public.archon_projects as project
    where not exists (
      select from public.archon_components as known where known.project_id = project.id and known.name = 'main'
    )
  ) then
    alter table public.archon_tasks disable trigger update_archon_tasks_updated_at;
    with made as (
      insert into public.archon_components (project_id, name, description, component_type)
      select project.id, 'main', 'Whatever belongs to no other component', 'foundation'
      from public.archon_projects as project
      on conflict (project_id, name) do nothing
      returning id, project_id
    )
    update public.archon_tasks as task
    set component_id = made.id
    from made
    where task.project_id = made.project_id and task.component_id is null;
    alter table public.archon_tasks enable trigger update_archon_tasks_updated_at;
  end if;
end
$$;

-- comments -----------------------------------------------------------------------------------------------------------

comment on type public.component_type_enum is 'What others build on, what users see, what joins two.';
comment on type public.component_status_enum is 'How far a component is.';
comment on type public.template_type_enum is 'For whom a template is meant, from everybody to one project.';

comment on table public.archon_template_definitions is 'What components begin as; a template may refine another one.';
comment on column public.archon_template_definitions.inheritance_level is
  'How many templates it refines, one on top of another: 0 to 3.';
comment on table public.archon_components is 'Parts of projects, each perhaps below another one.';
comment on column public.archon_components.completion_gates is 'What must hold before it counts as completed.';
comment on table public.archon_component_dependencies is 'What must stand before a component; never a circle.';
comment on table public.archon_component_metadata is 'What else is known of a component, one row per key.';
comment on view public.archon_component_hierarchy is 'Each component with each of its ancestors and the distance.';
comment on column public.archon_tasks.component_id is 'The part of the project that the task builds.';
comment on function public.refuse_archon_component_cycle() is
  'Trigger: refuses a dependency that closes a circle, also when two sessions each add a half.';
