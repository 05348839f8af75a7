-- Proves that template injection is in effect: every table with its columns and constraints, every type, index, policy,
-- trigger and function, and that a template expands, because a feature may be recorded and yet be incomplete.
--
-- role: validation
-- requires: 20250801001100_add_template_injection_schema
-- forward: 20250801001100_add_template_injection_schema
-- transaction: single
-- locks: row exclusive on the template tables for two rows that are gone when the file ends
--
-- Prints one line per check. Fails with a single error that counts and names everything that is missing.
-- Objects beyond those listed do not disturb it. Run it as the owner of the tables.

do $validate$
declare
  tables constant text[] := array[
    'archon_template_injection_templates',
    'archon_template_components',
    'archon_template_assignments'
  ];
  indexes constant text[] := array[
    'idx_archon_template_injection_templates_level',
    'idx_archon_template_components_type',
    'idx_archon_template_components_tags',
    'idx_archon_template_assignments_hierarchy',
    'idx_archon_template_assignments_template'
  ];
  functions constant text[] := array[
    'expand_archon_template_components(text, text[])',
    'expand_archon_template(text, text)'
  ];
  rule constant text := '================================================';
  path_before constant text := current_setting('search_path');
  failures text[] := '{}';
  missing text[];
  flaw text;
  subject text;
  labels text[];
  expanded text;
begin
  -- The catalogue prints types and defaults relative to the path; this one makes it print them as listed below.
  perform set_config('search_path', 'public', true);

  raise notice '🚀 Starting Template Injection Schema Validation';
  raise notice '%', rule;

  raise notice '📋 Checking Tables...';
  foreach subject in array tables || 'archon_tasks'::text loop
    if to_regclass('public.' || subject) is null then
      missing := array['table ' || subject];
    else
      select array_agg(format('column %s.%s (%s)', subject, expected.name, expected.definition))
      into missing
      from (values
        ('archon_template_injection_templates', 'id', 'uuid not null default gen_random_uuid()'),
        ('archon_template_injection_templates', 'name', 'character varying(255) not null'),
        ('archon_template_injection_templates', 'description', 'text'),
        ('archon_template_injection_templates', 'template_type', 'template_injection_type default ''workflow''::template_injection_type'),
        ('archon_template_injection_templates', 'injection_level', 'template_injection_level default ''task''::template_injection_level'),
        ('archon_template_injection_templates', 'template_content', 'text not null'),
        ('archon_template_injection_templates', 'user_task_position', 'integer default 6'),
        ('archon_template_injection_templates', 'estimated_duration', 'integer default 30'),
        ('archon_template_injection_templates', 'required_tools', 'jsonb default ''[]''::jsonb'),
        ('archon_template_injection_templates', 'applicable_phases', 'jsonb default ''[]''::jsonb'),
        ('archon_template_injection_templates', 'is_active', 'boolean default true'),
        ('archon_template_injection_templates', 'version', 'character varying(50) default ''1.0.0''::character varying'),
        ('archon_template_injection_templates', 'author', 'text default ''system''::text'),
        ('archon_template_injection_templates', 'created_at', 'timestamp with time zone default now()'),
        ('archon_template_injection_templates', 'updated_at', 'timestamp with time zone default now()'),
        ('archon_template_components', 'id', 'uuid not null default gen_random_uuid()'),
        ('archon_template_components', 'name', 'character varying(255) not null'),
        ('archon_template_components', 'description', 'text'),
        ('archon_template_components', 'component_type', 'template_component_type default ''group''::template_component_type'),
        ('archon_template_components', 'instruction_text', 'text not null'),
        ('archon_template_components', 'required_tools', 'jsonb default ''[]''::jsonb'),
        ('archon_template_components', 'estimated_duration', 'integer default 5'),
        ('archon_template_components', 'input_requirements', 'jsonb default ''{}''::jsonb'),
        ('archon_template_components', 'output_expectations', 'jsonb default ''{}''::jsonb'),
        ('archon_template_components', 'validation_criteria', 'jsonb default ''[]''::jsonb'),
        ('archon_template_components', 'category', 'character varying(100)'),
        ('archon_template_components', 'priority', 'character varying(20) default ''medium''::character varying'),
        ('archon_template_components', 'tags', 'jsonb default ''[]''::jsonb'),
        ('archon_template_components', 'is_active', 'boolean default true'),
        ('archon_template_components', 'created_at', 'timestamp with time zone default now()'),
        ('archon_template_components', 'updated_at', 'timestamp with time zone default now()'),
        ('archon_template_assignments', 'id', 'uuid not null default gen_random_uuid()'),
        ('archon_template_assignments', 'hierarchy_type', 'template_hierarchy_type not null'),
        ('archon_template_assignments', 'hierarchy_id', 'uuid not null'),
        ('archon_template_assignments', 'template_id', 'uuid not null'),
        ('archon_template_assignments', 'assignment_context', 'jsonb default ''{}''::jsonb'),
        ('archon_template_assignments', 'priority', 'integer default 0'),
        ('archon_template_assignments', 'conditional_logic', 'jsonb default ''{}''::jsonb'),
        ('archon_template_assignments', 'is_active', 'boolean default true'),
        ('archon_template_assignments', 'assigned_at', 'timestamp with time zone default now()'),
        ('archon_template_assignments', 'assigned_by', 'text default ''system''::text'),
        ('archon_template_assignments', 'created_at', 'timestamp with time zone default now()'),
        ('archon_template_assignments', 'updated_at', 'timestamp with time zone default now()'),
        ('archon_tasks', 'template_metadata', 'jsonb default ''{}''::jsonb')
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
        ('archon_template_injection_templates', 'archon_template_injection_templates_has_user_task'),
        ('archon_template_injection_templates', 'archon_template_injection_templates_placeholders'),
        ('archon_template_injection_templates', 'archon_template_injection_templates_pkey'),
        ('archon_template_injection_templates', 'archon_template_injection_templates_name_unique'),
        ('archon_template_components', 'archon_template_components_name_format'),
        ('archon_template_components', 'archon_template_components_priority_known'),
        ('archon_template_components', 'archon_template_components_pkey'),
        ('archon_template_components', 'archon_template_components_name_unique'),
        ('archon_template_assignments', 'archon_template_assignments_template_fk'),
        ('archon_template_assignments', 'archon_template_assignments_pkey'),
        ('archon_template_assignments', 'archon_template_assignments_once')
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
      (1, 'template_injection_type', array['workflow', 'sequence', 'action']),
      (2, 'template_injection_level', array['project', 'milestone', 'phase', 'task', 'subtask']),
      (3, 'template_component_type', array['action', 'group', 'sequence', 'validation']),
      (4, 'template_hierarchy_type', array['project', 'milestone', 'phase', 'task', 'subtask'])
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
    raise notice '✅ Template indexes created (% found)', cardinality(indexes);
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
      (guarded.name || '_public_read', 'r'),
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
  if missing = '{}' then
    raise notice '✅ Triggers created (% found)', cardinality(tables);
  end if;
  foreach flaw in array missing loop
    raise notice '❌ % is missing', flaw;
  end loop;
  failures := failures || missing;

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

  -- The inner block always ends with an error, its own or the database's, so both rows are undone.
  raise notice '🧪 Testing Basic Operations...';
  begin
    insert into public.archon_template_components (name, component_type, instruction_text)
    values ('action::validation_probe', 'action', 'Probe.');
    insert into public.archon_template_injection_templates (name, template_content)
    values ('workflow::validation_probe', '{{action::validation_probe}} {{USER_TASK}}');
    expanded := public.expand_archon_template('workflow::validation_probe', 'Task.');
    if expanded is distinct from 'Probe. Task.' then
      failures := failures || format('operation: the probe expands to %L', expanded);
    end if;
    raise exception using errcode = 'PROBE';
  exception
    when sqlstate 'PROBE' then
      if expanded = 'Probe. Task.' then
        raise notice '✅ Template expansion works';
      else
        raise notice '❌ A template expands to %', expanded;
      end if;
    when syntax_error_or_access_rule_violation
      or integrity_constraint_violation
      or data_exception
      or plpgsql_error
    then
      raise notice '❌ Expanding a template fails: %', sqlerrm;
      failures := failures || ('operation: ' || sqlerrm);
  end;

  raise notice '%', rule;
  perform set_config('search_path', path_before, true);

  if failures <> '{}' then
    raise exception 'Template injection schema validation failed, % missing or broken: %',
      cardinality(failures), array_to_string(failures, '; ')
      using hint = 'Applying 20250801001100_add_template_injection_schema again brings back tables, types, indexes, '
        'policies, triggers and functions; a changed column, enum value or constraint needs a hand.';
  end if;
  raise notice '🎉 Template Injection Schema Validation Complete!';
end
$validate$;
