//! What the end of a run means for the database, in a sentence or two.

use studio_kernel::{
    plan::Purpose,
    run::{RunState, RunView, SegmentState, StepView, verdict, verdict::Verdict},
};

use super::runner::Stop;

const NOTHING: &str = "Nothing of this run is in the database.";

const NOTHING_ELSE: &str = "Apart from that segment, nothing of this run is in the database.";

/// The state and the words for a run that executed files on a target.
pub fn of_apply(view: &RunView, ended: &Result<(), Stop>) -> (RunState, String) {
    let whole = is_whole(view);
    match ended {
        Ok(()) => (RunState::Done, done(view)),
        Err(Stop::LostAfter(why)) if whole => (RunState::Done, format!("{} {why}", done(view))),
        Err(Stop::LostAfter(why) | Stop::Failed(why)) => {
            (RunState::Failed, format!("{why} {}", remains(view, NOTHING)))
        }
        Err(Stop::Cancelled) => {
            (RunState::Cancelled, format!("The run was stopped. {}", remains(view, NOTHING)))
        }
        Err(Stop::Unknown(why)) => (
            RunState::Unknown,
            format!(
                "Whether the last segment is in the database is not known: {why} {}",
                remains(view, NOTHING_ELSE)
            ),
        ),
    }
}

/// The state and the words for a validation: only a script that succeeded and asserted something is done.
pub fn of_validation(step: &StepView, ended: &Result<(), Stop>) -> (RunState, String) {
    match ended {
        Ok(()) => judge(step),
        Err(Stop::Cancelled) => {
            (RunState::Cancelled, "The validation was stopped; nothing of it remains.".to_owned())
        }
        Err(Stop::Failed(why) | Stop::LostAfter(why) | Stop::Unknown(why)) => {
            (RunState::Failed, format!("{}{why} Nothing of the validation remains.", counted(step)))
        }
    }
}

/// The verdict of a validation script that ran to its end.
pub fn judge(step: &StepView) -> (RunState, String) {
    let lines = step.lines();
    let count = |wanted| lines.iter().filter(|line| line.verdict == wanted).count();
    let (passed, warned, failed) = (count(Verdict::Pass), count(Verdict::Warn), count(Verdict::Fail));
    match verdict::script(&lines) {
        None => (
            RunState::Failed,
            "Inconclusive: the script ran to its end without an error and asserted nothing (no ✅ or ❌ line)."
                .to_owned(),
        ),
        Some(Verdict::Fail) => (RunState::Failed, format!("{failed} of {} checks failed.", passed + warned + failed)),
        Some(_) if passed == 0 => {
            (RunState::Failed, format!("Inconclusive: {warned} warnings and no check that passed."))
        }
        Some(_) if warned > 0 => (RunState::Done, format!("{passed} checks passed, with {warned} warnings.")),
        Some(_) => (RunState::Done, format!("All {passed} checks passed.")),
    }
}

fn counted(step: &StepView) -> String {
    let lines = step.lines();
    let passed = lines.iter().filter(|line| line.verdict == Verdict::Pass).count();
    let failed = lines.iter().filter(|line| line.verdict == Verdict::Fail).count();
    if passed + failed == 0 {
        String::new()
    } else {
        format!("{failed} of {} checks failed. ", passed + failed)
    }
}

fn is_whole(view: &RunView) -> bool {
    let mut segments = view.steps.iter().filter(|step| writes(step)).flat_map(|step| &step.segments);
    segments.all(|segment| segment.state == SegmentState::Committed)
}

fn writes(step: &StepView) -> bool {
    matches!(step.purpose, Some(Purpose::Apply | Purpose::Rollback | Purpose::Maintain))
}

fn done(view: &RunView) -> String {
    let of = |purpose| -> Vec<&str> {
        let steps = view.steps.iter().filter(|step| step.purpose == Some(purpose));
        steps.filter_map(|step| step.path.as_deref()).collect()
    };
    let mut sentences = Vec::new();
    for (paths, said) in [
        (of(Purpose::Apply), "applied and recorded in the ledger"),
        (of(Purpose::Rollback), "rolled back and removed from the ledger"),
        (of(Purpose::Maintain), "executed"),
    ] {
        if !paths.is_empty() {
            sentences.push(format!(
                "{} {} {said}.",
                listed(&paths),
                if paths.len() == 1 { "is" } else { "are" }
            ));
        }
    }
    sentences.join(" ")
}

/// What a run that did not reach its end has left in the database for certain; `nothing` says that it is
/// nothing.
fn remains(view: &RunView, nothing: &str) -> String {
    let mut whole = Vec::new();
    let mut parts = Vec::new();
    for step in view.steps.iter().filter(|step| writes(step)) {
        let path = step.path.as_deref().unwrap_or(&step.title);
        let committed =
            step.segments.iter().filter(|segment| segment.state == SegmentState::Committed).count();
        if committed == 0 {
            continue;
        }
        if committed == step.segments.len() {
            whole.push(path);
        } else {
            parts.push(format!("the first {committed} of {} segments of {path}", step.segments.len()));
        }
    }
    if whole.is_empty() && parts.is_empty() {
        return nothing.to_owned();
    }
    let mut sentences = Vec::new();
    if !whole.is_empty() {
        sentences.push(format!("In the database: {}.", listed(&whole)));
    }
    for part in parts {
        sentences.push(format!("In the database, but not recorded in the ledger: {part}."));
    }
    sentences.join(" ")
}

fn listed(paths: &[&str]) -> String {
    match paths {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use studio_kernel::{
        plan::{PlannedFile, Segment, SegmentKind},
        run::{RunEvent, RunEventKind, RunKind, event::RunStep},
    };

    use super::*;

    fn view(segments: usize, committed: usize) -> RunView {
        let segment =
            Segment { kind: SegmentKind::Transaction, reason: String::new(), statements: Vec::new() };
        let file = PlannedFile {
            path: "a.sql".to_owned(),
            sha256: String::new(),
            version: Some("1".to_owned()),
            name: String::new(),
            purpose: Purpose::Apply,
            segments: vec![segment; segments],
        };
        let steps = vec![RunStep { title: "Apply a.sql".to_owned(), file: Some(file) }];
        let queued = RunEventKind::Queued { kind: RunKind::Apply, target: "t".to_owned(), steps };
        let segments =
            (0..committed).map(|segment| RunEventKind::SegmentCommitted { step: 0, segment, ledger: None });
        let events: Vec<RunEvent> = std::iter::once(queued)
            .chain(segments)
            .zip(1..)
            .map(|(kind, seq)| RunEvent { seq, at: String::new(), kind })
            .collect();
        RunView::fold(RunKind::Apply, &events)
    }

    #[test]
    fn the_words_follow_from_what_was_committed() {
        let failed = || Err(Stop::Failed("a.sql failed at line 3.".to_owned()));
        for (view, ended, state, words) in [
            (view(1, 1), Ok(()), RunState::Done, "a.sql is applied and recorded in the ledger."),
            (
                view(1, 0),
                failed(),
                RunState::Failed,
                "a.sql failed at line 3. Nothing of this run is in the database.",
            ),
            (
                view(3, 2),
                failed(),
                RunState::Failed,
                "a.sql failed at line 3. In the database, but not recorded in the ledger: the first 2 of 3 segments of a.sql.",
            ),
            (
                view(1, 0),
                Err(Stop::Cancelled),
                RunState::Cancelled,
                "The run was stopped. Nothing of this run is in the database.",
            ),
            (
                view(1, 0),
                Err(Stop::Unknown("The target could not be asked.".to_owned())),
                RunState::Unknown,
                "Whether the last segment is in the database is not known: The target could not be asked. \
                 Apart from that segment, nothing of this run is in the database.",
            ),
            (
                view(1, 1),
                Err(Stop::LostAfter("The connection broke.".to_owned())),
                RunState::Done,
                "a.sql is applied and recorded in the ledger. The connection broke.",
            ),
        ] {
            assert_eq!(of_apply(&view, &ended), (state, words.to_owned()));
        }
    }
}
