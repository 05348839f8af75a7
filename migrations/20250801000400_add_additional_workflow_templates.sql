-- Adds five workflow templates that use every kind of step, because a team learns parallel branches, loops, conditions,
-- sub-workflows and error handling faster from a workflow that runs than from a manual.
--
-- role: seed
-- requires: 20250801000300_add_workflow_system
-- transaction: single
-- locks: row exclusive on archon_workflow_templates and archon_workflow_template_versions while their rows are added
-- rollback: none because rollback/rollback_workflow_system removes the rows with their tables
-- validation: none because a template that somebody removed on purpose is no flaw

set local lock_timeout = '5s';

-- rows ---------------------------------------------------------------------------------------------------------------

-- The shape of a step, which the application reads:
--   name, type     `type` is a workflow_step_type
--   action         `tool`, `parameters`
--   condition      `condition`, `then`, `else`: steps
--   parallel       `branches`: lists of steps that run at once; `wait_for`: all or any
--   loop           `items` or `until`, `steps`; `max_iterations` ends a loop whose condition never comes true
--   workflow_link  `workflow`: the name of another template, `input`
--   on_error       any step: `strategy` is fail, retry, continue or compensate; `steps` undo what was done
-- `${…}` is filled in when the step runs: an input, or the result of an earlier step by its name.
-- A name is not unique, because a template may exist in several versions; where there is one, it is the team's.
with addition (name, title, description, category, tags, parameters, outputs, steps, timeout_minutes, max_retries) as (
  values
  (
    'quality_gate',
    'Checks side by side',
    'Runs format, tests and audit at once and lets the task into review only when all three are fine',
    'quality',
    '["parallel", "condition"]',
    '{"task_id": {"type": "string", "required": true}}',
    '{"passed": {"type": "boolean"}}',
    $steps$[
      {
        "name": "checks",
        "type": "parallel",
        "wait_for": "all",
        "branches": [
          [{"name": "format", "type": "action", "tool": "run_command", "parameters": {"command": "check_format"}}],
          [{"name": "tests", "type": "action", "tool": "run_command", "parameters": {"command": "run_tests"},
            "on_error": {"strategy": "retry", "max_attempts": 2}}],
          [{"name": "audit", "type": "action", "tool": "run_command", "parameters": {"command": "audit_packages"}}]
        ]
      },
      {
        "name": "all_fine",
        "type": "condition",
        "condition": "${checks.failed} == 0",
        "then": [
          {"name": "to_review", "type": "action", "tool": "manage_task",
            "parameters": {"action": "update", "task_id": "${task_id}", "status": "review"}}
        ],
        "else": [
          {"name": "back_to_work", "type": "action", "tool": "manage_task",
            "parameters": {"action": "update", "task_id": "${task_id}", "status": "doing"}}
        ]
      }
    ]$steps$,
    30,
    1
  ),
  (
    'sweep_tasks',
    'The same thing for many tasks',
    'Walks through the tasks of a project and sends each one through the quality gate',
    'maintenance',
    '["loop", "workflow_link"]',
    '{"project_id": {"type": "string", "required": true}}',
    '{"swept": {"type": "integer"}}',
    $steps$[
      {"name": "open_tasks", "type": "action", "tool": "manage_task",
        "parameters": {"action": "list", "project_id": "${project_id}", "status": "doing"}},
      {
        "name": "each_task",
        "type": "loop",
        "items": "${open_tasks.tasks}",
        "max_iterations": 200,
        "steps": [
          {"name": "gate", "type": "workflow_link", "workflow": "quality_gate",
            "input": {"task_id": "${item.id}"}, "on_error": {"strategy": "continue"}}
        ]
      }
    ]$steps$,
    120,
    0
  ),
  (
    'wait_for_deployment',
    'Asking until it is there',
    'Asks a service for its version until it answers with the one that was released, and gives up after a while',
    'deployment',
    '["loop", "condition", "error_handling"]',
    '{"address": {"type": "string", "required": true}, "version": {"type": "string", "required": true}}',
    '{"healthy": {"type": "boolean"}}',
    $steps$[
      {
        "name": "until_it_answers",
        "type": "loop",
        "until": "${ask.version} == ${version}",
        "max_iterations": 30,
        "steps": [
          {"name": "ask", "type": "action", "tool": "http_request",
            "parameters": {"method": "GET", "address": "${address}"},
            "on_error": {"strategy": "retry", "max_attempts": 3, "delay_seconds": 10}}
        ]
      },
      {
        "name": "there_or_not",
        "type": "condition",
        "condition": "${ask.version} == ${version}",
        "then": [
          {"name": "note", "type": "action", "tool": "write_log", "parameters": {"text": "${version} is healthy"}}
        ],
        "else": [
          {"name": "give_up", "type": "action", "tool": "fail", "parameters": {"reason": "${version} did not come up"}}
        ]
      }
    ]$steps$,
    20,
    0
  ),
  (
    'guarded_release',
    'A release that takes itself back',
    'Backs up, releases and waits for the new version; whatever fails on the way, the old version returns',
    'deployment',
    '["workflow_link", "error_handling"]',
    '{"address": {"type": "string", "required": true}, "version": {"type": "string", "required": true}}',
    '{"released": {"type": "string"}}',
    $steps$[
      {"name": "back_up", "type": "action", "tool": "run_command", "parameters": {"command": "back_up"},
        "on_error": {"strategy": "fail"}},
      {"name": "release", "type": "action", "tool": "run_command",
        "parameters": {"command": "release", "version": "${version}"},
        "on_error": {
          "strategy": "compensate",
          "steps": [
            {"name": "undo_release", "type": "action", "tool": "run_command",
              "parameters": {"command": "release_previous"}}
          ]
        }},
      {"name": "healthy", "type": "workflow_link", "workflow": "wait_for_deployment",
        "input": {"address": "${address}", "version": "${version}"},
        "on_error": {
          "strategy": "compensate",
          "steps": [
            {"name": "return_to_previous", "type": "action", "tool": "run_command",
              "parameters": {"command": "release_previous"}},
            {"name": "restore", "type": "action", "tool": "run_command", "parameters": {"command": "restore_backup"}}
          ]
        }}
    ]$steps$,
    60,
    0
  ),
  (
    'research_from_many_sides',
    'Several sources at once, then once more',
    'Searches documents and code at the same time and asks again until enough was found or nothing new comes',
    'research',
    '["parallel", "loop", "condition", "error_handling"]',
    '{"question": {"type": "string", "required": true}, "enough": {"type": "integer", "default": 5}}',
    '{"findings": {"type": "array"}}',
    $steps$[
      {
        "name": "rounds",
        "type": "loop",
        "until": "${collect.count} >= ${enough}",
        "max_iterations": 4,
        "steps": [
          {
            "name": "search",
            "type": "parallel",
            "wait_for": "all",
            "branches": [
              [{"name": "documents", "type": "action", "tool": "perform_rag_query",
                "parameters": {"query": "${question}"}, "on_error": {"strategy": "continue"}}],
              [{"name": "code", "type": "action", "tool": "search_code_examples",
                "parameters": {"query": "${question}"}, "on_error": {"strategy": "continue"}}]
            ]
          },
          {"name": "collect", "type": "action", "tool": "merge_results",
            "parameters": {"of": ["${search.documents}", "${search.code}"]}},
          {
            "name": "anything_new",
            "type": "condition",
            "condition": "${collect.new} == 0",
            "then": [{"name": "stop", "type": "action", "tool": "break_loop", "parameters": {}}],
            "else": [
              {"name": "reword", "type": "action", "tool": "reword_query", "parameters": {"query": "${question}"}}
            ]
          }
        ]
      },
      {"name": "answer", "type": "action", "tool": "write_document", "parameters": {"content": "${collect.results}"}}
    ]$steps$,
    45,
    2
  )
),
added as (
  insert into public.archon_workflow_templates
    (name, title, description, status, category, tags, parameters, outputs, steps, timeout_minutes, max_retries,
      created_by, is_public)
  select addition.name, addition.title, addition.description, 'active', addition.category, addition.tags::jsonb,
    addition.parameters::jsonb, addition.outputs::jsonb, addition.steps::jsonb, addition.timeout_minutes,
    addition.max_retries, 'system', true
  from addition
  where not exists (
    select from public.archon_workflow_templates as known where known.name = addition.name
  )
  returning *
)
-- The history of a template begins with what it was when it came.
insert into public.archon_workflow_template_versions
  (workflow_template_id, version_number, version_tag, template_snapshot, change_summary, change_type)
select added.id, 1, added.version, to_jsonb(added), 'As delivered', 'create'
from added;
