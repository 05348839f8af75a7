-- Fills the tables of the set with rows that resemble an installation in use, a few thousand in all. Run again after
-- each forward file: it fills what is there and still empty, and touches no row that a file has brought.
-- The same rows every time, apart from identifiers and times of the database's own making.

select setseed(0.25);

do $$
begin
  if to_regclass('public.archon_projects') is null then
    return;
  end if;
  if exists (select from public.archon_projects) then
    return;
  end if;

  insert into public.archon_projects (title, description, docs, github_repo, pinned, created_at)
  select format('Project %s', n), 'Made for a test', jsonb_build_array(jsonb_build_object('title', 'Plan', 'n', n)),
    case when n % 3 = 0 then format('https://example.com/%s.git', n) end, n % 5 = 0, timestamptz '2025-01-01' + n * interval '1 hour'
  from generate_series(1, 25) as n;

  -- Each project has 20 tasks, each third of them two subtasks, and one of those a subtask of its own.
  insert into public.archon_tasks (project_id, title, description, status, assignee, task_order, feature, created_at)
  select project.id, format('%s: task %s', project.title, n), 'What is to be done',
    (enum_range(null::public.task_status))[1 + n % 4], (array['User', 'Archon', 'AI IDE Agent'])[1 + n % 3], n,
    case when n % 2 = 0 then 'search' end, project.created_at + n * interval '1 minute'
  from public.archon_projects as project, generate_series(1, 20) as n;
  insert into public.archon_tasks (project_id, parent_task_id, title, status, task_order)
  select task.project_id, task.id, format('%s, part %s', task.title, n), 'todo', n
  from public.archon_tasks as task, generate_series(1, 2) as n
  where task.task_order % 3 = 0;
  insert into public.archon_tasks (project_id, parent_task_id, title, status, task_order)
  select task.project_id, task.id, task.title || ', detail', 'todo', 1
  from public.archon_tasks as task
  where task.parent_task_id is not null and task.task_order = 1;
  update public.archon_tasks set archived = true, archived_at = now(), archived_by = 'data' where task_order = 20;

  insert into public.archon_sources (source_id, summary, total_word_count, title, metadata)
  select format('source-%s.example', n), 'A crawled site', n * 100, format('Source %s', n),
    jsonb_build_object('kind', (array['docs', 'blog', 'api'])[1 + n % 3])
  from generate_series(1, 12) as n;

  -- A vector of its own for each row: the correlation keeps the sub-select from being evaluated once.
  insert into public.archon_crawled_pages (url, chunk_number, content, metadata, source_id, embedding)
  select format('https://source-%s.example/page-%s', 1 + n % 12, n / 3), n % 3, format('Chunk %s', n),
    jsonb_build_object('lang', (array['en', 'de'])[1 + n % 2], 'n', n), format('source-%s.example', 1 + n % 12),
    case when n % 50 <> 0 then
      array(select random() - 0.5 + 0 * n from generate_series(1, 1536))::extensions.vector
    end
  from generate_series(1, 600) as n;
  insert into public.archon_code_examples (url, chunk_number, content, summary, metadata, source_id, embedding)
  select format('https://source-%s.example/code-%s', 1 + n % 12, n), 0, format('fn example_%s() {}', n), 'A function',
    jsonb_build_object('language', (array['rust', 'sql', 'python'])[1 + n % 3]), format('source-%s.example', 1 + n % 12),
    array(select random() - 0.5 + 0 * n from generate_series(1, 1536))::extensions.vector
  from generate_series(1, 150) as n;

  insert into public.archon_project_sources (project_id, source_id)
  select project.id, source.source_id
  from public.archon_projects as project, public.archon_sources as source
  where (length(project.title) + source.total_word_count / 100) % 2 = 0;
  insert into public.archon_document_versions (project_id, field_name, version_number, content)
  select project.id, field, n, jsonb_build_object('version', n)
  from public.archon_projects as project, unnest(array['docs', 'features']) as field, generate_series(1, 4) as n;
  insert into public.archon_document_versions (task_id, field_name, version_number, content)
  select task.id, 'sources', 1, '[]'
  from public.archon_tasks as task
  where task.task_order = 7;
end
$$;

do $$
begin
  if to_regclass('public.archon_workflow_executions') is null then
    return;
  end if;
  if exists (select from public.archon_workflow_executions) then
    return;
  end if;

  insert into public.archon_workflow_templates (name, title, status, category, tags, steps)
  select format('made-%s', n), format('Workflow %s', n), (enum_range(null::public.workflow_status))[1 + n % 4],
    'data', jsonb_build_array('made', n), '[{"name": "one", "type": "action"}, {"name": "two", "type": "action"}]'
  from generate_series(1, 10) as n;
  insert into public.archon_workflow_template_versions (workflow_template_id, version_number, version_tag, template_snapshot)
  select template.id, n, format('1.%s.0', n), to_jsonb(template)
  from public.archon_workflow_templates as template, generate_series(1, 3) as n
  where template.category = 'data';
  insert into public.archon_workflow_executions
    (workflow_template_id, triggered_by, trigger_context, status, current_step_index, total_steps, progress_percentage)
  select template.id, (array['Ada', 'Grace'])[1 + n % 2], jsonb_build_object('n', n),
    (enum_range(null::public.workflow_execution_status))[1 + n % 6], n % 3, 2, n % 101
  from public.archon_workflow_templates as template, generate_series(1, 30) as n
  where template.category = 'data';
  insert into public.archon_workflow_step_executions (workflow_execution_id, step_index, step_name, step_type, status)
  select execution.id, n, format('step %s', n), 'action', (enum_range(null::public.step_execution_status))[1 + n % 6]
  from public.archon_workflow_executions as execution, generate_series(0, 1) as n;
  -- One workflow in ten has started another one.
  update public.archon_workflow_step_executions as step
  set step_type = 'workflow_link', sub_workflow_execution_id = (
    select other.id from public.archon_workflow_executions as other
    where other.id <> step.workflow_execution_id and other.trigger_context = '{"n": 1}' order by other.id limit 1
  )
  from public.archon_workflow_executions as execution
  where execution.id = step.workflow_execution_id and step.step_index = 1 and execution.trigger_context = '{"n": 10}';
end
$$;

do $$
begin
  if to_regclass('public.archon_template_components') is null then
    return;
  end if;
  if exists (select from public.archon_template_components where category = 'data') then
    return;
  end if;

  insert into public.archon_template_components (name, instruction_text, category)
  select format('action::made_%s', n), format('Do what number %s says', n), 'data'
  from generate_series(1, 40) as n;
  insert into public.archon_template_components (name, component_type, instruction_text, category)
  select format('group::made_%s', n), 'group', format('{{action::made_%s}} and then {{action::made_%s}}', n, n + 1), 'data'
  from generate_series(1, 20) as n;
  insert into public.archon_template_injection_templates (name, template_content, author)
  select format('workflow::made_%s', n), format('{{group::made_%s}} {{USER_TASK}}', n), 'data'
  from generate_series(1, 15) as n;
  insert into public.archon_template_assignments (hierarchy_type, hierarchy_id, template_id, priority)
  select 'task', task.id, template.id, task.task_order
  from public.archon_tasks as task
  join public.archon_template_injection_templates as template
    on template.name = format('workflow::made_%s', 1 + task.task_order % 15)
  where task.parent_task_id is null and task.task_order % 4 = 0;

  -- The column is the feature's own, so that updated_at stays what it was before the feature.
  alter table public.archon_tasks disable trigger update_archon_tasks_updated_at;
  update public.archon_tasks set template_metadata = '{"template": "workflow::made_1"}' where task_order = 2;
  alter table public.archon_tasks enable trigger update_archon_tasks_updated_at;
end
$$;

do $$
begin
  if to_regclass('public.archon_component_metadata') is null then
    return;
  end if;
  if exists (select from public.archon_component_metadata) then
    return;
  end if;

  insert into public.archon_template_definitions (name, title, template_type, template_data)
  select format('definition-%s', n), format('Definition %s', n), 'project', jsonb_build_object('n', n)
  from generate_series(1, 5) as n;
  insert into public.archon_template_definitions (name, title, parent_template_id, inheritance_level, template_data)
  select format('%s-refined', definition.name), 'Refined', definition.id, 1, '{}'
  from public.archon_template_definitions as definition
  where definition.inheritance_level = 0;
  -- Ten components for each project, below main and below one another.
  insert into public.archon_components (project_id, name, parent_component_id, order_index, template_id)
  select main.project_id, format('part-%s', n), main.id, n, definition.id
  from public.archon_components as main, generate_series(1, 10) as n
  left join public.archon_template_definitions as definition on definition.name = format('definition-%s', n)
  where main.name = 'main';
  update public.archon_components as component
  set parent_component_id = upper_one.id
  from public.archon_components as upper_one
  where upper_one.project_id = component.project_id
    and component.order_index > 5
    and upper_one.name = format('part-%s', component.order_index - 5);
  insert into public.archon_component_dependencies (component_id, depends_on_component_id, dependency_type)
  select later.id, earlier.id, (array['hard', 'soft', 'optional'])[1 + later.order_index % 3]
  from public.archon_components as later
  join public.archon_components as earlier
    on earlier.project_id = later.project_id
    and earlier.order_index in (later.order_index - 1, later.order_index - 3)
    and earlier.order_index > 0;
  insert into public.archon_component_metadata (component_id, key, value)
  select component.id, key, to_jsonb(component.order_index)
  from public.archon_components as component, unnest(array['owner', 'cost']) as key;

  alter table public.archon_tasks disable trigger update_archon_tasks_updated_at;
  update public.archon_tasks as task
  set component_id = component.id
  from public.archon_components as component
  where component.project_id = task.project_id and component.name = format('part-%s', task.task_order);
  alter table public.archon_tasks enable trigger update_archon_tasks_updated_at;
end
$$;

do $$
begin
  if to_regclass('public.archon_template_assignment_cache') is null then
    return;
  end if;
  if exists (select from public.archon_template_assignment_cache) then
    return;
  end if;

  insert into public.archon_template_assignments
    (hierarchy_level, entity_id, template_name, priority, assignment_scope, conditional_logic, effective_until)
  select made.level::public.hierarchy_level_enum, made.entity_id, made.template_name, made.priority,
    made.scope::public.assignment_scope_enum, made.condition::jsonb, made.effective_until
  from (
    select 'project', project.id, format('workflow::made_%s', 1 + length(project.title) % 15), 5, 'conditional',
      '{"key": "urgent", "operator": "equals", "value": true}', null::timestamptz
    from public.archon_projects as project
    union all
    select 'project', project.id, 'workflow::made_12', 9, 'all', '{}', now() + interval '1 day'
    from public.archon_projects as project
    where project.pinned
    union all
    select 'global', null, 'workflow::made_15', 0, 'all', '{}', null
  ) as made (level, entity_id, template_name, priority, scope, condition, effective_until);
  perform resolved.template_name
  from public.archon_tasks as task
  cross join lateral public.cache_template_resolution(task.id, 'task') as resolved
  where task.parent_task_id is null;
end
$$;
