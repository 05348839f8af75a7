//! What runs, where, and for whom: files on a target, or a validation that is undone.
//! It knows neither the studio's database nor HTTP, so the command line uses it as it is.

use std::sync::Arc;

use studio_kernel::{
    plan::{Digest, Plan, PlannedFile, Purpose},
    run::{RunState, event::RunStep},
    sql,
};

use super::{
    ending,
    journal::Journal,
    live::LiveRun,
    recovery,
    remains::Before,
    runner::{Runner, Step, Stop},
};
use crate::pg::target::{Settings, Target};

/// What runs, where, and for whom.
pub struct Order<'a> {
    /// Its events.
    pub run: &'a LiveRun,
    /// What is kept of it.
    pub journal: &'a Journal,
    /// On what.
    pub target: &'a Target,
    /// Who started it, for the ledger.
    pub by: &'a str,
    /// Timeouts.
    pub settings: Settings,
}

impl Order<'_> {
    /// Executes files on the target: each statement once, each ledger row with its file.
    pub async fn apply(&self, steps: &[Step]) -> (RunState, String) {
        let ended = self.execute(steps).await;
        self.run.look(|view| ending::of_apply(view, &ended))
    }

    /// Executes a validation on the target and undoes it.
    pub async fn validate(&self, steps: &[Step]) -> (RunState, String) {
        let ended = self.execute_and_compare(steps).await;
        self.run.look(|view| match view.steps.iter().find(|step| step.purpose == Some(Purpose::Validate)) {
            Some(step) => ending::of_validation(step, &ended),
            None => (RunState::Failed, "There is nothing to validate.".to_owned()),
        })
    }

    async fn execute_and_compare(&self, steps: &[Step]) -> Result<(), Stop> {
        let Self { run, journal, target, by, settings } = *self;
        if run.is_stopping() {
            return Err(Stop::Cancelled);
        }
        let mut runner = Runner::start(run, journal, target, by, settings, false).await?;
        let before = Before::look(runner.session()).await?;
        let ended = match settings.read_only {
            false => runner.files(steps).await,
            true => match tokio::time::timeout(settings.reads_within, runner.files(steps)).await {
                Ok(ended) => ended,
                Err(_) => {
                    // Whatever timeouts the file has set; a cancelled statement could go on in a handler of its own.
                    runner.session().abort();
                    let within = settings.reads_within.as_secs();
                    let why = format!("It took longer than {within} s, and its session was closed.");
                    recovery::close_open(run, &why);
                    return Err(Stop::Failed(why));
                }
            },
        };
        // Also behind a failure: what it was kept from must not be there.
        let compared = before.compare(&runner).await;
        runner.finish().await;
        ended.and(compared)
    }

    pub(super) async fn execute(&self, steps: &[Step]) -> Result<(), Stop> {
        let Self { run, journal, target, by, settings } = *self;
        if run.is_stopping() {
            return Err(Stop::Cancelled);
        }
        let mut runner = Runner::start(run, journal, target, by, settings, true).await?;
        let ended = runner.files(steps).await;
        runner.finish().await;
        ended
    }
}

/// A plan as the steps of a run: the files that are executed, in order.
pub fn steps(plan: &Plan) -> Vec<RunStep> {
    let executed = plan.files.iter().filter(|file| file.purpose != Purpose::Keep);
    let steps = executed.map(|file| RunStep { title: title(file), file: Some(file.clone()) });
    steps.collect()
}

/// How many statements these steps have.
pub fn statements(steps: &[RunStep]) -> usize {
    steps.iter().filter_map(|step| step.file.as_ref()).flat_map(PlannedFile::statements).count()
}

fn title(file: &PlannedFile) -> String {
    let verb = match file.purpose {
        Purpose::Apply => "Apply",
        Purpose::Rollback => "Roll back with",
        Purpose::Validate => "Validate with",
        Purpose::Maintain => "Run",
        Purpose::Keep => "Keep",
    };
    format!("{verb} {}", file.path)
}

/// The text of a file, if it is byte for byte what was planned, and its statements are where the plan says.
///
/// # Errors
/// What does not fit, in a sentence.
pub fn checked(file: &PlannedFile, bytes: Vec<u8>) -> Result<Arc<str>, String> {
    let path = &file.path;
    if Digest::of(&bytes).as_str() != file.sha256 {
        return Err(format!("The stored bytes of {path} are not those that were planned."));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("{path} is not UTF-8 text."))?;
    let parsed = sql::parse(&text);
    let fits = file.statements().all(|planned| {
        parsed.statements.get(planned.index).is_some_and(|statement| statement.span == planned.span)
    });
    if fits { Ok(text.into()) } else { Err(format!("The plan does not fit the text of {path}.")) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use studio_kernel::{
        migration::{MigrationSet, SourceFile},
        plan,
    };

    use super::*;

    #[test]
    fn bytes_that_changed_in_storage_never_run() {
        let source =
            SourceFile { path: "20260101000000_a.sql".to_owned(), text: "select 1;\nselect 2;\n".to_owned() };
        let set = MigrationSet::new([source.clone()]);
        let plan = plan::plan(&set, &[source.path.as_str()], &BTreeSet::new());
        let file = &plan.files[0];
        assert_eq!(checked(file, source.text.clone().into_bytes()).as_deref(), Ok(source.text.as_str()));
        assert!(checked(file, b"select 1;\nselect 3;\n".to_vec()).is_err(), "one other byte");

        let mut elsewhere = file.clone();
        elsewhere.segments[0].statements[1].span.end -= 1;
        assert!(checked(&elsewhere, source.text.into_bytes()).is_err(), "other statements in the same bytes");
    }
}
