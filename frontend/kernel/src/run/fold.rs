//! How an event changes a [`RunView`].
//! It decides nothing: whoever writes the events has decided.

use super::{
    RunEvent, RunEventKind, RunState, RunView, SegmentState, SegmentView, StatementState, StatementView,
    StepView,
};

impl RunView {
    /// Takes one event in. Events that were seen already change nothing; one that names a step, segment or
    /// statement the plan does not have changes only `seq`.
    pub fn apply(&mut self, event: &RunEvent) {
        if event.seq <= self.seq {
            return;
        }
        self.seq = event.seq;
        match &event.kind {
            RunEventKind::Queued { kind, target, steps } => {
                self.kind = *kind;
                self.target.clone_from(target);
                self.began.clone_from(&event.at);
                self.steps =
                    steps.iter().map(|step| StepView::new(&step.title, step.file.as_ref())).collect();
            }
            RunEventKind::Waiting { holder } => {
                self.state = RunState::Waiting;
                self.waiting_for = Some(holder.clone());
            }
            RunEventKind::Started { server_version, role, settings, backend: _ } => {
                self.state = RunState::Running;
                self.waiting_for = None;
                self.server_version.clone_from(server_version);
                self.role.clone_from(role);
                self.settings.clone_from(settings);
            }
            RunEventKind::Progress { step, text } => {
                if let Some(step) = self.steps.get_mut(*step) {
                    step.progress.push(text.clone());
                }
            }
            RunEventKind::Cancelling { by: _ } => self.state = RunState::Cancelling,
            RunEventKind::Ended { state, summary } => self.end(*state, summary, &event.at),
            RunEventKind::SegmentStarted { step, segment } => {
                self.segment(*step, *segment, |segment| segment.state = SegmentState::Running);
            }
            RunEventKind::SegmentCommitted { step, segment, ledger } => {
                self.segment(*step, *segment, |segment| {
                    segment.state = SegmentState::Committed;
                    segment.note = ledger.clone().unwrap_or_default();
                    // What was said of them may be lost; that they took effect is not.
                    segment.resolve(StatementState::Running, StatementState::Done);
                    segment.resolve(StatementState::Queued, StatementState::Done);
                })
            }
            RunEventKind::SegmentRolledBack { step, segment, reason } => {
                self.segment(*step, *segment, |segment| {
                    segment.state = SegmentState::RolledBack;
                    segment.note.clone_from(reason);
                    segment.resolve(StatementState::Done, StatementState::RolledBack);
                    segment.resolve(StatementState::Running, StatementState::RolledBack);
                    segment.resolve(StatementState::Queued, StatementState::Skipped);
                })
            }
            RunEventKind::SegmentUnknown { step, segment } => self.segment(*step, *segment, |segment| {
                segment.state = SegmentState::Unknown;
                segment.resolve(StatementState::Done, StatementState::Unknown);
                segment.resolve(StatementState::Running, StatementState::Unknown);
                segment.resolve(StatementState::Queued, StatementState::Skipped);
            }),
            RunEventKind::StatementStarted { step, statement } => {
                self.statement(*step, *statement, |statement| {
                    statement.state = StatementState::Running;
                    statement.began = Some(event.at.clone());
                });
            }
            RunEventKind::StatementDone { step, statement, rows, micros } => {
                self.statement(*step, *statement, |statement| {
                    statement.state = StatementState::Done;
                    statement.rows = *rows;
                    statement.micros = micros.or(statement.micros);
                });
            }
            RunEventKind::StatementFailed { step, statement, micros, error } => {
                self.statement(*step, *statement, |statement| {
                    statement.state = StatementState::Failed;
                    statement.micros = micros.or(statement.micros);
                    statement.error = Some(error.clone());
                });
            }
            RunEventKind::StatementUnknown { step, statement } => {
                self.statement(*step, *statement, |statement| statement.state = StatementState::Unknown);
            }
            RunEventKind::Notice { step, statement, notice } => {
                self.statement(*step, *statement, |statement| {
                    if notice.has_place(statement.notices.len()) {
                        statement.notices.push(notice.clone());
                    } else {
                        statement.notices_dropped += 1;
                    }
                })
            }
        }
    }

    fn end(&mut self, state: RunState, summary: &str, at: &str) {
        self.state = state;
        self.waiting_for = None;
        summary.clone_into(&mut self.summary);
        self.ended = Some(at.to_owned());
        for segment in self.steps.iter_mut().flat_map(|step| &mut step.segments) {
            segment.resolve(StatementState::Queued, StatementState::Skipped);
            if segment.state == SegmentState::Queued {
                segment.state = SegmentState::Skipped;
            }
        }
    }

    fn segment(&mut self, step: usize, segment: usize, change: impl FnOnce(&mut SegmentView)) {
        if let Some(segment) = self.steps.get_mut(step).and_then(|step| step.segments.get_mut(segment)) {
            change(segment);
        }
    }

    /// Statements stand in the order of the file, in segments and across them, and a run may have very many.
    fn statement(&mut self, step: usize, index: usize, change: impl FnOnce(&mut StatementView)) {
        let ends_before =
            |segment: &SegmentView| segment.statements.last().is_some_and(|last| last.planned.index < index);
        let found = self.steps.get_mut(step).and_then(|step| {
            let at = step.segments.partition_point(ends_before);
            let statements = &mut step.segments.get_mut(at)?.statements;
            let at = statements.binary_search_by_key(&index, |statement| statement.planned.index).ok()?;
            statements.get_mut(at)
        });
        if let Some(statement) = found {
            change(statement);
        }
    }
}

impl SegmentView {
    fn resolve(&mut self, from: StatementState, to: StatementState) {
        for statement in self.statements.iter_mut().filter(|statement| statement.state == from) {
            statement.state = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        plan::{PlannedFile, PlannedStatement, Purpose, Segment, SegmentKind},
        run::{NOTICES_KEPT, RunKind, ServerNotice, SqlError, event::RunStep, verdict::Verdict},
    };

    fn queued() -> RunEventKind {
        let statement = |index| PlannedStatement { index, ..PlannedStatement::default() };
        let segment = |statements: Vec<usize>| Segment {
            kind: SegmentKind::Transaction,
            reason: String::new(),
            statements: statements.into_iter().map(statement).collect(),
        };
        let file = PlannedFile {
            path: "a.sql".to_owned(),
            sha256: String::new(),
            version: None,
            name: String::new(),
            purpose: Purpose::Apply,
            segments: vec![segment(vec![0, 1]), segment(vec![2])],
        };
        let steps = vec![RunStep { title: "Apply".to_owned(), file: Some(file) }];
        RunEventKind::Queued { kind: RunKind::Apply, target: "db".to_owned(), steps }
    }

    fn fold(kinds: Vec<RunEventKind>) -> RunView {
        let events: Vec<RunEvent> = std::iter::once(queued())
            .chain(kinds)
            .zip(1..)
            .map(|(kind, seq)| RunEvent { seq, at: format!("t{seq}"), kind })
            .collect();
        RunView::fold(RunKind::Apply, &events)
    }

    fn states(view: &RunView) -> Vec<&str> {
        view.steps[0].statements().map(|statement| statement.state.as_str()).collect()
    }

    #[test]
    fn a_failure_rolls_back_what_was_done_and_skips_the_rest() {
        let view = fold(vec![
            RunEventKind::SegmentStarted { step: 0, segment: 0 },
            RunEventKind::StatementDone { step: 0, statement: 0, rows: Some(3), micros: Some(5) },
            RunEventKind::StatementFailed {
                step: 0,
                statement: 1,
                micros: Some(7),
                error: SqlError::default(),
            },
            RunEventKind::SegmentRolledBack { step: 0, segment: 0, reason: "failed".to_owned() },
            RunEventKind::Ended { state: RunState::Failed, summary: "Nothing was applied.".to_owned() },
        ]);
        assert_eq!(states(&view), ["rolled_back", "failed", "skipped"]);
        let segments = view.steps[0].segments.iter().map(|segment| segment.state);
        assert_eq!(segments.collect::<Vec<_>>(), [SegmentState::RolledBack, SegmentState::Skipped]);
        assert_eq!(view.failure().map(|(_, statement)| statement.planned.index), Some(1));
        assert_eq!(view.ended.as_deref(), Some("t6"));
    }

    #[test]
    fn nothing_runs_in_a_segment_that_was_rolled_back() {
        let view = fold(vec![
            RunEventKind::SegmentStarted { step: 0, segment: 0 },
            RunEventKind::StatementStarted { step: 0, statement: 0 },
            RunEventKind::SegmentRolledBack { step: 0, segment: 0, reason: "stopped".to_owned() },
        ]);
        assert_eq!(states(&view), ["rolled_back", "skipped", "queued"]);
    }

    #[test]
    fn events_seen_twice_and_strangers_change_nothing() {
        let mut view = fold(vec![RunEventKind::SegmentStarted { step: 0, segment: 0 }]);
        let before = view.clone();
        view.apply(&RunEvent {
            seq: 2,
            at: String::new(),
            kind: RunEventKind::Cancelling { by: "x".to_owned() },
        });
        assert_eq!(view, before);
        let stranger = RunEventKind::StatementStarted { step: 9, statement: 9 };
        view.apply(&RunEvent { seq: 3, at: String::new(), kind: stranger });
        assert_eq!(view, RunView { seq: 3, ..before });
    }

    #[test]
    fn what_was_committed_is_done_whatever_was_heard_of_it() {
        let view = fold(vec![
            RunEventKind::SegmentStarted { step: 0, segment: 0 },
            RunEventKind::StatementStarted { step: 0, statement: 0 },
            RunEventKind::SegmentCommitted { step: 0, segment: 0, ledger: None },
        ]);
        assert_eq!(states(&view), ["done", "done", "queued"]);
    }

    #[test]
    fn a_committed_segment_stays_done_when_a_later_one_is_lost() {
        let view = fold(vec![
            RunEventKind::StatementDone { step: 0, statement: 0, rows: None, micros: Some(1) },
            RunEventKind::StatementDone { step: 0, statement: 1, rows: None, micros: Some(1) },
            RunEventKind::SegmentCommitted { step: 0, segment: 0, ledger: None },
            RunEventKind::StatementUnknown { step: 0, statement: 2 },
            RunEventKind::SegmentUnknown { step: 0, segment: 1 },
            RunEventKind::Ended { state: RunState::Unknown, summary: String::new() },
        ]);
        assert_eq!(states(&view), ["done", "done", "unknown"]);
    }

    fn notice(severity: &str, text: &str) -> RunEventKind {
        RunEventKind::Notice {
            step: 0,
            statement: 0,
            notice: ServerNotice {
                severity: severity.to_owned(),
                sqlstate: "00000".to_owned(),
                message: text.to_owned(),
                detail: None,
                hint: None,
            },
        }
    }

    #[test]
    fn the_error_that_sums_up_failed_checks_is_no_check() {
        let error = SqlError { message: "2 checks failed".to_owned(), ..SqlError::default() };
        let failed = RunEventKind::StatementFailed { step: 0, statement: 0, micros: Some(1), error };
        let verdicts = |said: &[&str]| {
            let said = said.iter().map(|text| notice("NOTICE", text));
            let view = fold(said.chain([failed.clone()]).collect());
            view.steps[0].lines().iter().map(|line| line.verdict).collect::<Vec<_>>()
        };
        assert_eq!(verdicts(&["❌ a", "❌ b"]), [Verdict::Fail, Verdict::Fail, Verdict::Info]);
        assert_eq!(verdicts(&["✅ a"]), [Verdict::Pass, Verdict::Fail]);
    }

    #[test]
    fn a_time_that_nobody_saw_is_unknown_and_one_that_was_seen_stays() {
        let failed = |statement| RunEventKind::StatementFailed {
            step: 0,
            statement,
            micros: None,
            error: SqlError::default(),
        };
        let view = fold(vec![
            RunEventKind::StatementDone { step: 0, statement: 0, rows: None, micros: Some(5) },
            failed(0),
            failed(1),
        ]);
        let micros: Vec<_> = view.steps[0].statements().map(|statement| statement.micros).collect();
        assert_eq!(micros, [Some(5), None, None]);
    }

    #[test]
    fn notices_become_verdict_lines_and_are_capped() {
        let mut events: Vec<_> = (0..NOTICES_KEPT + 5).map(|_| notice("NOTICE", "✅ fine")).collect();
        events.extend([notice("WARNING", "✅ almost"), notice("NOTICE", "✅ fine")]);
        let view = fold(events);
        let statement = view.steps[0].statements().next().unwrap();
        assert_eq!((statement.notices.len(), statement.notices_dropped), (NOTICES_KEPT + 1, 6));
        assert!(view.steps[0].lines().iter().all(|line| line.verdict == Verdict::Pass));
    }
}
