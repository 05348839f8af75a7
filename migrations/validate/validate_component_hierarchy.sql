-- Proves that the component hierarchy is in effect: every table with its columns and constraints, the view, every type,
-- index, policy, trigger and function, and that a circle is refused, because a feature may be recorded and yet be
-- incomplete.
--
-- role: validation
-- requires: 20250801001400_add_component_hierarchy
-- forward: 20250801001400_add_component_hierarchy
-- transaction: single
-- locks: row exclusive on projects and components for rows that are gone when the file ends
--
-- Prints one line per check. Fails with a single error that counts and names everything that is missing.
-- Objects beyond those listed do not disturb it. Run it as the owner of the tables.

do $validate$
declare
  tables constant text[] := array[
    'archon_template_definitions',
    'archon_components',
    'archon_component_dependencies',
    'archon_component_metadata'
  ];
  indexes constant text[] := array[
    'idx_archon_component_dependencies_depends_on',
    'idx_archon_components_parent',
    'idx_archon_components_status',
    'idx_archon_components_template',
    'idx_archon_tasks_component',
    'idx_archon_template_definitions_parent',
    'idx_archon_template_definitions_type'
  ];
  functions constant text[] := array[
    'refuse_archon_component_cycle()'
  ];
  rule constant text := '================================================';
  path_before constant text := current_setting('search_path');
  failures text[] := '{}';
  missing text[];
  flaw text;
  subject text;
  labels text[];
  project uuid;
  one uuid;
  other uuid;
begin
  -- The catalogue prints types and defaults relative to the path; this one makes it print them as listed below.
  perform set_config('search_path', 'public', true);

  raise notice '🚀 Starting Component Hierarchy Validation';
  raise notice '%', rule;

  raise notice '📋 Checking Tables...';
  foreach subject in array tables || 'archon_tasks'::text loop
    if to_regclass('public.' || subject) is null then
      missing := array['table ' || subject];
    else
      select array_agg(format('column %s.%s (%s)', subject, expected.name, expected.definition))
      into missing
      from (values
        ('archon_template_definitions', 'id', 'uuid not null default gen_random_uuid()'),
        ('archon_template_definitions', 'name', 'character varying(255) not null'),
        ('archon_template_definitions', 'title', 'text not null'),
        ('archon_template_definitions', 'description', 'text'),
        ('archon_template_definitions', 'template_type', 'template_type_enum default ''project''::template_type_enum'),
        ('archon_template_definitions', 'parent_template_id', 'uuid'),
        ('archon_template_definitions', 'inheritance_level', 'integer default 0'),
        ('archon_template_definitions', 'component_type', 'component_type_enum'),
        ('archon_template_definitions', 'template_data', 'jsonb not null default ''{}''::jsonb'),
        ('archon_template_definitions', 'default_context', 'jsonb default ''{}''::jsonb'),
        ('archon_template_definitions', 'category', 'character varying(100)'),
        ('archon_template_definitions', 'tags', 'jsonb default ''[]''::jsonb'),
        ('archon_template_definitions', 'is_public', 'boolean default false'),
        ('archon_template_definitions', 'created_by', 'text default ''system''::text'),
        ('archon_template_definitions', 'created_at', 'timestamp with time zone default now()'),
        ('archon_template_definitions', 'updated_at', 'timestamp with time zone default now()'),
        ('archon_components', 'id', 'uuid not null default gen_random_uuid()'),
        ('archon_components', 'project_id', 'uuid not null'),
        ('archon_components', 'name', 'character varying(255) not null'),
        ('archon_components', 'description', 'text'),
        ('archon_components', 'component_type', 'component_type_enum default ''feature''::component_type_enum'),
        ('archon_components', 'status', 'component_status_enum default ''not_started''::component_status_enum'),
        ('archon_components', 'parent_component_id', 'uuid'),
        ('archon_components', 'order_index', 'integer default 0'),
        ('archon_components', 'context_data', 'jsonb default ''{}''::jsonb'),
        ('archon_components', 'completion_gates', 'jsonb default ''[]''::jsonb'),
        ('archon_components', 'template_id', 'uuid'),
        ('archon_components', 'template_customizations', 'jsonb default ''{}''::jsonb'),
        ('archon_components', 'created_at', 'timestamp with time zone default now()'),
        ('archon_components', 'updated_at', 'timestamp with time zone default now()'),
        ('archon_component_dependencies', 'id', 'uuid not null default gen_random_uuid()'),
        ('archon_component_dependencies', 'component_id', 'uuid not null'),
        ('archon_component_dependencies', 'depends_on_component_id', 'uuid not null'),
        ('archon_component_dependencies', 'dependency_type', 'character varying(20) default ''hard''::character varying'),
        ('archon_component_dependencies', 'gate_requirements', 'jsonb default ''[]''::jsonb'),
        ('archon_component_dependencies', 'created_at', 'timestamp with time zone default now()'),
        ('archon_component_dependencies', 'updated_at', 'timestamp with time zone default now()'),
        ('archon_component_metadata', 'id', 'uuid not null default gen_random_uuid()'),
        ('archon_component_metadata', 'component_id', 'uuid not null'),
        ('archon_component_metadata', 'key', 'character varying(255) not null'),
        ('archon_component_metadata', 'value', 'jsonb not null default ''{}''::jsonb'),
        ('archon_component_metadata', 'created_at', 'timestamp with time zone default now()'),
        ('archon_component_metadata', 'updated_at', 'timestamp with time zone default now()'),
        ('archon_tasks', 'component_id', 'uuid')
      ) as expected (table_name, name, definition)
      where expected.table_name = subject
        and not exists (
          select from pg_catalog.pg_attribute as attribute
          left join pg_catalog.pg_attrdef as fallback
            on fallback.adrelid = attribute.attrelid and fallback.adnum = attribute.attnum
          where attribute.attrelid = to_regclass('public.' || subject)
            and attribute.attname = expected.name
            and not attribute.attisdropped
            and expected.definition = concat(
              format_type(attribute.atttypid, attribute.atttypmod),
              case when attribute.attnotnull then ' not null' end,
              ' default ' || pg_get_expr(fallback.adbin, fallback.adrelid)
            )
        );

      select coalesce(missing, '{}') || array_agg('constraint ' || expected.name)
      into missing
      from (values
        ('archon_tasks', 'archon_tasks_component_fk'),
        ('archon_template_definitions', 'archon_template_definitions_level_in_range'),
        ('archon_template_definitions', 'archon_template_definitions_name_format'),
        ('archon_template_definitions', 'archon_template_definitions_parent_is_another'),
        ('archon_template_definitions', 'archon_template_definitions_parent_fk'),
        ('archon_template_definitions', 'archon_template_definitions_pkey'),
        ('archon_template_definitions', 'archon_template_definitions_name_unique'),
        ('archon_components', 'archon_components_name_format'),
        ('archon_components', 'archon_components_order_not_negative'),
        ('archon_components', 'archon_components_parent_is_another'),
        ('archon_components', 'archon_components_parent_fk'),
        ('archon_components', 'archon_components_project_fk'),
        ('archon_components', 'archon_components_template_fk'),
        ('archon_components', 'archon_components_pkey'),
        ('archon_components', 'archon_components_name_unique'),
        ('archon_component_dependencies', 'archon_component_dependencies_on_another'),
        ('archon_component_dependencies', 'archon_component_dependencies_type_known'),
        ('archon_component_dependencies', 'archon_component_dependencies_component_fk'),
        ('archon_component_dependencies', 'archon_component_dependencies_depends_on_fk'),
        ('archon_component_dependencies', 'archon_component_dependencies_pkey'),
        ('archon_component_dependencies', 'archon_component_dependencies_once'),
        ('archon_component_metadata', 'archon_component_metadata_component_fk'),
        ('archon_component_metadata', 'archon_component_metadata_pkey'),
        ('archon_component_metadata', 'archon_component_metadata_once')
      ) as expected (table_name, name)
      where expected.table_name = subject
        and not exists (
          select from pg_catalog.pg_constraint as present
          where present.conrelid = to_regclass('public.' || subject)
            and present.conname = expected.name
            and present.convalidated
        );
    end if;

    if missing = '{}' then
      raise notice '✅ % table exists', subject;
    end if;
    foreach flaw in array missing loop
      raise notice '❌ % is missing', flaw;
    end loop;
    failures := failures || missing;
  end loop;

  raise notice '🏷️ Checking Enums...';
  for subject, labels in
    select expected.name, expected.labels
    from (values
      (1, 'component_type_enum', array['foundation', 'feature', 'integration']),
      (2, 'component_status_enum', array['not_started', 'in_progress', 'completed', 'blocked']),
      (3, 'template_type_enum', array['global', 'industry', 'team', 'project'])
    ) as expected (position, name, labels)
    order by expected.position
  loop
    if to_regtype('public.' || subject) is null then
      missing := array['type ' || subject];
    else
      select coalesce(array_agg(format('value %s of type %s', expected.label, subject)), '{}')
      into missing
      from unnest(labels) as expected (label)
      where not exists (
        select from pg_catalog.pg_enum as present
        where present.enumtypid = to_regtype('public.' || subject) and present.enumlabel = expected.label
      );
    end if;

    if missing = '{}' then
      raise notice '✅ % enum exists', subject;
    end if;
    foreach flaw in array missing loop
      raise notice '❌ % is missing', flaw;
    end loop;
    failures := failures || missing;
  end loop;

  -- An index whose concurrent build failed exists and answers nothing, so only a valid one counts.
  raise notice '📊 Checking Indexes...';
  select coalesce(array_agg('index ' || expected.name), '{}')
  into missing
  from unnest(indexes) as expected (name)
  where not exists (
    select from pg_catalog.pg_index as present
    where present.indexrelid = to_regclass('public.' || expected.name) and present.indisvalid and present.indisready
  );
  if missing = '{}' then
    raise notice '✅ Component indexes created (% found)', cardinality(indexes);
  end if;
  foreach flaw in array missing loop
    raise notice '❌ % is missing', flaw;
  end loop;
  failures := failures || missing;

  -- A policy has no effect on a table whose row level security is off.
  raise notice '🔒 Checking RLS Policies...';
  select coalesce(array_agg(expected.name), '{}')
  into missing
  from (
    select 'row level security on ' || guarded.name
    from unnest(tables) as guarded (name)
    where not exists (
      select from pg_catalog.pg_class as present
      where present.oid = to_regclass('public.' || guarded.name) and present.relrowsecurity
    )
    union all
    select format('policy %s on %s', wanted.name, guarded.name)
    from unnest(tables) as guarded (name)
    cross join lateral (values
      (guarded.name || '_authenticated_read', 'r'),
      (guarded.name || '_service_role_all', '*')
    ) as wanted (name, command)
    where not exists (
      select from pg_catalog.pg_policy as present
      where present.polrelid = to_regclass('public.' || guarded.name)
        and present.polname = wanted.name
        and present.polcmd = wanted.command::"char"
    )
  ) as expected (name);
  if missing = '{}' then
    raise notice '✅ RLS policies created (% found)', 2 * cardinality(tables);
  end if;
  foreach flaw in array missing loop
    raise notice '❌ % is missing', flaw;
  end loop;
  failures := failures || missing;

  -- A trigger that is disabled, or that calls something else, does not keep updated_at right.
  raise notice '⚡ Checking Triggers...';
  select coalesce(array_agg(format('trigger update_%s_updated_at on %s', watched.name, watched.name)), '{}')
  into missing
  from unnest(tables) as watched (name)
  where not exists (
    select from pg_catalog.pg_trigger as present
    where present.tgrelid = to_regclass('public.' || watched.name)
      and present.tgname = format('update_%s_updated_at', watched.name)
      and present.tgfoid = to_regprocedure('public.update_updated_at_column()')
      and present.tgenabled in ('O', 'A')
  );
  if not exists (
    select from pg_catalog.pg_trigger as present
    where present.tgrelid = to_regclass('public.archon_component_dependencies')
      and present.tgname = 'refuse_archon_component_dependencies_cycle'
      and present.tgfoid = to_regprocedure('public.refuse_archon_component_cycle()')
      and present.tgenabled in ('O', 'A')
  ) then
    missing := missing || 'trigger refuse_archon_component_dependencies_cycle on archon_component_dependencies'::text;
  end if;
  if missing = '{}' then
    raise notice '✅ Triggers created (% found)', cardinality(tables) + 1;
  end if;
  foreach flaw in array missing loop
    raise notice '❌ % is missing', flaw;
  end loop;
  failures := failures || missing;

  raise notice '🌳 Checking the View...';
  if to_regclass('public.archon_component_hierarchy') is null then
    raise notice '❌ view archon_component_hierarchy is missing';
    failures := failures || 'view archon_component_hierarchy'::text;
  else
    raise notice '✅ archon_component_hierarchy view exists';
  end if;

  raise notice '🔧 Checking Functions...';
  select coalesce(array_agg('function ' || expected.signature), '{}')
  into missing
  from unnest(functions) as expected (signature)
  where to_regprocedure('public.' || expected.signature) is null;
  if missing = '{}' then
    raise notice '✅ Functions created (% found)', cardinality(functions);
  end if;
  foreach flaw in array missing loop
    raise notice '❌ % is missing', flaw;
  end loop;
  failures := failures || missing;

  -- The inner block always ends with an error, its own or the database's, so every row of the probe is undone.
  raise notice '🧪 Testing Basic Operations...';
  begin
    insert into public.archon_projects (title) values ('Validation probe') returning id into strict project;
    insert into public.archon_components (project_id, name)
    values (project, 'validation-one') returning id into strict one;
    insert into public.archon_components (project_id, name, parent_component_id)
    values (project, 'validation-other', one) returning id into strict other;
    if not exists (
      select from public.archon_component_hierarchy as known where known.component_id = other and known.ancestor_id = one
    ) then
      raise notice '❌ archon_component_hierarchy does not show a parent';
      failures := failures || 'operation: archon_component_hierarchy does not show a parent'::text;
    end if;
    insert into public.archon_component_dependencies (component_id, depends_on_component_id) values (one, other);
    insert into public.archon_component_dependencies (component_id, depends_on_component_id) values (other, one);
    raise notice '❌ A circle of dependencies is accepted';
    failures := failures || 'operation: a circle of dependencies is accepted'::text;
    raise exception using errcode = 'PROBE';
  exception
    when sqlstate 'PROBE' then
      null; -- Only to undo the probe; what is wrong is counted already.
    when sqlstate '23000' then
      raise notice '✅ A circle of dependencies is refused';
    when syntax_error_or_access_rule_violation
      or integrity_constraint_violation
      or data_exception
      or plpgsql_error
    then
      raise notice '❌ Writing components fails: %', sqlerrm;
      failures := failures || ('operation: ' || sqlerrm);
  end;

  raise notice '%', rule;
  perform set_config('search_path', path_before, true);

  if failures <> '{}' then
    raise exception 'Component hierarchy validation failed, % missing or broken: %',
      cardinality(failures), array_to_string(failures, '; ')
      using hint = 'Applying 20250801001400_add_component_hierarchy again brings back tables, types, indexes, '
        'policies, triggers and functions; a changed column, enum value or constraint needs a hand.';
  end if;
  raise notice '🎉 Component Hierarchy Validation Complete!';
end
$validate$;
