//! A run as it stands, folded from its events. The page and the server's answer are this same value.

use serde::{Deserialize, Serialize};

use super::{
    RunEvent, RunKind, RunState, SegmentState, ServerNotice, SqlError, StatementState,
    verdict::{self, Line, Verdict},
};
use crate::{
    plan::{PlannedFile, PlannedStatement, Purpose, SegmentKind},
    review::Timestamp,
};

/// A run as it stands after some of its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunView {
    /// Why it runs.
    pub kind: RunKind,
    /// Where it stands.
    pub state: RunState,
    /// On what.
    pub target: String,
    /// The server's version; empty before it started.
    pub server_version: String,
    /// The role in force; empty before it started.
    pub role: String,
    /// The session's settings.
    pub settings: Vec<String>,
    /// What it waits for, in a phrase, while it does.
    pub waiting_for: Option<String>,
    /// In order.
    pub steps: Vec<StepView>,
    /// What the end means, in a sentence; empty before it.
    pub summary: String,
    /// The first event's time.
    pub began: Timestamp,
    /// The last event's time once it has ended.
    pub ended: Option<Timestamp>,
    /// The last event that was folded in; 0 for none.
    pub seq: u64,
}

/// A step as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepView {
    /// For people.
    pub title: String,
    /// The file's path, when it runs one.
    pub path: Option<String>,
    /// How the file is executed.
    pub purpose: Option<Purpose>,
    /// Its segments, in order.
    pub segments: Vec<SegmentView>,
    /// What it said between statements.
    pub progress: Vec<String>,
}

/// A segment as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentView {
    /// Transaction or standalone.
    pub kind: SegmentKind,
    /// Where it stands.
    pub state: SegmentState,
    /// Why it was rolled back; the ledger row when it was committed.
    pub note: String,
    /// In order.
    pub statements: Vec<StatementView>,
}

/// A statement as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementView {
    /// What was planned.
    #[serde(flatten)]
    pub planned: PlannedStatement,
    /// Where it stands.
    pub state: StatementState,
    /// When it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Timestamp>,
    /// Rows affected or returned.
    pub rows: Option<u64>,
    /// Microseconds it took.
    pub micros: Option<u64>,
    /// What the server said, as far as [`ServerNotice::has_place`].
    pub notices: Vec<ServerNotice>,
    /// How many notices are not kept.
    pub notices_dropped: u64,
    /// Why it was refused.
    pub error: Option<SqlError>,
}

/// Notices kept for one statement; the rest is counted.
pub const NOTICES_KEPT: usize = 1_000;

/// Warnings kept beyond them: a statement that says much says what matters last.
const WARNINGS_KEPT: usize = 100;

impl RunView {
    /// A run of which nothing is known yet.
    pub fn new(kind: RunKind) -> Self {
        Self {
            kind,
            state: RunState::Queued,
            target: String::new(),
            server_version: String::new(),
            role: String::new(),
            settings: Vec::new(),
            waiting_for: None,
            steps: Vec::new(),
            summary: String::new(),
            began: Timestamp::new(),
            ended: None,
            seq: 0,
        }
    }

    /// Folds events in order.
    pub fn fold<'a>(kind: RunKind, events: impl IntoIterator<Item = &'a RunEvent>) -> Self {
        let mut view = Self::new(kind);
        for event in events {
            view.apply(event);
        }
        view
    }

    /// The statement that was refused, with its step.
    pub fn failure(&self) -> Option<(&StepView, &StatementView)> {
        self.steps.iter().find_map(|step| {
            let failed = step.statements().find(|statement| statement.error.is_some())?;
            Some((step, failed))
        })
    }

    /// Statements that are done, and statements in all.
    pub fn progress(&self) -> (usize, usize) {
        let all = self.steps.iter().flat_map(StepView::statements);
        all.fold((0, 0), |(done, all), statement| {
            let finished = !matches!(statement.state, StatementState::Queued | StatementState::Running);
            (done + usize::from(finished), all + 1)
        })
    }
}

impl StepView {
    pub(super) fn new(title: &str, file: Option<&PlannedFile>) -> Self {
        let segments = file.map(|file| file.segments.as_slice()).unwrap_or_default();
        Self {
            title: title.to_owned(),
            path: file.map(|file| file.path.clone()),
            purpose: file.map(|file| file.purpose),
            progress: Vec::new(),
            segments: segments
                .iter()
                .map(|segment| SegmentView {
                    kind: segment.kind,
                    state: SegmentState::Queued,
                    note: String::new(),
                    statements: segment.statements.iter().map(StatementView::new).collect(),
                })
                .collect(),
        }
    }

    /// Its statements, in order.
    pub fn statements(&self) -> impl Iterator<Item = &StatementView> {
        self.segments.iter().flat_map(|segment| &segment.statements)
    }

    /// What its notices and its error assert, line by line: the table of a validation. An error behind checks
    /// that failed is how a script says so in the end, and no check of its own.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for statement in self.statements() {
            let said = statement.notices.iter().flat_map(|notice| notice.message.lines());
            lines.extend(said.map(|text| Line { verdict: verdict::line(text), text: text.to_owned() }));
            if let Some(error) = &statement.error {
                let failed = lines.iter().any(|line| line.verdict == Verdict::Fail);
                let verdict = if failed { Verdict::Info } else { Verdict::Fail };
                lines.push(Line { verdict, text: error.message.clone() });
            }
        }
        lines
    }
}

impl ServerNotice {
    /// Whether it is kept when so many messages of its statement are kept already.
    pub fn has_place(&self, kept: usize) -> bool {
        let more = if self.severity == "WARNING" { WARNINGS_KEPT } else { 0 };
        kept < NOTICES_KEPT + more
    }

    /// Bytes of its texts.
    pub fn bytes(&self) -> usize {
        let more = [&self.detail, &self.hint].into_iter().flatten();
        self.message.len() + more.map(String::len).sum::<usize>()
    }
}

impl StatementView {
    fn new(planned: &PlannedStatement) -> Self {
        Self {
            planned: planned.clone(),
            state: StatementState::Queued,
            began: None,
            rows: None,
            micros: None,
            notices: Vec::new(),
            notices_dropped: 0,
            error: None,
        }
    }
}
