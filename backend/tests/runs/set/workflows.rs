//! The delivered workflow templates: their steps are of known kinds, lead somewhere, and use every kind there is.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{column, stocked};
use crate::bench::on_runtime;

/// What the steps of all templates use.
#[derive(Default)]
struct Used {
    kinds: BTreeSet<String>,
    strategies: BTreeSet<String>,
    workflows: BTreeSet<String>,
}

/// Walks steps of any depth; panics at one that its executor could not follow.
fn walk(steps: &Value, place: &str, used: &mut Used) {
    let steps = steps.as_array().unwrap_or_else(|| panic!("{place}: no list of steps"));
    assert!(!steps.is_empty(), "{place}: no steps");
    for step in steps {
        let name = step["name"].as_str().unwrap_or_else(|| panic!("{place}: a step without a name"));
        let place = format!("{place} › {name}");
        let kind = step["type"].as_str().unwrap_or_else(|| panic!("{place}: no type"));
        match kind {
            "action" => assert!(step["tool"].is_string(), "{place}: no tool"),
            "condition" => {
                assert!(step["condition"].is_string(), "{place}: no condition");
                walk(&step["then"], &place, used);
                walk(&step["else"], &place, used);
            }
            "parallel" => {
                let branches = step["branches"].as_array().unwrap();
                assert!(branches.len() > 1, "{place}: one branch is not parallel");
                assert!(["all", "any"].contains(&step["wait_for"].as_str().unwrap()), "{place}");
                branches.iter().for_each(|branch| walk(branch, &place, used));
            }
            "loop" => {
                assert!(step["max_iterations"].as_u64().is_some_and(|most| most > 0), "{place}: no limit");
                assert!(step["items"].is_string() != step["until"].is_string(), "{place}: items or until");
                walk(&step["steps"], &place, used);
            }
            "workflow_link" => {
                used.workflows.insert(step["workflow"].as_str().unwrap().to_owned());
            }
            other => panic!("{place}: {other} is no kind of step"),
        }
        used.kinds.insert(kind.to_owned());
        if let Some(strategy) = step["on_error"]["strategy"].as_str() {
            used.strategies.insert(strategy.to_owned());
            if strategy == "compensate" {
                walk(&step["on_error"]["steps"], &place, used);
            }
        }
    }
}

#[test]
fn the_delivered_templates_can_be_followed_and_use_every_kind_of_step() {
    on_runtime(async {
        let bench = stocked("set_workflows").await;
        let delivered = "select name, steps from public.archon_workflow_templates where created_by = 'system' and category <> 'data'";
        let mut used = Used::default();
        let mut names = BTreeSet::new();
        for row in bench.client.query(delivered, &[]).await.unwrap() {
            let name: String = row.get(0);
            walk(&row.get(1), &name, &mut used);
            names.insert(name);
        }
        assert_eq!(names.len(), 5);
        let kinds = column(&bench.client, "select unnest(enum_range(null::public.workflow_step_type))").await;
        assert_eq!(used.kinds, kinds.into_iter().collect());
        assert_eq!(used.strategies, ["compensate", "continue", "fail", "retry"].map(str::to_owned).into());
        assert!(used.workflows.is_subset(&names), "{:?} leads out of the set", used.workflows);
        let snapshots = "select count(*) from public.archon_workflow_template_versions as version
             join public.archon_workflow_templates as template on template.id = version.workflow_template_id
             where version.change_summary = 'As delivered' and version.template_snapshot -> 'steps' = template.steps";
        assert_eq!(bench.ask(snapshots).await, "5");
    });
}
