//! The statements of a file one by one, those in bodies included, each with what surrounds it.

use super::Migration;
use crate::sql::statement::{Body, Branch, Detail, Statement};

/// A statement and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The statement.
    pub statement: &'a Statement,
    /// The statement of the file that holds it; itself at the top level.
    pub top: &'a Statement,
    /// The innermost body around it.
    pub body: Option<&'a Body>,
    /// Inside IF, CASE, a loop or a handler, or between psql's `\if` and `\endif`.
    pub conditional: bool,
    /// Inside a block with an EXCEPTION section.
    pub guarded: bool,
    /// From EXECUTE of a text.
    pub dynamic: bool,
    /// In the body of a function: it does not run with the file.
    pub deferred: bool,
}

/// All statements that applying the file runs or keeps, outer ones before those in their bodies. What a runner's
/// marker calls the way back is not among them.
pub fn steps(file: &Migration) -> Vec<Step<'_>> {
    let mut steps = Vec::with_capacity(file.parsed.statements.len());
    let mut branches = 0_usize;
    for (_, statement) in file.parsed.forward() {
        if let Detail::Psql(command) = &statement.detail {
            match command.branch() {
                Some(Branch::Opens) => branches += 1,
                Some(Branch::Closes) => branches = branches.saturating_sub(1),
                None => {}
            }
        }
        let step = Step {
            statement,
            top: statement,
            body: None,
            conditional: branches > 0,
            guarded: false,
            dynamic: false,
            deferred: false,
        };
        push(&mut steps, step);
    }
    steps
}

/// Bodies stand in bodies only as deep as the reader goes, which is a small constant.
fn push<'a>(steps: &mut Vec<Step<'a>>, step: Step<'a>) {
    steps.push(step);
    let Some(body) = step.statement.body() else { return };
    let deferred = step.deferred || matches!(step.statement.detail, Detail::Routine(_));
    for inner in &body.statements {
        let inner = Step {
            statement: &inner.statement,
            top: step.top,
            body: Some(body),
            conditional: step.conditional || inner.conditional,
            guarded: step.guarded || inner.guarded,
            dynamic: step.dynamic || inner.dynamic,
            deferred,
        };
        push(steps, inner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_no_step() {
        let text = "-- +goose Up\nselect 1; do $$ begin perform 2; end $$;\n-- +goose Down\nselect 3;";
        let file = Migration::read(("1_a.sql", text).into());
        let kinds: Vec<String> = steps(&file).iter().map(|step| step.statement.kind.to_string()).collect();
        assert_eq!(kinds, ["select", "do", "select"]);
    }
}
