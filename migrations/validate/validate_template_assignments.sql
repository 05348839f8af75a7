-- Proves that assignments can be resolved by level: every column, constraint, table, type, index, policy, trigger and
-- function, and that the nearest level wins and a change empties the cache, because a feature may be recorded and yet be
-- incomplete.
--
-- role: validation
-- requires: 20250801001500_enhance_template_assignments
-- forward: 20250801001500_enhance_template_assignments
-- transaction: single
-- locks: row exclusive on templates, assignments, their log and cache for rows that are gone when the file ends
--
-- Prints one line per check. Fails with a single error that counts and names everything that is missing.
-- Objects beyond those listed do not disturb it. Run it as the owner of the tables.

do $validate$
declare
  tables constant text[] := array[
    'archon_template_assignment_cache',
    'archon_template_assignment_audit'
  ];
  indexes constant text[] := array[
    'idx_archon_template_assignment_audit_assignment',
    'idx_archon_template_assignment_cache_expires',
    'idx_archon_template_assignment_cache_path',
    'idx_archon_template_assignment_cache_template',
    'idx_archon_template_assignments_entity',
    'idx_archon_template_assignments_template_name'
  ];
  functions constant text[] := array[
    'archon_condition_holds(jsonb, jsonb)',
    'archon_template_places(uuid, text, uuid, jsonb)',
    'resolve_template_inheritance(uuid, text, uuid, jsonb)',
    'cache_template_resolution(uuid, text, uuid, jsonb, interval)',
    'invalidate_template_assignment_cache(uuid)',
    'cleanup_expired_template_cache()',
    'announce_archon_template_change()',
    'complete_archon_template_assignment()',
    'audit_archon_template_assignment()',
    'invalidate_archon_template_cache()'
  ];
  rule constant text := '================================================';
  path_before constant text := current_setting('search_path');
  place constant uuid := gen_random_uuid();
  failures text[] := '{}';
  missing text[];
  flaw text;
  subject text;
  labels text[];
  wide uuid;
  near uuid;
  answer text;
  answers text[] := '{}';
begin
  -- The catalogue prints types and defaults relative to the path; this one makes it print them as listed below.
  perform set_config('search_path', 'public', true);

  raise notice '🚀 Starting Template Assignment Validation';
  raise notice '%', rule;

  raise notice '📋 Checking Tables...';
  foreach subject in array tables || 'archon_template_assignments'::text loop
    if to_regclass('public.' || subject) is null then
      missing := array['table ' || subject];
    else
      select array_agg(format('column %s.%s (%s)', subject, expected.name, expected.definition))
      into missing
      from (values
        ('archon_template_assignments', 'assignment_scope', 'assignment_scope_enum default ''all''::assignment_scope_enum'),
        ('archon_template_assignments', 'inheritance_enabled', 'boolean default true'),
        ('archon_template_assignments', 'hierarchy_level', 'hierarchy_level_enum default ''task''::hierarchy_level_enum'),
        ('archon_template_assignments', 'entity_id', 'uuid'),
        ('archon_template_assignments', 'entity_type', 'character varying(50)'),
        ('archon_template_assignments', 'template_name', 'character varying(255)'),
        ('archon_template_assignments', 'metadata', 'jsonb default ''{}''::jsonb'),
        ('archon_template_assignments', 'effective_from', 'timestamp with time zone default now()'),
        ('archon_template_assignments', 'effective_until', 'timestamp with time zone'),
        ('archon_template_assignments', 'created_by', 'text'),
        ('archon_template_assignments', 'updated_by', 'text'),
        ('archon_template_assignment_cache', 'id', 'uuid not null default gen_random_uuid()'),
        ('archon_template_assignment_cache', 'entity_id', 'uuid not null'),
        ('archon_template_assignment_cache', 'entity_type', 'character varying(50) not null'),
        ('archon_template_assignment_cache', 'hierarchy_level', 'hierarchy_level_enum not null'),
        ('archon_template_assignment_cache', 'context_hash', 'text not null'),
        ('archon_template_assignment_cache', 'template_id', 'uuid not null'),
        ('archon_template_assignment_cache', 'resolution_path', 'jsonb not null'),
        ('archon_template_assignment_cache', 'expires_at', 'timestamp with time zone not null'),
        ('archon_template_assignment_cache', 'hit_count', 'integer not null default 0'),
        ('archon_template_assignment_cache', 'created_at', 'timestamp with time zone default now()'),
        ('archon_template_assignment_cache', 'updated_at', 'timestamp with time zone default now()'),
        ('archon_template_assignment_audit', 'id', 'bigint not null'),
        ('archon_template_assignment_audit', 'assignment_id', 'uuid'),
        ('archon_template_assignment_audit', 'operation', 'character varying(10) not null'),
        ('archon_template_assignment_audit', 'old_content', 'jsonb'),
        ('archon_template_assignment_audit', 'new_content', 'jsonb'),
        ('archon_template_assignment_audit', 'changed_by', 'text not null'),
        ('archon_template_assignment_audit', 'created_at', 'timestamp with time zone default now()')
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
        ('archon_template_assignments', 'archon_template_assignments_level_has_entity'),
        ('archon_template_assignments', 'archon_template_assignments_scope_complete'),
        ('archon_template_assignments', 'archon_template_assignments_template_name_fk'),
        ('archon_template_assignments', 'archon_template_assignments_window'),
        ('archon_template_assignment_cache', 'archon_template_assignment_cache_hits_not_negative'),
        ('archon_template_assignment_cache', 'archon_template_assignment_cache_once'),
        ('archon_template_assignment_cache', 'archon_template_assignment_cache_pkey'),
        ('archon_template_assignment_cache', 'archon_template_assignment_cache_template_fk'),
        ('archon_template_assignment_audit', 'archon_template_assignment_audit_operation_known'),
        ('archon_template_assignment_audit', 'archon_template_assignment_audit_pkey')
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
      (1, 'assignment_scope_enum', array['all', 'specific_types', 'conditional']),
      (2, 'hierarchy_level_enum', array['global', 'project', 'milestone', 'phase', 'task'])
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
    raise notice '✅ Assignment indexes created (% found)', cardinality(indexes);
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
    select format('policy %s on %s', wanted.name, wanted.table_name)
    from (values
      ('archon_template_assignment_cache', 'archon_template_assignment_cache_service_role_all', '*'),
      ('archon_template_assignment_audit', 'archon_template_assignment_audit_service_role_read', 'r')
    ) as wanted (table_name, name, command)
    where not exists (
      select from pg_catalog.pg_policy as present
      where present.polrelid = to_regclass('public.' || wanted.table_name)
        and present.polname = wanted.name
        and present.polcmd = wanted.command::"char"
    )
  ) as expected (name);
  if missing = '{}' then
    raise notice '✅ RLS policies created (% found)', cardinality(tables);
  end if;
  foreach flaw in array missing loop
    raise notice '❌ % is missing', flaw;
  end loop;
  failures := failures || missing;

  -- A trigger that is disabled, or that calls something else, does nothing of what it is for.
  raise notice '⚡ Checking Triggers...';
  select coalesce(array_agg(format('trigger %s on %s', expected.name, expected.table_name)), '{}')
  into missing
  from (values
    ('archon_template_assignments', 'announce_archon_template_assignments', 'announce_archon_template_change'),
    ('archon_template_injection_templates', 'announce_archon_template_injection_templates',
      'announce_archon_template_change'),
    ('archon_template_assignments', 'complete_archon_template_assignments', 'complete_archon_template_assignment'),
    ('archon_template_assignments', 'audit_archon_template_assignments', 'audit_archon_template_assignment'),
    ('archon_template_assignments', 'audit_archon_template_assignments_truncate', 'audit_archon_template_assignment'),
    ('archon_template_assignments', 'invalidate_archon_template_assignments_cache',
      'invalidate_archon_template_cache'),
    ('archon_template_assignments', 'invalidate_archon_template_assignments_cache_truncate',
      'invalidate_archon_template_cache'),
    ('archon_template_injection_templates', 'invalidate_archon_template_injection_templates_cache',
      'invalidate_archon_template_cache'),
    ('archon_template_assignment_cache', 'update_archon_template_assignment_cache_updated_at',
      'update_updated_at_column')
  ) as expected (table_name, name, function_name)
  where not exists (
    select from pg_catalog.pg_trigger as present
    where present.tgrelid = to_regclass('public.' || expected.table_name)
      and present.tgname = expected.name
      and present.tgfoid = to_regprocedure('public.' || expected.function_name || '()')
      and present.tgenabled in ('O', 'A')
  );
  if missing = '{}' then
    raise notice '✅ Triggers created (9 found)';
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

  -- The inner block always ends with an error, its own or the database's, so every row of the probe is undone.
  raise notice '🧪 Testing Basic Operations...';
  begin
    insert into public.archon_template_injection_templates (name, template_content)
    values ('workflow::validation_wide', '{{USER_TASK}}') returning id into strict wide;
    insert into public.archon_template_injection_templates (name, template_content)
    values ('workflow::validation_near', '{{USER_TASK}}') returning id into strict near;
    insert into public.archon_template_assignments (hierarchy_level, template_id, priority)
    values ('global', wide, 2147483647);
    select resolved.template_name into answer from public.cache_template_resolution(place, 'task') as resolved;
    answers := answers || answer;
    insert into public.archon_template_assignments (hierarchy_type, hierarchy_id, template_id)
    values ('task', place, near);
    select resolved.template_name into answer from public.cache_template_resolution(place, 'task') as resolved;
    answers := answers || answer;
    raise exception using errcode = 'PROBE';
  exception
    when sqlstate 'PROBE' then
      if answers = array['workflow::validation_wide', 'workflow::validation_near'] then
        raise notice '✅ The nearest assignment wins, and a change empties the cache';
      else
        raise notice '❌ Assignments resolve to %', answers;
        failures := failures || format('operation: assignments resolve to %s', answers);
      end if;
    when syntax_error_or_access_rule_violation
      or integrity_constraint_violation
      or data_exception
      or plpgsql_error
    then
      raise notice '❌ Resolving assignments fails: %', sqlerrm;
      failures := failures || ('operation: ' || sqlerrm);
  end;

  raise notice '%', rule;
  perform set_config('search_path', path_before, true);

  if failures <> '{}' then
    raise exception 'Template assignment validation failed, % missing or broken: %',
      cardinality(failures), array_to_string(failures, '; ')
      using hint = 'Applying 20250801001500_enhance_template_assignments again brings back tables, types, constraints, '
        'indexes, policies, triggers and functions; what was in a lost column, and a changed one, needs a hand.';
  end if;
  raise notice '🎉 Template Assignment Validation Complete!';
end
$validate$;
