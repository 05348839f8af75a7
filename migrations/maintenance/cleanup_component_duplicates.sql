-- Merges components that are the same part of a project under two spellings, such as user-auth and user_auth, because
-- agents that cannot find a component make it again and the work is then split between both.
--
-- role: cleanup
-- requires: 20250801001400_add_component_hierarchy
-- transaction: single
-- locks: share row exclusive on the component tables and archon_tasks until commit; people can go on reading
-- loses: the duplicates, what refers to both of two merged components, and metadata under a key that the kept one has
--
-- Duplicates are components of one project whose names are equal without - and _, but for those between digits: part-1-1
-- is not part-11. The oldest is kept and stays as it is; what it lacks it takes from the others: description, template,
-- context, gates, metadata, dependencies, children and tasks. What is removed or turned to another component is first
-- copied to archon_rollback.exported_rows.
-- Prints one line per merged component. To see what it would do, run it in a transaction and roll that back.
-- Two components that depend on each other by way of a third one cannot be merged: the trigger against circles stops the
-- whole file and names them, and nothing has changed.

set local lock_timeout = '5s';

-- Whoever adds a component in between would add a duplicate that nobody has seen.
lock table
  public.archon_components,
  public.archon_component_dependencies,
  public.archon_component_metadata,
  public.archon_tasks
  in share row exclusive mode;

-- stage 1: find ------------------------------------------------------------------------------------------------------

create temporary table archon_duplicates on commit drop as
select member.id, member.keeper_id, member.name, member.created_at
from (
  select component.id, component.name, component.created_at,
    first_value(component.id) over family as keeper_id
  from public.archon_components as component
  window family as (
    partition by component.project_id, coalesce(
      nullif(regexp_replace(translate(component.name, '_', '-'), '(?<![0-9])-+|-+(?![0-9])', '', 'g'), ''),
      component.name
    )
    order by component.created_at, component.id
  )
) as member
where member.id <> member.keeper_id;

-- Components that stand below themselves already are none of this file's business.
create temporary table archon_parent_circles on commit drop as
select known.component_id
from public.archon_component_hierarchy as known
where known.ancestor_id = known.component_id;

-- What each dependency would be after the merge, the strongest and then the oldest of each pair first.
create temporary table archon_merged_dependencies on commit drop as
select mapped.id, mapped.component_id, mapped.depends_on_component_id, mapped.moves,
  mapped.component_id = mapped.depends_on_component_id as on_itself,
  row_number() over (
    partition by mapped.component_id, mapped.depends_on_component_id
    order by
      array_position(array['hard', 'soft', 'optional'], mapped.dependency_type::text),
      mapped.created_at,
      mapped.id
  ) as place
from (
  select dependency.id, dependency.dependency_type, dependency.created_at,
    coalesce(one.keeper_id, dependency.component_id) as component_id,
    coalesce(other.keeper_id, dependency.depends_on_component_id) as depends_on_component_id,
    one.id is not null or other.id is not null as moves
  from public.archon_component_dependencies as dependency
  left join archon_duplicates as one on one.id = dependency.component_id
  left join archon_duplicates as other on other.id = dependency.depends_on_component_id
) as mapped;

-- Of one key, the kept component's value stays, else the oldest duplicate's.
create temporary table archon_merged_metadata on commit drop as
select metadata.id, coalesce(duplicate.keeper_id, metadata.component_id) as component_id,
  duplicate.id is not null as moves,
  row_number() over (
    partition by coalesce(duplicate.keeper_id, metadata.component_id), metadata.key
    order by duplicate.id is not null, duplicate.created_at, duplicate.id
  ) as place
from public.archon_component_metadata as metadata
left join archon_duplicates as duplicate on duplicate.id = metadata.component_id;

-- stage 2: export ----------------------------------------------------------------------------------------------------

-- One table for every file of the set that removes rows; it is no API schema, and nobody but its owner is granted it.
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

insert into archon_rollback.exported_rows (feature, table_name, content)
select 'component_duplicates', 'archon_components', to_jsonb(component)
from public.archon_components as component
where exists (
  select from archon_duplicates as duplicate
  where component.id in (duplicate.id, duplicate.keeper_id) or component.parent_component_id = duplicate.id
);

insert into archon_rollback.exported_rows (feature, table_name, content)
select 'component_duplicates', 'archon_component_dependencies', to_jsonb(dependency)
from public.archon_component_dependencies as dependency
join archon_merged_dependencies as merged on merged.id = dependency.id
where merged.moves or merged.on_itself or merged.place > 1;

insert into archon_rollback.exported_rows (feature, table_name, content)
select 'component_duplicates', 'archon_component_metadata', to_jsonb(metadata)
from public.archon_component_metadata as metadata
join archon_merged_metadata as merged on merged.id = metadata.id
where merged.moves;

insert into archon_rollback.exported_rows (feature, table_name, content)
select 'component_duplicates', 'archon_tasks', jsonb_build_object('id', task.id, 'component_id', task.component_id)
from public.archon_tasks as task
join archon_duplicates as duplicate on duplicate.id = task.component_id;

-- stage 3: merge -----------------------------------------------------------------------------------------------------

-- A kept component that stands below one of its duplicates moves up to where the topmost of them stood.
with topmost as (
  select distinct on (duplicate.keeper_id) duplicate.keeper_id, above.parent_component_id
  from archon_duplicates as duplicate
  join public.archon_component_hierarchy as known
    on known.component_id = duplicate.keeper_id and known.ancestor_id = duplicate.id
  join public.archon_components as above on above.id = duplicate.id
  order by duplicate.keeper_id, known.depth desc
)
update public.archon_components as keeper
set parent_component_id = topmost.parent_component_id
from topmost
where keeper.id = topmost.keeper_id;

update public.archon_components as child
set parent_component_id = duplicate.keeper_id
from archon_duplicates as duplicate
where child.parent_component_id = duplicate.id and child.id <> duplicate.keeper_id;

-- Of a key in two contexts the kept component's value stays, else the oldest duplicate's.
with member as (
  select duplicate.keeper_id, component.*
  from (
    select id, keeper_id from archon_duplicates
    union
    select keeper_id, keeper_id from archon_duplicates
  ) as duplicate
  join public.archon_components as component on component.id = duplicate.id
),
context as (
  select member.keeper_id,
    jsonb_object_agg(
      entry.key, entry.value
      order by member.id = member.keeper_id, member.created_at desc, member.id desc
    ) as merged
  from member
  cross join lateral jsonb_each(member.context_data) as entry
  where jsonb_typeof(member.context_data) = 'object'
  group by member.keeper_id
),
customization as (
  select member.keeper_id,
    jsonb_object_agg(
      entry.key, entry.value
      order by member.id = member.keeper_id, member.created_at desc, member.id desc
    ) as merged
  from member
  cross join lateral jsonb_each(member.template_customizations) as entry
  where jsonb_typeof(member.template_customizations) = 'object'
  group by member.keeper_id
),
added_gate as (
  select added.keeper_id, jsonb_agg(added.gate order by added.created_at, added.place) as gates
  from (
    select distinct on (member.keeper_id, gate.value) member.keeper_id, gate.value as gate, member.created_at, gate.place
    from member
    cross join lateral jsonb_array_elements(member.completion_gates) with ordinality as gate (value, place)
    join public.archon_components as keeper on keeper.id = member.keeper_id
    where jsonb_typeof(member.completion_gates) = 'array'
      and member.id <> member.keeper_id
      and coalesce(jsonb_typeof(keeper.completion_gates), 'null') in ('array', 'null')
      and not coalesce(keeper.completion_gates @> jsonb_build_array(gate.value), false)
    order by member.keeper_id, gate.value, member.created_at, gate.place
  ) as added
  group by added.keeper_id
),
oldest as (
  select member.keeper_id,
    (
      array_agg(member.description order by member.created_at, member.id) filter (where member.description <> '')
    )[1] as description,
    (
      array_agg(member.template_id order by member.created_at, member.id)
        filter (where member.template_id is not null)
    )[1] as template_id
  from member
  group by member.keeper_id
)
update public.archon_components as keeper
set
  description = coalesce(nullif(keeper.description, ''), oldest.description, keeper.description),
  template_id = coalesce(keeper.template_id, oldest.template_id),
  -- What is no object, or no list of gates, is left as the application wrote it.
  context_data = case
    when coalesce(jsonb_typeof(keeper.context_data), 'null') in ('object', 'null')
      then coalesce(context.merged, keeper.context_data)
    else keeper.context_data
  end,
  template_customizations = case
    when coalesce(jsonb_typeof(keeper.template_customizations), 'null') in ('object', 'null')
      then coalesce(customization.merged, keeper.template_customizations)
    else keeper.template_customizations
  end,
  completion_gates = case
    when added_gate.gates is null then keeper.completion_gates
    when jsonb_typeof(keeper.completion_gates) = 'array' then keeper.completion_gates || added_gate.gates
    else added_gate.gates
  end
from oldest
left join context on context.keeper_id = oldest.keeper_id
left join customization on customization.keeper_id = oldest.keeper_id
left join added_gate on added_gate.keeper_id = oldest.keeper_id
where keeper.id = oldest.keeper_id;

-- stage 4: re-point --------------------------------------------------------------------------------------------------

delete from public.archon_component_dependencies as dependency
using archon_merged_dependencies as merged
where merged.id = dependency.id and (merged.on_itself or merged.place > 1);

update public.archon_component_dependencies as dependency
set component_id = merged.component_id, depends_on_component_id = merged.depends_on_component_id
from archon_merged_dependencies as merged
where merged.id = dependency.id and merged.moves;

delete from public.archon_component_metadata as metadata
using archon_merged_metadata as merged
where merged.id = metadata.id and merged.place > 1;

update public.archon_component_metadata as metadata
set component_id = merged.component_id
from archon_merged_metadata as merged
where merged.id = metadata.id and merged.moves;

update public.archon_tasks as task
set component_id = duplicate.keeper_id
from archon_duplicates as duplicate
where task.component_id = duplicate.id;

delete from public.archon_components as component
using archon_duplicates as duplicate
where component.id = duplicate.id;

-- stage 5: validate --------------------------------------------------------------------------------------------------

do $$
declare
  merged record;
  flaw text;
begin
  for merged in
    select project.title, keeper.name, string_agg(duplicate.name, ', ' order by duplicate.created_at) as names
    from archon_duplicates as duplicate
    join public.archon_components as keeper on keeper.id = duplicate.keeper_id
    join public.archon_projects as project on project.id = keeper.project_id
    group by project.title, keeper.id, keeper.name
    order by project.title, keeper.name
  loop
    raise notice '% took over % in project %', merged.name, merged.names, merged.title;
  end loop;
  if not exists (select from archon_duplicates) then
    raise notice 'No component has a duplicate';
  end if;

  -- Merging two pairs at once can put each below the other, which no trigger watches.
  select string_agg(component.name, ', ' order by component.name) into flaw
  from public.archon_component_hierarchy as known
  join public.archon_components as component on component.id = known.component_id
  where known.ancestor_id = known.component_id
    and not exists (
      select from archon_parent_circles as before where before.component_id = known.component_id
    );
  if flaw is not null then
    raise exception 'Merged components would stand below themselves: %', flaw
      using errcode = 'integrity_constraint_violation', hint = 'Change their parents first.';
  end if;

  select string_agg(component.name, ', ' order by component.name) into flaw
  from public.archon_components as component
  join archon_duplicates as duplicate on duplicate.id = component.id;
  if flaw is not null then
    raise exception 'Duplicates are still there: %', flaw using errcode = 'integrity_constraint_violation';
  end if;

  select string_agg(exported.content ->> 'id', ', ') into flaw
  from archon_rollback.exported_rows as exported
  join archon_duplicates as duplicate on duplicate.id = (exported.content ->> 'component_id')::uuid
  join public.archon_tasks as task on task.id = (exported.content ->> 'id')::uuid
  where exported.feature = 'component_duplicates'
    and exported.table_name = 'archon_tasks'
    and task.component_id is distinct from duplicate.keeper_id;
  if flaw is not null then
    raise exception 'Tasks have lost their component: %', flaw using errcode = 'integrity_constraint_violation';
  end if;
end
$$;
