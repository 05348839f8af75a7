//! The set of files and what is asked of it. Pure Rust, so that its tests run without a browser.

use std::{
    cell::LazyCell,
    collections::{BTreeMap, BTreeSet},
};

use studio_kernel::{
    lint::{self, Settings},
    migration::{Migration, MigrationSet, SourceFile},
    plan::{self, Plan, PlannedStatement, SegmentKind},
    sql::{
        lock,
        statement::{Reading, Statement},
    },
    text::LineIndex,
};

use crate::{
    grammar::{self, Refusal},
    names,
    wire::{Analysis, Names, OutlineRow},
};

/// Every file of the set, as last given.
#[derive(Default)]
pub(crate) struct Analyser {
    set: MigrationSet,
    settings: Settings,
    /// The target's major version.
    server: Option<u16>,
    /// As last answered: names change far less often than text.
    names: Option<Names>,
}

impl Analyser {
    /// No files yet, and a target that has these versions and is of this major version, where it is known.
    pub(crate) fn new(applied: BTreeSet<String>, server: Option<u16>) -> Self {
        Self { settings: Settings::of_target(applied, server), server, ..Self::default() }
    }

    pub(crate) fn put(&mut self, file: SourceFile) {
        self.set.put(file);
    }

    pub(crate) fn analyse(&mut self, file: SourceFile) -> Analysis {
        let path = file.path.clone();
        self.set.put(file);
        let mut analysis = self.answer(&path);
        if self.names.is_none() {
            analysis.names = self.new_names();
        }
        analysis
    }

    /// The texts of a file's statements; nothing of a file that is not there.
    pub(crate) fn statements(&self, path: &str) -> Vec<String> {
        let Some(file) = self.set.get(path) else { return Vec::new() };
        file.parsed.statements.iter().map(|one| one.span.of(&file.text).to_owned()).collect()
    }

    /// Which of them the grammar is to read.
    pub(crate) fn for_grammar(&self, path: &str) -> Vec<bool> {
        self.set.get(path).map(grammar::reads).unwrap_or_default()
    }

    /// The analysis of a file as last given, with what sqlparser and the grammar said of its statements, as far as they
    /// said anything.
    pub(crate) fn analyse_with(
        &mut self,
        path: &str,
        readings: &[Option<Vec<Reading>>],
        refusals: Option<&[Refusal]>,
    ) -> Analysis {
        self.set.note(path, readings);
        let mut analysis = self.answer(path);
        analysis.names = self.new_names();
        if let (Some(file), Some(refusals)) = (self.set.get(path), refusals) {
            grammar::add(&mut analysis.report, file, refusals);
            analysis.grammar = grammar::reads(file).into_iter().all(|read| read);
        }
        analysis
    }

    /// The set's names, when they are others than those answered last. They follow from the whole set, which is too much
    /// for each keystroke.
    fn new_names(&mut self) -> Option<Names> {
        let names = names::of(&self.set);
        let new = self.names.as_ref() != Some(&names);
        new.then(|| self.names.insert(names).clone())
    }

    fn answer(&self, path: &str) -> Analysis {
        let plan = plan::preview(&self.set, path, self.server);
        let file = self.set.get(path);
        Analysis {
            grammar: false,
            report: lint::lint(&self.set, &[path], &self.settings),
            outline: file.map(|file| outline(file, &plan, self.server)).unwrap_or_default(),
            names: None,
            plan,
        }
    }
}

pub(crate) fn outline(file: &Migration, plan: &Plan, server: Option<u16>) -> Vec<OutlineRow> {
    let lines = LazyCell::new(|| LineIndex::new(&file.text));
    let planned = planned(file, plan);
    let row = |(index, statement): (usize, &Statement)| {
        let known = planned.get(&index);
        let kind = statement.kind.to_string();
        OutlineRow {
            span: statement.span,
            line: known.map_or_else(|| lines.line_of(statement.span.start), |(_, known)| known.line),
            summary: known.map_or_else(|| summary(&kind, statement), |(_, known)| known.summary.clone()),
            locks: known.map_or_else(|| lock::locks(statement, server), |(_, known)| known.locks.clone()),
            standalone: known.is_some_and(|(segment, _)| *segment == SegmentKind::Standalone),
            outline_only: statement.reading.is_some_and(|reading| !reading.has_tree()),
            kind,
        }
    };
    file.parsed.statements.iter().enumerate().map(row).collect()
}

/// The plan knows more than a statement alone: which objects the file itself made before it locks them.
/// Files that are never run by themselves, and transaction control, are not in it.
fn planned<'plan>(
    file: &Migration,
    plan: &'plan Plan,
) -> BTreeMap<usize, (SegmentKind, &'plan PlannedStatement)> {
    let segments = plan.files.iter().filter(|one| one.path == file.path).flat_map(|one| &one.segments);
    segments
        .flat_map(|segment| segment.statements.iter().map(|statement| (segment.kind, statement)))
        .map(|(kind, statement)| (statement.index, (kind, statement)))
        .collect()
}

fn summary(kind: &str, statement: &Statement) -> String {
    let words = kind.replace('_', " ");
    statement.objects.first().map_or(words.clone(), |object| format!("{words} {}", object.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETUP: &str = "20250101000000_setup.sql";

    fn file(path: &str, text: &str) -> SourceFile {
        (path, text).into()
    }

    #[test]
    fn an_analysis_has_the_outline() {
        let mut analyser = Analyser::default();
        let analysis =
            analyser.analyse(file(SETUP, "-- ä\ncreate table t (a int);\ncreate index i on t (a);\n"));
        let rows: Vec<_> = analysis.outline.iter().map(|row| (row.line, row.kind.as_str())).collect();
        assert_eq!(rows, [(2, "create_table"), (3, "create_index")]);
    }

    #[test]
    fn names_come_first_and_then_with_the_second_reading_when_they_changed() {
        let mut analyser = Analyser::default();
        let known = |names: Names| names.keys().cloned().collect::<Vec<_>>();
        assert_eq!(known(analyser.analyse(file(SETUP, "create table t ();")).names.unwrap()), ["public.t"]);
        assert_eq!(analyser.analyse(file(SETUP, "create table u ();")).names, None);
        assert_eq!(known(analyser.analyse_with(SETUP, &[], None).names.unwrap()), ["public.u"]);
        assert_eq!(analyser.analyse_with(SETUP, &[], None).names, None);
    }

    #[test]
    fn what_the_target_has_decides_who_waits_for_an_index() {
        let later = "20250102000000_more.sql";
        let waits = |applied: &[&str]| {
            let mut analyser =
                Analyser::new(applied.iter().map(|&version| version.to_owned()).collect(), None);
            analyser.put(file(SETUP, "create table if not exists public.t (a int);"));
            let index = file(later, "create index if not exists i on public.t (a);");
            let findings = analyser.analyse(index).report.findings;
            findings.iter().any(|finding| finding.rule == "index-not-concurrent")
        };
        assert!(!waits(&[]), "nobody writes to a table that is not there yet");
        assert!(waits(&["20250101000000"]));
        assert!(!waits(&["20250101000000", "20250102000000"]), "what is applied is not judged again");
    }

    #[test]
    fn the_target_s_version_decides_what_is_locked() {
        let locked = |server| {
            let mut analyser = Analyser::new(BTreeSet::new(), server);
            let analysis = analyser.analyse(file(SETUP, "grant select on public.t to anon;"));
            analysis.outline[0].locks.iter().map(|lock| lock.object.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(locked(Some(17)), Vec::<String>::new());
        assert_eq!(locked(Some(18)), ["public.t"]);
        assert_eq!(locked(None), ["public.t"], "of all versions");
        let mut analyser = Analyser::new(BTreeSet::new(), Some(17));
        let down = "-- migrate:up\nselect 1;\n-- migrate:down\ngrant select on public.t to anon;";
        let analysis = analyser.analyse(file(SETUP, down));
        assert_eq!(analysis.outline[1].locks, [], "also where no plan has the statement");
    }

    #[test]
    fn what_the_parser_said_of_a_statement_stays_while_the_statement_does() {
        let mut analyser = Analyser::default();
        let text = &format!("create table t (a int); --{:200}\ndo $$ begin drop table t; end $$;", "");
        let analysis = analyser.analyse(file(SETUP, text));
        assert_eq!((analysis.report.coverage.parsed, analysis.report.coverage.unread), (0, 3));
        let body = vec![Reading::OutlineOnly, Reading::Parsed];
        let analysis = analyser.analyse_with(SETUP, &[Some(vec![Reading::Parsed]), Some(body)], None);
        assert_eq!((analysis.report.coverage.parsed, analysis.report.coverage.unread), (2, 0));
        assert!(!analysis.outline[0].outline_only && analysis.outline[1].outline_only);
        let analysis = analyser.analyse(file(SETUP, &text.replace("int", "bigint")));
        assert_eq!((analysis.report.coverage.parsed, analysis.report.coverage.unread), (1, 1));
    }

    #[test]
    fn what_is_written_can_be_read() {
        let mut analyser = Analyser::default();
        let analysis = analyser.analyse(file(SETUP, "create table t (a int); drop table nothing;"));
        let json = serde_json::to_string(&analysis).unwrap();
        assert_eq!(serde_json::from_str::<Analysis>(&json).unwrap(), analysis);
    }
}
