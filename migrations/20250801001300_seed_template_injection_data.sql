-- Adds the components that the default templates are put together from, and lets every project begin with
-- workflow::default, because a template whose components are missing refuses to expand.
--
-- role: seed
-- requires: 20250801001200_seed_default_templates
-- transaction: single
-- locks: row exclusive on archon_template_components and archon_template_assignments while their rows are added
-- rollback: none because rollback/rollback_template_injection_schema removes the rows with their tables
-- validation: none because a component that somebody removed on purpose is no flaw

set local lock_timeout = '5s';

-- rows ---------------------------------------------------------------------------------------------------------------

-- A component that exists is the team's and stays as it is.
insert into public.archon_template_components
  (name, description, component_type, instruction_text, required_tools, estimated_duration, category, priority)
values
  ('group::understand_homelab_env', 'Where the work will run', 'group',
    'Find out which machines, containers and services the task touches, and which of them others depend on.',
    '["shell"]', 8, 'preparation', 'high'),
  ('group::understand_requirements', 'What is asked for', 'group',
    'Read the task, its parent and its sources. State in one sentence what will be different when it is done, and ask '
    'about what is missing before you begin.',
    '[]', 5, 'preparation', 'high'),
  ('group::plan_the_work', 'Steps before edits', 'group',
    'List the steps in order, what each one changes and how you will see that it worked.',
    '[]', 5, 'preparation', 'medium'),
  ('group::send_task_to_review', 'Handing over', 'group',
    'Set the task to review. Say what changed, how it was tested and what was left open.',
    '[]', 3, 'completion', 'high'),
  ('action::create_branch', 'A branch of its own', 'action',
    'Create a branch named after the task; leave the main branch alone.',
    '["git"]', 1, 'version_control', 'medium'),
  ('action::git_commit', 'A commit that explains itself', 'action',
    'Commit in steps that each build, with a message that says what the product does now and why.',
    '["git"]', 3, 'version_control', 'high'),
  ('action::reproduce_the_fault', 'Seeing it first', 'action',
    'Reproduce the fault with the smallest input that shows it, and keep that input as a test.',
    '["shell"]', 10, 'testing', 'critical'),
  ('action::search_knowledge_base', 'What is known already', 'action',
    'Search the knowledge base for the question and for its opposite; note the source of each fact.',
    '["search"]', 10, 'research', 'medium'),
  ('action::write_findings', 'An answer with its sources', 'action',
    'Write the answer first, then the facts it rests on with their sources, then what is still unknown.',
    '[]', 15, 'documentation', 'medium'),
  ('action::back_up', 'A way back', 'action',
    'Back up what the deployment changes, and try the way back before you need it.',
    '["shell"]', 10, 'deployment', 'critical'),
  ('action::run_tests', 'All of them', 'action',
    'Run every test of the project, not only those of the change, and read what they print.',
    '["shell"]', 5, 'testing', 'high'),
  ('sequence::testing_strategy', 'Tests around the work', 'sequence',
    'Decide which test will fail until the task is done, write it, and see it fail. When the work is done: '
    '{{action::run_tests}}',
    '["shell"]', 10, 'testing', 'high'),
  ('validation::acceptance_criteria', 'Done means done', 'validation',
    'Walk through the requirements one by one and name for each the test or the screen that shows it.',
    '[]', 5, 'testing', 'high'),
  ('validation::fault_is_gone', 'The same input again', 'validation',
    'Repeat what reproduced the fault and see it gone. Then: {{action::run_tests}}',
    '["shell"]', 5, 'testing', 'critical'),
  ('validation::ready_to_deploy', 'Before the release', 'validation',
    'See that the tests of this revision passed, that the configuration is in place and that somebody is on call.',
    '["shell"]', 5, 'deployment', 'critical'),
  ('validation::service_is_healthy', 'After the release', 'validation',
    'Ask the service itself for its health and its version, and watch its log for five minutes.',
    '["shell"]', 6, 'deployment', 'critical')
on conflict (name) do nothing;

-- Projects that have any template already have chosen.
insert into public.archon_template_assignments (hierarchy_type, hierarchy_id, template_id, assigned_by)
select 'project', project.id, template.id, 'seed_template_injection_data'
from public.archon_projects as project
cross join public.archon_template_injection_templates as template
where template.name = 'workflow::default'
  and not exists (
    select from public.archon_template_assignments as chosen
    where chosen.hierarchy_type = 'project' and chosen.hierarchy_id = project.id
  )
on conflict (hierarchy_type, hierarchy_id, template_id) do nothing;
