-- Adds the four templates that every installation begins with, because a team should wrap its first task before it has
-- written a template of its own.
--
-- role: seed
-- requires: 20250801001100_add_template_injection_schema
-- transaction: single
-- locks: row exclusive on archon_template_injection_templates while its rows are added
-- rollback: none because rollback/rollback_template_injection_schema removes the rows with their table
-- validation: none because a template that somebody removed on purpose is no flaw

set local lock_timeout = '5s';

-- rows ---------------------------------------------------------------------------------------------------------------

-- Their components come with seed_template_injection_data. A template that exists is the team's and stays as it is.
insert into public.archon_template_injection_templates
  (name, description, template_type, injection_level, template_content, user_task_position, estimated_duration,
    required_tools, applicable_phases)
values
  (
    'workflow::default',
    'From understanding to review, for any task',
    'workflow',
    'task',
    '{{group::understand_homelab_env}}
{{group::understand_requirements}}
{{group::plan_the_work}}
{{action::create_branch}}
{{sequence::testing_strategy}}
{{USER_TASK}}
{{validation::acceptance_criteria}}
{{action::git_commit}}
{{group::send_task_to_review}}',
    6,
    45,
    '["git", "shell"]',
    '["development", "testing"]'
  ),
  (
    'workflow::hotfix',
    'The shortest way that is still safe, for a fault in production',
    'workflow',
    'task',
    '{{action::reproduce_the_fault}}
{{USER_TASK}}
{{validation::fault_is_gone}}
{{action::git_commit}}
{{group::send_task_to_review}}',
    2,
    20,
    '["git", "shell"]',
    '["maintenance"]'
  ),
  (
    'workflow::research',
    'Questions first, sources named, nothing built',
    'workflow',
    'task',
    '{{group::understand_requirements}}
{{action::search_knowledge_base}}
{{USER_TASK}}
{{action::write_findings}}
{{group::send_task_to_review}}',
    3,
    60,
    '["search"]',
    '["planning", "research"]'
  ),
  (
    'workflow::deployment',
    'A release with a way back',
    'workflow',
    'task',
    '{{group::understand_homelab_env}}
{{validation::ready_to_deploy}}
{{action::back_up}}
{{USER_TASK}}
{{validation::service_is_healthy}}
{{group::send_task_to_review}}',
    4,
    40,
    '["shell", "docker"]',
    '["deployment"]'
  )
on conflict (name) do nothing;
