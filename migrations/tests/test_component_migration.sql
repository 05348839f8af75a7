-- Tests how components behave: they are created and deleted with what belongs to them, depend without circles, are found
-- upwards and downwards, and how long that takes among a thousand, because a schema that is complete may still be wrong.
--
-- role: test
-- requires: 20250801001400_add_component_hierarchy
-- transaction: single
-- locks: row exclusive on projects, tasks and components for rows that are gone when the file ends
--
-- Prints one line per test and the times. Fails with a single error that counts and names the tests that failed; a time
-- is printed and never judged. Leaves nothing behind.

do $test$
declare
  rule constant text := '================================================';
  failures text[] := '{}';
  passed integer := 0;
  check_name text;
  holds boolean;
  project uuid;
  base uuid;
  login uuid;
  report uuid;
  task uuid;
  moment timestamptz;
  found_rows bigint;
begin
  raise notice '🚀 Starting Component Migration Test';
  raise notice '%', rule;

  -- The block always ends with an error, its own or the database's, so every row of the test is undone.
  begin
    raise notice '🧱 Creation and deletion';
    insert into public.archon_projects (title) values ('Component test') returning id into strict project;
    insert into public.archon_components (project_id, name, component_type)
    values (project, 'base', 'foundation') returning id into strict base;
    insert into public.archon_components (project_id, name, parent_component_id)
    values (project, 'login', base) returning id into strict login;
    insert into public.archon_components (project_id, name, parent_component_id)
    values (project, 'report', login) returning id into strict report;
    insert into public.archon_tasks (project_id, title, component_id)
    values (project, 'Build the report', report) returning id into strict task;
    insert into public.archon_component_metadata (component_id, key, value) values (report, 'owner', '"Ada"');
    insert into public.archon_component_dependencies (component_id, depends_on_component_id) values (report, login);

    for check_name, holds in
      select 'a new component has not been started',
        exists (select from public.archon_components where id = login and status = 'not_started' and order_index = 0)
      union all
      select 'the hierarchy shows a parent and a grandparent',
        (select array_agg(known.ancestor_id order by known.depth) = array[login, base]
         from public.archon_component_hierarchy as known where known.component_id = report)
      union all
      select 'the hierarchy is read downwards too',
        (select count(*) = 2 from public.archon_component_hierarchy as known where known.ancestor_id = base)
    loop
      if holds then
        passed := passed + 1;
        raise notice '✅ %', check_name;
      else
        failures := failures || check_name;
        raise notice '❌ %', check_name;
      end if;
    end loop;

    raise notice '🔗 Dependencies';
    insert into public.archon_component_dependencies (component_id, depends_on_component_id, dependency_type)
    values (login, base, 'soft');
    begin
      insert into public.archon_component_dependencies (component_id, depends_on_component_id) values (base, report);
      check_name := 'a circle by way of two others is refused';
      failures := failures || check_name;
      raise notice '❌ %', check_name;
    exception
      when sqlstate '23000' then
        passed := passed + 1;
        raise notice '✅ a circle by way of two others is refused';
    end;
    begin
      insert into public.archon_component_dependencies (component_id, depends_on_component_id) values (base, base);
      check_name := 'a component that depends on itself is refused';
      failures := failures || check_name;
      raise notice '❌ %', check_name;
    exception
      when sqlstate '23000' or check_violation then
        passed := passed + 1;
        raise notice '✅ a component that depends on itself is refused';
    end;
    begin
      insert into public.archon_components (project_id, name) values (project, 'base');
      check_name := 'a second component of the same name is refused';
      failures := failures || check_name;
      raise notice '❌ %', check_name;
    exception
      when unique_violation then
        passed := passed + 1;
        raise notice '✅ a second component of the same name is refused';
    end;
    begin
      insert into public.archon_components (project_id, name) values (project, 'Not a name');
      check_name := 'a name with capitals and spaces is refused';
      failures := failures || check_name;
      raise notice '❌ %', check_name;
    exception
      when check_violation then
        passed := passed + 1;
        raise notice '✅ a name with capitals and spaces is refused';
    end;

    raise notice '🧭 Navigation among a thousand';
    moment := clock_timestamp();
    insert into public.archon_components (project_id, name, parent_component_id, order_index)
    select project, 'part-' || number, base, number
    from generate_series(1, 1000) as number;
    raise notice '⏱️ a thousand components are created in % ms',
      round(extract(epoch from clock_timestamp() - moment)::numeric * 1000, 1);

    moment := clock_timestamp();
    insert into public.archon_component_dependencies (component_id, depends_on_component_id)
    select later.id, earlier.id
    from public.archon_components as later
    join public.archon_components as earlier
      on earlier.project_id = project and earlier.order_index = later.order_index - 1 and earlier.order_index > 0
    where later.project_id = project and later.order_index between 2 and 101;
    raise notice '⏱️ a chain of a hundred dependencies is added in % ms',
      round(extract(epoch from clock_timestamp() - moment)::numeric * 1000, 1);

    moment := clock_timestamp();
    select count(*) into found_rows
    from public.archon_component_hierarchy as known
    where known.ancestor_id = base;
    raise notice '⏱️ everything below one component is found in % ms',
      round(extract(epoch from clock_timestamp() - moment)::numeric * 1000, 1);
    check_name := 'everything below one component is found';
    if found_rows = 1002 then
      passed := passed + 1;
      raise notice '✅ %', check_name;
    else
      failures := failures || check_name;
      raise notice '❌ %: % instead of 1002', check_name, found_rows;
    end if;

    raise notice '🗑️ Deletion';
    delete from public.archon_components where id = login;
    for check_name, holds in
      select 'a deleted parent leaves its children where they are',
        exists (select from public.archon_components where id = report and parent_component_id is null)
      union all
      select 'a deleted component takes its dependencies along',
        not exists (
          select from public.archon_component_dependencies where login in (component_id, depends_on_component_id)
        )
    loop
      if holds then
        passed := passed + 1;
        raise notice '✅ %', check_name;
      else
        failures := failures || check_name;
        raise notice '❌ %', check_name;
      end if;
    end loop;
    delete from public.archon_components where id = report;
    for check_name, holds in
      select 'a task outlives its component',
        exists (select from public.archon_tasks where id = task and component_id is null)
      union all
      select 'metadata does not',
        not exists (select from public.archon_component_metadata where component_id = report)
    loop
      if holds then
        passed := passed + 1;
        raise notice '✅ %', check_name;
      else
        failures := failures || check_name;
        raise notice '❌ %', check_name;
      end if;
    end loop;
    delete from public.archon_projects where id = project;
    check_name := 'a deleted project takes its components along';
    if exists (select from public.archon_components where project_id = project) then
      failures := failures || check_name;
      raise notice '❌ %', check_name;
    else
      passed := passed + 1;
      raise notice '✅ %', check_name;
    end if;

    raise exception using errcode = 'PROBE';
  exception
    when sqlstate 'PROBE' then
      null; -- Only to undo the rows; what failed is counted already.
    when syntax_error_or_access_rule_violation
      or integrity_constraint_violation
      or data_exception
      or plpgsql_error
    then
      failures := failures || ('ended early: ' || sqlerrm);
      raise notice '❌ Ended early: %', sqlerrm;
  end;

  raise notice '%', rule;
  if failures <> '{}' then
    raise exception 'Component migration test failed, % of %: %',
      cardinality(failures), cardinality(failures) + passed, array_to_string(failures, '; ');
  end if;
  raise notice '🎉 Component Migration Test Complete: % of % passed', passed, passed;
end
$test$;
