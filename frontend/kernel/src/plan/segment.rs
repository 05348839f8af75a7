//! A file's statements as segments that commit one after the other, in the author's order.
//! It says what cannot be executed as written and changes nothing to make it so.

use super::{
    PlannedStatement, Refusal, Segment, SegmentKind,
    class::{Beyond, Class, NewLabels, may_want_none, new_label},
    summary::summary,
};
use crate::{
    migration::Migration,
    sql::{
        psql_variable,
        statement::{Statement, StatementKind, Verb},
        text_settings,
    },
    text::{LineIndex, Span, shown},
};

/// How the file as a whole is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Neighbours share a transaction, as far as PostgreSQL lets them.
    Shared,
    /// The file wants no transaction: each statement has one to itself, where PostgreSQL lets it.
    Single,
    /// One transaction that is always rolled back: nothing may commit on its own.
    RolledBack,
}

/// Cuts a file into segments; what must not run is said in the refusals.
pub(super) fn segments(file: &Migration, mode: Mode, beyond: &Beyond<'_>) -> (Vec<Segment>, Vec<Refusal>) {
    let mut cutter = Cutter {
        file,
        mode,
        lines: LineIndex::new(&file.text),
        segments: Vec::new(),
        refusals: Vec::new(),
        state: State::Closed { reason: "" },
        labels: NewLabels::default(),
        beyond,
    };
    for problem in &file.parsed.problems {
        cutter.refuse("syntax-error", problem.span, problem.message.clone());
    }
    for (index, statement) in file.parsed.forward() {
        cutter.add(index, statement);
    }
    let is_down = |statement: &&Statement| file.parsed.is_down(statement.span.start);
    if let Some(first) = file.parsed.statements.iter().find(is_down) {
        let message = "From here on a runner's marker says that this is the way back, and a run would go it right \
                       behind the way forward. Move it to a rollback file.";
        cutter.refuse("down-section", first.span, message);
    }
    if let State::Author { begin, .. } = cutter.state {
        cutter.refuse(UNBALANCED, begin, "This BEGIN has no COMMIT. Add one, or remove both.");
    }
    (cutter.segments, cutter.refusals)
}

const UNBALANCED: &str = "unbalanced-transaction";

const COMMITS: &str = "The author commits before it.";

/// Where the next statement goes.
#[derive(Clone, Copy)]
enum State {
    /// Into a new segment, for this reason.
    Closed { reason: &'static str },
    /// Into the last segment, a transaction that the plan opened.
    Open,
    /// Between the author's BEGIN and COMMIT: into the last segment once it has `started`.
    Author { begin: Span, started: bool },
}

struct Cutter<'a> {
    file: &'a Migration,
    mode: Mode,
    lines: LineIndex,
    segments: Vec<Segment>,
    refusals: Vec<Refusal>,
    state: State,
    /// Enum labels added in the open transaction.
    labels: NewLabels<'a>,
    beyond: &'a Beyond<'a>,
}

impl<'a> Cutter<'a> {
    fn add(&mut self, index: usize, statement: &'a Statement) {
        if statement.kind == StatementKind::Other(Verb::Psql) {
            let message = "This is a command of psql, not SQL: a server cannot execute it. Write it as SQL.";
            return self.refuse("psql-command", statement.span, message);
        }
        if statement.flags.templated {
            let message = "A template's placeholder stands in it, and a run executes the file as it is. Give the \
                           rendered text.";
            return self.refuse("template", statement.span, message);
        }
        if let Some(variable) = psql_variable(statement.span.of(&self.file.text)) {
            let message = "Here psql writes the value of a variable before it sends the statement; a server \
                           takes it for a syntax error. Write the value.";
            self.refuse("psql-command", variable.shifted(statement.span.start), message);
        }
        if let Some((name, place)) = text_settings::first_other(statement.span.of(&self.file.text)) {
            let message = format!(
                "It gives {name} a value under which the server reads texts otherwise than you see them here. A run \
                 keeps it as it is: take this out, and write the texts so that they need no other value."
            );
            self.refuse("text-setting", place.shifted(statement.span.start), message);
        }
        match self.beyond.class(statement, self.file, index) {
            Class::Begin => self.begin(statement),
            Class::Mode => {
                let message = "A run begins its transactions itself: READ COMMITTED and READ WRITE. It cannot \
                               honour another mode, and leaving it out would change what the file means.";
                self.refuse("transaction-mode", statement.span, message);
                if statement.kind == StatementKind::Other(Verb::Begin) {
                    self.begin(statement);
                }
            }
            Class::Commit => self.end(statement, COMMITS),
            Class::CommitAndChain if matches!(self.state, State::Author { .. }) => {
                self.end(statement, COMMITS);
                self.begin(statement);
            }
            Class::CommitAndChain => self.end(statement, COMMITS),
            Class::ClientCopy => {
                let message = "It sends or takes rows through the client, and a run has none. Write the rows \
                               as INSERT, or load them by other means than a migration.";
                self.refuse("client-copy", statement.span, message);
            }
            Class::Rollback if self.mode == Mode::RolledBack => {
                self.end(statement, "The author rolls back before it.");
            }
            Class::Rollback => {
                self.refuse(UNBALANCED, statement.span, "A ROLLBACK undoes what the file has just done.");
            }
            Class::Prepared => {
                let message = "A prepared transaction outlives the run and keeps its locks.";
                self.refuse(UNBALANCED, statement.span, message);
            }
            Class::OutsideOnly => self.standalone(index, statement),
            Class::InsideOnly if self.mode == Mode::Single => {
                let message = "It has an effect only inside a transaction, and the file says that \
                               it wants none.";
                self.refuse("inside-transaction-only", statement.span, message);
            }
            Class::InsideOnly | Class::Any => self.join(index, statement),
        }
    }

    fn begin(&mut self, statement: &Statement) {
        if matches!(self.state, State::Author { .. }) {
            let message =
                "A transaction is open already: PostgreSQL only warns, and the next COMMIT ends both.";
            return self.refuse(UNBALANCED, statement.span, message);
        }
        self.close("The author begins a transaction here.");
        self.state = State::Author { begin: statement.span, started: false };
    }

    fn end(&mut self, statement: &Statement, reason: &'static str) {
        if matches!(self.state, State::Author { .. }) {
            self.close(reason);
        } else {
            let message = "There is no BEGIN before it: it would end the run's own transaction.";
            self.refuse(UNBALANCED, statement.span, message);
        }
    }

    fn standalone(&mut self, index: usize, statement: &Statement) {
        const CODE: &str = "outside-transaction-only";
        if self.mode == Mode::RolledBack {
            let message = "PostgreSQL refuses it inside a transaction, and this file runs in one that is \
                           rolled back.";
            return self.refuse(CODE, statement.span, message);
        }
        if matches!(self.state, State::Author { .. }) {
            let message = "PostgreSQL refuses it inside a transaction: move it out of BEGIN … COMMIT.";
            return self.refuse(CODE, statement.span, message);
        }
        self.push(
            SegmentKind::Standalone,
            "PostgreSQL refuses it inside a transaction block.",
            index,
            statement,
        );
        self.close("The statement before it has committed on its own.");
    }

    fn join(&mut self, index: usize, statement: &'a Statement) {
        if self.mode == Mode::Single && !matches!(self.state, State::Author { .. }) {
            let kind = match may_want_none(statement, &self.file.text) {
                true => SegmentKind::Standalone,
                false => SegmentKind::Transaction,
            };
            self.push(
                kind,
                "The file says that it wants no transaction around its statements.",
                index,
                statement,
            );
            return self.close("");
        }
        let uses = || self.labels.may_be_used(statement, &self.file.text);
        if matches!(self.state, State::Open) && self.mode == Mode::Shared && uses() {
            self.close("It uses an enum value that must be committed first.");
        }
        match self.state {
            State::Closed { reason } => {
                self.push(SegmentKind::Transaction, reason, index, statement);
                self.state = State::Open;
            }
            State::Author { begin, started: false } => {
                self.push(
                    SegmentKind::Transaction,
                    "The author begins a transaction here.",
                    index,
                    statement,
                );
                self.state = State::Author { begin, started: true };
            }
            State::Author { .. } => self.extend(index, statement),
            State::Open => self.extend(index, statement),
        }
        self.labels.extend(new_label(statement));
    }

    fn close(&mut self, reason: &'static str) {
        self.state = State::Closed { reason };
        self.labels.clear();
    }

    fn push(&mut self, kind: SegmentKind, reason: &str, index: usize, statement: &Statement) {
        let reason = if self.segments.is_empty() { String::new() } else { reason.to_owned() };
        let statements = vec![self.planned(index, statement)];
        self.segments.push(Segment { kind, reason, statements });
    }

    fn extend(&mut self, index: usize, statement: &Statement) {
        let planned = self.planned(index, statement);
        if let Some(last) = self.segments.last_mut() {
            last.statements.push(planned);
        }
    }

    fn planned(&self, index: usize, statement: &Statement) -> PlannedStatement {
        PlannedStatement {
            index,
            span: statement.span,
            line: self.lines.line_of(statement.span.start),
            kind: statement.kind.to_string(),
            summary: shown(&summary(statement, &self.file.text)).into_owned(),
            locks: Vec::new(),
        }
    }

    fn refuse(&mut self, code: &str, span: Span, message: impl Into<String>) {
        let (code, path) = (code.to_owned(), self.file.path.clone());
        self.refusals.push(Refusal {
            code,
            path,
            span: Some(span),
            message: shown(&message.into()).into_owned(),
        });
    }
}
