-- Lets an assignment say at which level, for which types, under which condition and how long it applies, and resolves
-- the template of a task from its nearest level, because one template for a whole project fits nobody's task.
--
-- role: enhancement
-- requires: 20250801001100_add_template_injection_schema
-- transaction: single
-- locks: access exclusive on archon_template_assignments until commit, for columns without a rewrite and once each row;
--   writes to archon_template_injection_templates wait; applied again, both for a moment
-- rollback: rollback/rollback_template_assignments
-- validation: validate/validate_template_assignments

-- The columns wait for every statement on archon_template_assignments, and everyone else would queue behind them.
set local lock_timeout = '5s';

-- types --------------------------------------------------------------------------------------------------------------

-- The order of the levels is used: what is further down is nearer to a task.
do $$
begin
  if not exists (
    select from pg_catalog.pg_type
    where typname = 'assignment_scope_enum' and typnamespace = 'public'::regnamespace
  ) then
    create type public.assignment_scope_enum as enum ('all', 'specific_types', 'conditional');
  end if;

  if not exists (
    select from pg_catalog.pg_type
    where typname = 'hierarchy_level_enum' and typnamespace = 'public'::regnamespace
  ) then
    create type public.hierarchy_level_enum as enum ('global', 'project', 'milestone', 'phase', 'task');
  end if;
end
$$;

-- tables -------------------------------------------------------------------------------------------------------------

-- hierarchy_type and hierarchy_id stay and stay filled: an application that does not know the levels goes on working.
alter table public.archon_template_assignments
  add column if not exists assignment_scope public.assignment_scope_enum default 'all',
  add column if not exists inheritance_enabled boolean default true,
  add column if not exists hierarchy_level public.hierarchy_level_enum default 'task',
  add column if not exists entity_id uuid,
  add column if not exists entity_type varchar(50),
  add column if not exists template_name varchar(255),
  add column if not exists metadata jsonb default '{}',
  add column if not exists effective_from timestamptz default now(),
  add column if not exists effective_until timestamptz,
  add column if not exists created_by text,
  add column if not exists updated_by text;

create table if not exists public.archon_template_assignment_cache (
  id uuid not null default gen_random_uuid(),
  entity_id uuid not null,
  entity_type varchar(50) not null,
  hierarchy_level public.hierarchy_level_enum not null,
  context_hash text not null,
  template_id uuid not null,
  resolution_path jsonb not null,
  expires_at timestamptz not null,
  hit_count integer not null default 0,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint archon_template_assignment_cache_pkey primary key (id),
  constraint archon_template_assignment_cache_once unique (entity_id, entity_type, hierarchy_level, context_hash),
  constraint archon_template_assignment_cache_template_fk
    foreign key (template_id) references public.archon_template_injection_templates (id) on delete cascade,
  constraint archon_template_assignment_cache_hits_not_negative check (hit_count >= 0)
);

-- No updated_at: a record is written once. No foreign key: it outlives what it tells of.
create table if not exists public.archon_template_assignment_audit (
  id bigint generated always as identity,
  assignment_id uuid,
  operation varchar(10) not null,
  old_content jsonb,
  new_content jsonb,
  changed_by text not null,
  created_at timestamptz default now(),
  constraint archon_template_assignment_audit_pkey primary key (id),
  constraint archon_template_assignment_audit_operation_known
    check (operation in ('insert', 'update', 'delete', 'truncate'))
);

-- rows that are there ------------------------------------------------------------------------------------------------

-- An old assignment applies where it always did. It did not change in its owner's eyes, so updated_at stays as it is.
do $$
begin
  if exists (
    select from public.archon_template_assignments where entity_id is null and hierarchy_level <> 'global'
  ) then
    alter table public.archon_template_assignments disable trigger update_archon_template_assignments_updated_at;
    update public.archon_template_assignments as assignment
    set
      hierarchy_level = case assignment.hierarchy_type
        when 'subtask' then 'task'
        else assignment.hierarchy_type::text::public.hierarchy_level_enum
      end,
      entity_id = assignment.hierarchy_id,
      entity_type = assignment.hierarchy_type,
      template_name = template.name,
      effective_from = coalesce(assignment.assigned_at, assignment.effective_from),
      created_by = assignment.assigned_by
    from public.archon_template_injection_templates as template
    where template.id = assignment.template_id
      and assignment.entity_id is null
      and assignment.hierarchy_level <> 'global';
    alter table public.archon_template_assignments enable trigger update_archon_template_assignments_updated_at;
  end if;
end
$$;

-- The table holds some rows per project, so that checking them takes a moment. A template that is renamed takes its
-- assignments along.
do $$
declare
  here constant regclass := 'public.archon_template_assignments';
begin
  if not exists (
    select from pg_catalog.pg_constraint
    where conrelid = here and conname = 'archon_template_assignments_level_has_entity'
  ) then
    alter table public.archon_template_assignments
      add constraint archon_template_assignments_level_has_entity
      check ((hierarchy_level = 'global') = (entity_id is null));
  end if;

  if not exists (
    select from pg_catalog.pg_constraint
    where conrelid = here and conname = 'archon_template_assignments_scope_complete'
  ) then
    alter table public.archon_template_assignments
      add constraint archon_template_assignments_scope_complete
      check (
        case assignment_scope
          when 'specific_types' then coalesce(jsonb_typeof(assignment_context -> 'types') = 'array', false)
          when 'conditional' then coalesce(conditional_logic <> '{}', false)
          else true
        end
      );
  end if;

  if not exists (
    select from pg_catalog.pg_constraint
    where conrelid = here and conname = 'archon_template_assignments_window'
  ) then
    alter table public.archon_template_assignments
      add constraint archon_template_assignments_window check (effective_until > effective_from);
  end if;

  if not exists (
    select from pg_catalog.pg_constraint
    where conrelid = here and conname = 'archon_template_assignments_template_name_fk'
  ) then
    alter table public.archon_template_assignments
      add constraint archon_template_assignments_template_name_fk
      foreign key (template_name) references public.archon_template_injection_templates (name)
      on update cascade on delete cascade;
  end if;
end
$$;

-- functions: resolution ----------------------------------------------------------------------------------------------

-- A condition is {} (always true), {"all": […]}, {"any": […]}, {"not": …} or {"key", "operator", "value"}, the key a
-- path with dots. Every part is read even where the answer is known already, and values are judged before the context
-- is, so that a mistake is found when the condition is written and not on the day it matters.
create or replace function public.archon_condition_holds(condition jsonb, context jsonb)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
declare
  operation constant text := condition ->> 'operator';
  wanted constant jsonb := condition -> 'value';
  present jsonb;
begin
  if condition = '{}' then
    return true;
  elsif jsonb_typeof(condition -> 'all') = 'array' and condition - 'all' = '{}' then
    return (
      select coalesce(bool_and(public.archon_condition_holds(part.value, context)), true)
      from jsonb_array_elements(condition -> 'all') as part (value)
    );
  elsif jsonb_typeof(condition -> 'any') = 'array' and condition - 'any' = '{}' then
    return (
      select coalesce(bool_or(public.archon_condition_holds(part.value, context)), false)
      from jsonb_array_elements(condition -> 'any') as part (value)
    );
  elsif jsonb_typeof(condition -> 'not') = 'object' and condition - 'not' = '{}' then
    return not public.archon_condition_holds(condition -> 'not', context);
  elsif jsonb_typeof(condition -> 'key') is distinct from 'string'
    or (
      case operation
        when 'exists' then wanted is not null
        when 'in' then jsonb_typeof(wanted) is distinct from 'array'
        when 'greater_than' then jsonb_typeof(wanted) is distinct from 'number'
        when 'less_than' then jsonb_typeof(wanted) is distinct from 'number'
        else wanted is null
      end
    )
  then
    raise exception 'condition % is not complete', condition
      using errcode = 'invalid_parameter_value',
        hint = 'It has all, any or not alone, or a key, an operator and a value of the operator''s type.';
  end if;

  present := context #> string_to_array(condition ->> 'key', '.');
  case operation
    when 'exists' then
      return present is not null;
    when 'equals' then
      return coalesce(present = wanted, false);
    when 'not_equals' then
      return present is distinct from wanted;
    when 'in' then
      return exists (select from jsonb_array_elements(wanted) as choice (value) where choice.value = present);
    when 'contains' then
      return coalesce(present @> wanted, false);
    when 'greater_than' then
      return case when jsonb_typeof(present) = 'number' then present::numeric > wanted::numeric else false end;
    when 'less_than' then
      return case when jsonb_typeof(present) = 'number' then present::numeric < wanted::numeric else false end;
    else
      raise exception 'operator % of condition % is unknown', coalesce(operation, '(none)'), condition
        using errcode = 'invalid_parameter_value',
          hint = 'Known are exists, equals, not_equals, in, contains, greater_than and less_than.';
  end case;
end
$$;

-- Where assignments are looked for, nearest first: the entity itself, the tasks around a subtask, and the levels above.
-- Phases and milestones have no tables, so the context names them.
create or replace function public.archon_template_places(
  entity_id_param uuid,
  entity_type_param text,
  project_id_param uuid default null,
  context_param jsonb default '{}'
)
returns table ("position" bigint, hierarchy_level public.hierarchy_level_enum, entity_id uuid)
language sql
stable
set search_path = ''
as $$
  with recursive own (level) as (
    select case entity_type_param when 'subtask' then 'task' else entity_type_param end::public.hierarchy_level_enum
  ),
  family (id, parent_id, project_id, path) as (
    select task.id, task.parent_task_id, task.project_id, array[task.id]
    from public.archon_tasks as task, own
    where task.id = entity_id_param and own.level = 'task'
    union all
    select task.id, task.parent_task_id, coalesce(below.project_id, task.project_id), below.path || task.id
    from family as below
    join public.archon_tasks as task on task.id = below.parent_id
    where not task.id = any (below.path)
  ),
  place (level, id, distance) as (
    select own.level, entity_id_param, 0
    from own
    where own.level <> 'global'
    union all
    select 'task', family.id, cardinality(family.path)
    from family
    where family.id <> entity_id_param
    union all
    select 'phase', (context_param ->> 'phase_id')::uuid, 0
    from own
    where own.level > 'phase'
    union all
    select 'milestone', (context_param ->> 'milestone_id')::uuid, 0
    from own
    where own.level > 'milestone'
    union all
    select 'project', coalesce(project_id_param, (select max(family.project_id::text)::uuid from family)), 0
    from own
    where own.level > 'project'
    union all
    select 'global', null, 0
  )
  select row_number() over (order by place.level desc, place.distance), place.level, place.id
  from place
  where place.id is not null or place.level = 'global'
$$;

-- The nearest level with an assignment that applies decides. Within a level the higher priority wins, then the more
-- particular scope, then the later one, then the smaller identifier, so that the answer is never a matter of luck.
create or replace function public.resolve_template_inheritance(
  entity_id_param uuid,
  entity_type_param text,
  project_id_param uuid default null,
  context_param jsonb default '{}'
)
returns table (
  template_id uuid,
  template_name text,
  assignment_id uuid,
  hierarchy_level public.hierarchy_level_enum,
  resolution_path jsonb
)
language plpgsql
stable
set search_path = ''
as $$
declare
  place record;
begin
  context_param := coalesce(context_param, '{}');
  resolution_path := '[]';

  for place in
    select * from public.archon_template_places(entity_id_param, entity_type_param, project_id_param, context_param)
    order by "position"
  loop
    select template.id, template.name, assignment.id
    into template_id, template_name, assignment_id
    from public.archon_template_assignments as assignment
    join public.archon_template_injection_templates as template on template.id = assignment.template_id
    where assignment.hierarchy_level = place.hierarchy_level
      and assignment.entity_id is not distinct from place.entity_id
      and assignment.is_active
      and template.is_active
      and (place."position" = 1 or assignment.inheritance_enabled is not false)
      and (assignment.effective_from is null or assignment.effective_from <= now())
      and (assignment.effective_until is null or assignment.effective_until > now())
      and case assignment.assignment_scope
        when 'specific_types' then
          assignment.assignment_context -> 'types'
            ?| array_remove(array[entity_type_param, context_param ->> 'type'], null)
        when 'conditional' then
          public.archon_condition_holds(assignment.conditional_logic, context_param)
        else true
      end
    order by
      assignment.priority desc nulls last,
      assignment.assignment_scope desc nulls last,
      assignment.effective_from desc nulls last,
      assignment.id
    limit 1;

    hierarchy_level := place.hierarchy_level;
    resolution_path := resolution_path || jsonb_build_object(
      'hierarchy_level', place.hierarchy_level,
      'entity_id', place.entity_id,
      'assignment_id', assignment_id
    );
    if template_id is not null then
      return next;
      return;
    end if;
  end loop;

  select template.id, template.name, null, null
  into template_id, template_name, assignment_id, hierarchy_level
  from public.archon_template_injection_templates as template
  where template.name = 'workflow::default' and template.is_active;
  if found then
    resolution_path := resolution_path || jsonb_build_object('default', template_name);
    return next;
  end if;
end
$$;

-- functions: cache ---------------------------------------------------------------------------------------------------

-- Who stores an answer and who changes an assignment at the same time must not miss each other: the one would not see
-- the new assignment, the other not the answer that it has to remove. So the first holds a lock alone until it commits,
-- and whoever finds it taken answers without the cache; the second holds it together with its like, and waits for the
-- first. A snapshot older than the lock would defeat this, so only read committed transactions store and change.
create or replace function public.cache_template_resolution(
  entity_id_param uuid,
  entity_type_param text,
  project_id_param uuid default null,
  context_param jsonb default '{}',
  lifetime_param interval default '1 hour'
)
returns table (
  template_id uuid,
  template_name text,
  assignment_id uuid,
  hierarchy_level public.hierarchy_level_enum,
  resolution_path jsonb
)
language plpgsql
set search_path = ''
as $$
#variable_conflict use_column
declare
  may_write constant boolean := current_setting('transaction_isolation') = 'read committed'
    and current_setting('transaction_read_only') = 'off';
  own_level public.hierarchy_level_enum;
  hash text;
  known record;
begin
  context_param := coalesce(context_param, '{}');

  -- The places belong to the key: a task that moves to another project asks another question.
  select
    max(place.hierarchy_level) filter (where place."position" = 1),
    jsonb_build_array(jsonb_agg(place.entity_id order by place."position"), context_param)::text
  into own_level, hash
  from public.archon_template_places(entity_id_param, entity_type_param, project_id_param, context_param) as place;
  hash := encode(sha256(convert_to(hash, 'UTF8')), 'hex');

  select cache.id, cache.template_id, cache.resolution_path, template.name
  into known
  from public.archon_template_assignment_cache as cache
  join public.archon_template_injection_templates as template on template.id = cache.template_id
  where cache.entity_id = entity_id_param
    and cache.entity_type = entity_type_param
    and cache.hierarchy_level = own_level
    and cache.context_hash = hash
    and cache.expires_at > now();
  if found then
    -- A hit that somebody else is counting is not worth waiting for, still less a deadlock.
    if may_write then
      update public.archon_template_assignment_cache as cache
      set hit_count = cache.hit_count + 1
      where cache.id in (
        select free.id
        from public.archon_template_assignment_cache as free
        where free.id = known.id
        for no key update skip locked
      );
    end if;
    return query select known.template_id, known.name::text,
      (known.resolution_path -> -1 ->> 'assignment_id')::uuid,
      (known.resolution_path -> -1 ->> 'hierarchy_level')::public.hierarchy_level_enum,
      known.resolution_path;
    return;
  end if;

  if entity_id_param is null
    or not may_write
    or not pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended('archon_template_assignment_cache', 0))
  then
    return query
      select *
      from public.resolve_template_inheritance(entity_id_param, entity_type_param, project_id_param, context_param);
    return;
  end if;

  -- An answer holds no longer than until the next assignment begins or ends to apply.
  return query
    with answer as (
      select *
      from public.resolve_template_inheritance(entity_id_param, entity_type_param, project_id_param, context_param)
    ),
    edge (at) as (
      select min(moment.at)
      from public.archon_template_assignments as assignment
      cross join lateral (values (assignment.effective_from), (assignment.effective_until)) as moment (at)
      where assignment.is_active and moment.at > now()
    ),
    stored as (
      insert into public.archon_template_assignment_cache as cache
        (entity_id, entity_type, hierarchy_level, context_hash, template_id, resolution_path, expires_at)
      select entity_id_param, entity_type_param, own_level, hash, answer.template_id, answer.resolution_path,
        least(now() + lifetime_param, edge.at)
      from answer, edge
      on conflict (entity_id, entity_type, hierarchy_level, context_hash) do update
      set template_id = excluded.template_id, resolution_path = excluded.resolution_path,
        expires_at = excluded.expires_at, hit_count = 0
    )
    select * from answer;
end
$$;

-- Every answer whose way led past the entity, also where nothing was found there; without one, every answer.
create or replace function public.invalidate_template_assignment_cache(entity_id_param uuid default null)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  removed integer;
begin
  if entity_id_param is null then
    delete from public.archon_template_assignment_cache;
  else
    delete from public.archon_template_assignment_cache as cache
    where cache.resolution_path @> jsonb_build_array(jsonb_build_object('entity_id', entity_id_param));
  end if;
  get diagnostics removed = row_count;
  return removed;
end
$$;

create or replace function public.cleanup_expired_template_cache()
returns integer
language plpgsql
set search_path = ''
as $$
declare
  removed integer;
begin
  delete from public.archon_template_assignment_cache as cache where cache.expires_at <= now();
  get diagnostics removed = row_count;
  return removed;
end
$$;

-- functions: triggers ------------------------------------------------------------------------------------------------

-- Keeps the old address (hierarchy_type, hierarchy_id) and the new one (hierarchy_level, entity_id) the same, whichever
-- of the two was written, and the template's name beside its identifier.
create or replace function public.complete_archon_template_assignment()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  written_the_old_way boolean;
begin
  if tg_op = 'INSERT' then
    written_the_old_way := new.entity_id is null and new.hierarchy_level is distinct from 'global';
    new.created_by := coalesce(new.created_by, new.assigned_by);
  else
    written_the_old_way :=
      (new.hierarchy_type, new.hierarchy_id) is distinct from (old.hierarchy_type, old.hierarchy_id)
      and (new.hierarchy_level, new.entity_id) is not distinct from (old.hierarchy_level, old.entity_id);
  end if;

  if written_the_old_way then
    new.hierarchy_level := case new.hierarchy_type when 'subtask' then 'task' else new.hierarchy_type::text end;
    new.entity_id := new.hierarchy_id;
    new.entity_type := new.hierarchy_type;
  else
    -- The whole installation has no identifier; the zero one is no project's.
    if new.hierarchy_level = 'global' then
      new.entity_id := null;
    end if;
    -- A level that changed has another word, unless that was written too.
    if tg_op = 'UPDATE' and new.hierarchy_level <> old.hierarchy_level and new.entity_type = old.entity_type then
      new.entity_type := null;
    end if;
    new.entity_type := coalesce(new.entity_type, new.hierarchy_level::text);
    new.hierarchy_type := case
      when new.hierarchy_level = 'global' then 'project'
      when new.hierarchy_level = 'task' and new.entity_type = 'subtask' then 'subtask'
      else new.hierarchy_level::text
    end;
    new.hierarchy_id := coalesce(new.entity_id, '00000000-0000-0000-0000-000000000000');
  end if;

  if new.template_id is null
    or (tg_op = 'UPDATE' and new.template_name <> old.template_name and new.template_id = old.template_id)
  then
    select template.id into new.template_id
    from public.archon_template_injection_templates as template
    where template.name = new.template_name;
    if not found then
      raise exception 'template % does not exist', coalesce(new.template_name, '(none)')
        using errcode = 'foreign_key_violation';
    end if;
  else
    select template.name into new.template_name
    from public.archon_template_injection_templates as template
    where template.id = new.template_id;
  end if;

  if new.assignment_scope = 'conditional' then
    perform public.archon_condition_holds(new.conditional_logic, '{}');
  end if;
  return new;
end
$$;

-- Works as its owner, because nobody else may write the log, not even who may change assignments.
create or replace function public.audit_archon_template_assignment()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  who text;
begin
  -- An update that changes nothing is no change.
  if tg_op = 'UPDATE' and to_jsonb(new) - 'updated_at' = to_jsonb(old) - 'updated_at' then
    return null;
  end if;
  -- `role` is the role that the session has taken, which current_user hides here.
  who := coalesce(auth.jwt() ->> 'sub', nullif(current_setting('role'), 'none'), session_user);
  if tg_op = 'TRUNCATE' then
    insert into public.archon_template_assignment_audit (operation, changed_by) values ('truncate', who);
  else
    insert into public.archon_template_assignment_audit
      (assignment_id, operation, old_content, new_content, changed_by)
    values (coalesce(new.id, old.id), lower(tg_op), to_jsonb(old), to_jsonb(new), who);
  end if;
  return null;
end
$$;

-- The other half of the lock in cache_template_resolution. It comes before any row is locked: two who take the same two
-- locks in different order would wait for each other.
create or replace function public.announce_archon_template_change()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    raise exception 'templates and their assignments cannot be changed in a % transaction',
      current_setting('transaction_isolation')
      using errcode = 'feature_not_supported', hint = 'Use read committed.';
  end if;
  perform pg_catalog.pg_advisory_xact_lock_shared(
    pg_catalog.hashtextextended('archon_template_assignment_cache', 0)
  );
  return null;
end
$$;

create or replace function public.invalidate_archon_template_cache()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if tg_level = 'STATEMENT' or tg_argv[0] = 'all' then
    perform public.invalidate_template_assignment_cache();
  else
    -- A null is the level above all others, and so is its answer: everything.
    if tg_op <> 'INSERT' then
      perform public.invalidate_template_assignment_cache(old.entity_id);
    end if;
    if tg_op <> 'DELETE' then
      perform public.invalidate_template_assignment_cache(new.entity_id);
    end if;
  end if;
  return null;
end
$$;

-- triggers -----------------------------------------------------------------------------------------------------------

create or replace trigger announce_archon_template_assignments
  before insert or update or delete or truncate on public.archon_template_assignments
  for each statement execute function public.announce_archon_template_change();

create or replace trigger announce_archon_template_injection_templates
  before insert or update of name, is_active or delete on public.archon_template_injection_templates
  for each statement execute function public.announce_archon_template_change();

create or replace trigger complete_archon_template_assignments
  before insert or update on public.archon_template_assignments
  for each row execute function public.complete_archon_template_assignment();

create or replace trigger audit_archon_template_assignments
  after insert or update or delete on public.archon_template_assignments
  for each row execute function public.audit_archon_template_assignment();

create or replace trigger audit_archon_template_assignments_truncate
  after truncate on public.archon_template_assignments
  for each statement execute function public.audit_archon_template_assignment();

create or replace trigger invalidate_archon_template_assignments_cache
  after insert or update or delete on public.archon_template_assignments
  for each row execute function public.invalidate_archon_template_cache();

create or replace trigger invalidate_archon_template_assignments_cache_truncate
  after truncate on public.archon_template_assignments
  for each statement execute function public.invalidate_archon_template_cache();

-- A template that is switched off, or a default that appears, may change any answer. Not for each statement: a seed that
-- finds its rows there already changes none.
create or replace trigger invalidate_archon_template_injection_templates_cache
  after insert or update of name, is_active on public.archon_template_injection_templates
  for each row execute function public.invalidate_archon_template_cache('all');

create or replace trigger update_archon_template_assignment_cache_updated_at
  before update on public.archon_template_assignment_cache
  for each row execute function public.update_updated_at_column();

-- indexes ------------------------------------------------------------------------------------------------------------

-- The table holds some rows per project: an index on it is built in a moment, within the locks that the columns took.
create index if not exists idx_archon_template_assignments_entity
  on public.archon_template_assignments (hierarchy_level, entity_id, priority desc) where is_active;
create index if not exists idx_archon_template_assignments_template_name
  on public.archon_template_assignments (template_name);
create index if not exists idx_archon_template_assignment_cache_template
  on public.archon_template_assignment_cache (template_id);
create index if not exists idx_archon_template_assignment_cache_expires
  on public.archon_template_assignment_cache (expires_at);
-- jsonb_path_ops answers `@>`, by which invalidation finds the answers that led past an entity.
create index if not exists idx_archon_template_assignment_cache_path
  on public.archon_template_assignment_cache using gin (resolution_path jsonb_path_ops);
create index if not exists idx_archon_template_assignment_audit_assignment
  on public.archon_template_assignment_audit (assignment_id, created_at desc);

-- security -----------------------------------------------------------------------------------------------------------

-- Both tables are the server's own: it fills the cache, and reads the log that the trigger writes.
-- `(select auth.role())` is read once per statement, a bare call once per row.
alter table public.archon_template_assignment_cache enable row level security;
alter table public.archon_template_assignment_audit enable row level security;

-- An older project grants its new tables to everybody, and row level security does not stop a truncate.
revoke all on public.archon_template_assignment_cache, public.archon_template_assignment_audit
  from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.archon_template_assignment_cache to service_role;
grant select on public.archon_template_assignment_audit to service_role;

drop policy if exists archon_template_assignment_cache_service_role_all on public.archon_template_assignment_cache;
create policy archon_template_assignment_cache_service_role_all on public.archon_template_assignment_cache
  for all to service_role
  using ((select auth.role()) = 'service_role')
  with check ((select auth.role()) = 'service_role');

drop policy if exists archon_template_assignment_audit_service_role_read on public.archon_template_assignment_audit;
create policy archon_template_assignment_audit_service_role_read on public.archon_template_assignment_audit
  for select to service_role
  using ((select auth.role()) = 'service_role');

-- Every function is born callable by everybody. Resolution reads tasks, which anon may not.
revoke execute on function
  public.archon_template_places(uuid, text, uuid, jsonb),
  public.resolve_template_inheritance(uuid, text, uuid, jsonb)
  from public, anon;
grant execute on function
  public.archon_template_places(uuid, text, uuid, jsonb),
  public.resolve_template_inheritance(uuid, text, uuid, jsonb)
  to authenticated, service_role;
revoke execute on function
  public.cache_template_resolution(uuid, text, uuid, jsonb, interval),
  public.invalidate_template_assignment_cache(uuid),
  public.cleanup_expired_template_cache()
  from public, anon, authenticated;
grant execute on function
  public.cache_template_resolution(uuid, text, uuid, jsonb, interval),
  public.invalidate_template_assignment_cache(uuid),
  public.cleanup_expired_template_cache()
  to service_role;

-- comments -----------------------------------------------------------------------------------------------------------

comment on type public.assignment_scope_enum is 'For what below its level an assignment is meant.';
comment on type public.hierarchy_level_enum is 'Levels at which templates are assigned, the widest first.';

comment on column public.archon_template_assignments.assignment_scope is
  'All; the types listed in assignment_context.types; or where conditional_logic holds.';
comment on column public.archon_template_assignments.inheritance_enabled is
  'False: only for the entity itself and not for what is below it.';
comment on column public.archon_template_assignments.hierarchy_level is 'The level of the entity.';
comment on column public.archon_template_assignments.entity_id is
  'What it is assigned to; null for the whole installation.';
comment on column public.archon_template_assignments.entity_type is
  'The level in words, or subtask; kept beside the level for applications that tell them apart.';
comment on column public.archon_template_assignments.template_name is
  'The name of the template, kept right by the database; may be given instead of its identifier.';
comment on column public.archon_template_assignments.effective_from is 'Applies from here on; null: always did.';
comment on column public.archon_template_assignments.effective_until is 'Applies before this; null: without end.';

comment on table public.archon_template_assignment_cache is 'Answers of cache_template_resolution, until they expire.';
comment on column public.archon_template_assignment_cache.context_hash is
  'SHA-256 of the context and of the places that were looked at.';
comment on column public.archon_template_assignment_cache.resolution_path is
  'The places in order, with the assignment that decided at the last one.';
comment on table public.archon_template_assignment_audit is
  'One row per change of an assignment, written by a trigger and by nobody else.';
comment on column public.archon_template_assignment_audit.changed_by is
  'The subject of the token, else the role of the session.';

comment on function public.archon_condition_holds(jsonb, jsonb) is
  'Whether a condition is true in a context; an unknown operator is an error.';
comment on function public.archon_template_places(uuid, text, uuid, jsonb) is
  'Where assignments for an entity are looked for, nearest first.';
comment on function public.resolve_template_inheritance(uuid, text, uuid, jsonb) is
  'The template of an entity from the nearest level that has one, else workflow::default; no row where that is missing.';
comment on function public.cache_template_resolution(uuid, text, uuid, jsonb, interval) is
  'As resolve_template_inheritance, from the cache where the answer is known.';
comment on function public.invalidate_template_assignment_cache(uuid) is
  'Forgets the answers that led past an entity, or all; says how many.';
comment on function public.cleanup_expired_template_cache() is 'Removes answers that have expired; says how many.';
comment on function public.complete_archon_template_assignment() is
  'Trigger: keeps both addresses of an assignment and the name of its template right.';
comment on function public.audit_archon_template_assignment() is 'Trigger: writes the log of assignments.';
comment on function public.announce_archon_template_change() is
  'Trigger: keeps answers from being stored while what they rest on changes.';
comment on function public.invalidate_archon_template_cache() is 'Trigger: forgets answers that a change may alter.';
