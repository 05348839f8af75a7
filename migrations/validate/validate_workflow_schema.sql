-- Proves that the workflow system is in effect: every table with its columns and constraints, every type, index, policy
-- and trigger, and that a template can be written and deleted, because a feature may be recorded and yet be incomplete.
--
-- role: validation
-- requires: 20250801000300_add_workflow_system
-- forward: 20250801000300_add_workflow_system
-- transaction: single
-- locks: row exclusive on archon_workflow_templates for one row that is gone when the file ends
--
-- Prints one line per check. Fails with a single error that counts and names everything that is missing.
-- Objects beyond those listed do not disturb it. Run it as the owner of the tables.

do $validate$
declare
  tables constant text[] := array[
    'archon_workflow_templates',
    'archon_workflow_executions',
    'archon_workflow_step_executions',
    'archon_workflow_template_versions'
  ];
  indexes constant text[] := array[
    'idx_archon_workflow_templates_name_version',
    'idx_archon_workflow_templates_status_category',
    'idx_archon_workflow_templates_created_by',
    'idx_archon_workflow_templates_tags',
    'idx_archon_workflow_executions_template_status',
    'idx_archon_workflow_executions_status_created_at',
    'idx_archon_workflow_executions_triggered_by',
    'idx_archon_workflow_executions_trigger_context',
    'idx_archon_workflow_step_executions_execution_step',
    'idx_archon_workflow_step_executions_status_type',
    'idx_archon_workflow_step_executions_tool_status',
    'idx_archon_workflow_step_executions_sub_workflow',
    'idx_archon_workflow_template_versions_created_at'
  ];
  policy_count constant integer := 8;
  trigger_count constant integer := 3;
  rule constant text := '================================================';
  path_before constant text := current_setting('search_path');
  failures text[] := '{}';
  missing text[];
  flaw text;
  subject text;
  labels text[];
  probe_id uuid;
begin
  -- The catalogue prints types and defaults relative to the path; this one makes it print them as listed below.
  perform set_config('search_path', 'public', true);

  raise notice '🚀 Starting Workflow Schema Validation';
  raise notice '%', rule;

  raise notice '📋 Checking Tables...';
  foreach subject in array tables loop
    if to_regclass('public.' || subject) is null then
      missing := array['table ' || subject];
    else
      select array_agg(format('column %s.%s (%s)', subject, expected.name, expected.definition))
      into missing
      from (values
        ('archon_workflow_templates', 'id', 'uuid not null default gen_random_uuid()'),
        ('archon_workflow_templates', 'name', 'character varying(255) not null'),
        ('archon_workflow_templates', 'title', 'text not null'),
        ('archon_workflow_templates', 'description', 'text'),
        ('archon_workflow_templates', 'version', 'character varying(50) default ''1.0.0''::character varying'),
        ('archon_workflow_templates', 'status', 'workflow_status default ''draft''::workflow_status'),
        ('archon_workflow_templates', 'category', 'character varying(100)'),
        ('archon_workflow_templates', 'tags', 'jsonb default ''[]''::jsonb'),
        ('archon_workflow_templates', 'parameters', 'jsonb default ''{}''::jsonb'),
        ('archon_workflow_templates', 'outputs', 'jsonb default ''{}''::jsonb'),
        ('archon_workflow_templates', 'steps', 'jsonb not null default ''[]''::jsonb'),
        ('archon_workflow_templates', 'timeout_minutes', 'integer default 60'),
        ('archon_workflow_templates', 'max_retries', 'integer default 3'),
        ('archon_workflow_templates', 'retry_delay_seconds', 'integer default 30'),
        ('archon_workflow_templates', 'created_by', 'text not null default ''system''::text'),
        ('archon_workflow_templates', 'is_public', 'boolean default false'),
        ('archon_workflow_templates', 'allowed_assignees', 'jsonb default ''[]''::jsonb'),
        ('archon_workflow_templates', 'created_at', 'timestamp with time zone default now()'),
        ('archon_workflow_templates', 'updated_at', 'timestamp with time zone default now()'),
        ('archon_workflow_executions', 'id', 'uuid not null default gen_random_uuid()'),
        ('archon_workflow_executions', 'workflow_template_id', 'uuid not null'),
        ('archon_workflow_executions', 'triggered_by', 'text not null'),
        ('archon_workflow_executions', 'trigger_context', 'jsonb default ''{}''::jsonb'),
        ('archon_workflow_executions', 'input_parameters', 'jsonb default ''{}''::jsonb'),
        ('archon_workflow_executions', 'execution_context', 'jsonb default ''{}''::jsonb'),
        ('archon_workflow_executions', 'status', 'workflow_execution_status default ''pending''::workflow_execution_status'),
        ('archon_workflow_executions', 'current_step_index', 'integer default 0'),
        ('archon_workflow_executions', 'total_steps', 'integer default 0'),
        ('archon_workflow_executions', 'progress_percentage', 'numeric(5,2) default 0'),
        ('archon_workflow_executions', 'started_at', 'timestamp with time zone'),
        ('archon_workflow_executions', 'completed_at', 'timestamp with time zone'),
        ('archon_workflow_executions', 'paused_at', 'timestamp with time zone'),
        ('archon_workflow_executions', 'output_data', 'jsonb'),
        ('archon_workflow_executions', 'error_message', 'text'),
        ('archon_workflow_executions', 'error_details', 'jsonb'),
        ('archon_workflow_executions', 'execution_log', 'jsonb default ''[]''::jsonb'),
        ('archon_workflow_executions', 'created_at', 'timestamp with time zone default now()'),
        ('archon_workflow_executions', 'updated_at', 'timestamp with time zone default now()'),
        ('archon_workflow_step_executions', 'id', 'uuid not null default gen_random_uuid()'),
        ('archon_workflow_step_executions', 'workflow_execution_id', 'uuid not null'),
        ('archon_workflow_step_executions', 'step_index', 'integer not null'),
        ('archon_workflow_step_executions', 'step_name', 'character varying(255) not null'),
        ('archon_workflow_step_executions', 'step_type', 'workflow_step_type not null'),
        ('archon_workflow_step_executions', 'step_config', 'jsonb default ''{}''::jsonb'),
        ('archon_workflow_step_executions', 'status', 'step_execution_status default ''pending''::step_execution_status'),
        ('archon_workflow_step_executions', 'attempt_number', 'integer default 1'),
        ('archon_workflow_step_executions', 'max_attempts', 'integer default 1'),
        ('archon_workflow_step_executions', 'started_at', 'timestamp with time zone'),
        ('archon_workflow_step_executions', 'completed_at', 'timestamp with time zone'),
        ('archon_workflow_step_executions', 'input_data', 'jsonb'),
        ('archon_workflow_step_executions', 'output_data', 'jsonb'),
        ('archon_workflow_step_executions', 'error_message', 'text'),
        ('archon_workflow_step_executions', 'error_details', 'jsonb'),
        ('archon_workflow_step_executions', 'tool_name', 'character varying(255)'),
        ('archon_workflow_step_executions', 'tool_parameters', 'jsonb'),
        ('archon_workflow_step_executions', 'tool_result', 'jsonb'),
        ('archon_workflow_step_executions', 'sub_workflow_execution_id', 'uuid'),
        ('archon_workflow_step_executions', 'created_at', 'timestamp with time zone default now()'),
        ('archon_workflow_step_executions', 'updated_at', 'timestamp with time zone default now()'),
        ('archon_workflow_template_versions', 'id', 'uuid not null default gen_random_uuid()'),
        ('archon_workflow_template_versions', 'workflow_template_id', 'uuid not null'),
        ('archon_workflow_template_versions', 'version_number', 'integer not null'),
        ('archon_workflow_template_versions', 'version_tag', 'character varying(50)'),
        ('archon_workflow_template_versions', 'template_snapshot', 'jsonb not null'),
        ('archon_workflow_template_versions', 'change_summary', 'text'),
        ('archon_workflow_template_versions', 'change_type', 'text default ''update''::text'),
        ('archon_workflow_template_versions', 'breaking_changes', 'boolean default false'),
        ('archon_workflow_template_versions', 'created_by', 'text default ''system''::text'),
        ('archon_workflow_template_versions', 'created_at', 'timestamp with time zone default now()')
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
        ('archon_workflow_templates', 'archon_workflow_templates_name_format'),
        ('archon_workflow_templates', 'archon_workflow_templates_version_semver'),
        ('archon_workflow_templates', 'archon_workflow_templates_timeout_positive'),
        ('archon_workflow_templates', 'archon_workflow_templates_max_retries_not_negative'),
        ('archon_workflow_templates', 'archon_workflow_templates_pkey'),
        ('archon_workflow_executions', 'archon_workflow_executions_step_in_range'),
        ('archon_workflow_executions', 'archon_workflow_executions_progress_in_range'),
        ('archon_workflow_executions', 'archon_workflow_executions_pkey'),
        ('archon_workflow_executions', 'archon_workflow_executions_template_fk'),
        ('archon_workflow_step_executions', 'archon_workflow_step_executions_step_index_not_negative'),
        ('archon_workflow_step_executions', 'archon_workflow_step_executions_attempt_in_range'),
        ('archon_workflow_step_executions', 'archon_workflow_step_executions_pkey'),
        ('archon_workflow_step_executions', 'archon_workflow_step_executions_execution_fk'),
        ('archon_workflow_step_executions', 'archon_workflow_step_executions_sub_workflow_fk'),
        ('archon_workflow_template_versions', 'archon_workflow_template_versions_number_positive'),
        ('archon_workflow_template_versions', 'archon_workflow_template_versions_pkey'),
        ('archon_workflow_template_versions', 'archon_workflow_template_versions_number_unique'),
        ('archon_workflow_template_versions', 'archon_workflow_template_versions_tag_unique'),
        ('archon_workflow_template_versions', 'archon_workflow_template_versions_template_fk')
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
      (1, 'workflow_status', array['draft', 'active', 'deprecated', 'archived']),
      (2, 'workflow_step_type', array['action', 'condition', 'workflow_link', 'parallel', 'loop']),
      (3, 'workflow_execution_status', array['pending', 'running', 'paused', 'completed', 'failed', 'cancelled']),
      (4, 'step_execution_status', array['pending', 'running', 'completed', 'failed', 'skipped', 'retrying'])
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
    raise notice '✅ Workflow indexes created (% found)', cardinality(indexes);
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
    raise notice '✅ RLS policies created (% found)', policy_count;
  end if;
  foreach flaw in array missing loop
    raise notice '❌ % is missing', flaw;
  end loop;
  failures := failures || missing;

  -- A trigger that is disabled, or that calls something else, does not keep updated_at right.
  raise notice '⚡ Checking Triggers...';
  select coalesce(array_agg(format('trigger update_%s_updated_at on %s', watched.name, watched.name)), '{}')
  into missing
  from unnest(tables[1:3]) as watched (name)
  where not exists (
    select from pg_catalog.pg_trigger as present
    where present.tgrelid = to_regclass('public.' || watched.name)
      and present.tgname = format('update_%s_updated_at', watched.name)
      and present.tgfoid = to_regprocedure('public.update_updated_at_column()')
      and present.tgenabled in ('O', 'A')
  );
  if missing = '{}' then
    raise notice '✅ Triggers created (% found)', trigger_count;
  end if;
  foreach flaw in array missing loop
    raise notice '❌ % is missing', flaw;
  end loop;
  failures := failures || missing;

  -- The inner block undoes its own row if the database refuses either step. The handler names the classes of refusal
  -- that say something about the schema; it records them and they fail the file below.
  raise notice '🧪 Testing Basic Operations...';
  begin
    insert into public.archon_workflow_templates (name, title)
    values ('validation-' || gen_random_uuid(), 'Validation probe')
    returning id into strict probe_id;
    raise notice '✅ Workflow template insertion works';

    delete from public.archon_workflow_templates where id = probe_id returning id into strict probe_id;
    raise notice '✅ Workflow template deletion works';
  exception
    when syntax_error_or_access_rule_violation
      or integrity_constraint_violation
      or data_exception
      or plpgsql_error
    then
      raise notice '❌ Writing and deleting a workflow template fails: %', sqlerrm;
      failures := failures || ('operation on archon_workflow_templates: ' || sqlerrm);
  end;

  raise notice '%', rule;
  perform set_config('search_path', path_before, true);

  if failures <> '{}' then
    raise exception 'Workflow schema validation failed, % missing or broken: %',
      cardinality(failures), array_to_string(failures, '; ')
      using hint = 'Applying 20250801000300_add_workflow_system again brings back tables, types, indexes, policies and '
        'triggers; a changed column, enum value or constraint needs a hand.';
  end if;
  raise notice '🎉 Workflow Schema Validation Complete!';
end
$validate$;
