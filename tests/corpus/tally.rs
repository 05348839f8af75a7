//! What was compared, in numbers, and the bars they must reach.

use std::fmt::{self, Write as _};

/// The counts of a file, of a corpus, of all corpora.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) files: usize,
    /// Files that PostgreSQL reads whole.
    pub(crate) accepted: usize,
    /// Of those: cut at the same places.
    pub(crate) split: usize,
    /// Statements that PostgreSQL reads.
    pub(crate) statements: usize,
    /// Of those: kind as PostgreSQL's.
    pub(crate) kinds: usize,
    /// Statements that name an object.
    pub(crate) naming: usize,
    /// Of those: all names, roles, places and actions as PostgreSQL's.
    pub(crate) names: usize,
    /// Statements that are queries or hold one.
    pub(crate) reading: usize,
    /// Of those: the tables they read as PostgreSQL's.
    pub(crate) reads: usize,
    /// Problems reported in what PostgreSQL reads.
    pub(crate) alarms: usize,
    /// Bodies that PostgreSQL's own parsers read.
    pub(crate) bodies: usize,
    /// Of those: with the same content.
    pub(crate) bodies_read: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.files += other.files;
        self.accepted += other.accepted;
        self.split += other.split;
        self.statements += other.statements;
        self.kinds += other.kinds;
        self.naming += other.naming;
        self.names += other.names;
        self.reading += other.reading;
        self.reads += other.reads;
        self.alarms += other.alarms;
        self.bodies += other.bodies;
        self.bodies_read += other.bodies_read;
    }

    /// The bars it misses, a sentence each.
    pub(crate) fn misses(&self) -> Vec<String> {
        let mut missed = Vec::new();
        for (what, right, of) in [
            ("files are split as PostgreSQL splits them", self.split, self.accepted),
            ("statements have PostgreSQL's kind", self.kinds, self.statements),
            ("queries read PostgreSQL's tables", self.reads, self.reading),
            ("bodies hold what PostgreSQL finds in them", self.bodies_read, self.bodies),
        ] {
            if right < of {
                missed.push(format!("only {right} of {of} {what}"));
            }
        }
        if self.names * 1000 < self.naming * 999 {
            missed.push(format!("only {} of {} statements have PostgreSQL's names", self.names, self.naming));
        }
        if self.alarms > 0 {
            missed.push(format!("{} problems are reported in accepted text", self.alarms));
        }
        missed
    }
}

/// The table of all corpora.
pub(crate) fn table(rows: &[(String, Tally)]) -> String {
    let mut out = String::new();
    let titles = ["files", "split as PostgreSQL", "kinds", "names", "tables read", "false alarms", "bodies"];
    let _ = write!(out, "{:44}", "");
    for (title, width) in titles.iter().zip(WIDTHS) {
        let _ = write!(out, " {title:>width$}");
    }
    out.push('\n');
    for (name, tally) in rows {
        let _ = writeln!(out, "{name:44}{tally}");
    }
    out
}

const WIDTHS: [usize; 7] = [6, 19, 17, 17, 17, 13, 13];

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |right: usize, all: usize| format!("{right} of {all}");
        let cells = [
            self.files.to_string(),
            of(self.split, self.accepted),
            of(self.kinds, self.statements),
            of(self.names, self.naming),
            of(self.reads, self.reading),
            self.alarms.to_string(),
            of(self.bodies_read, self.bodies),
        ];
        for (cell, width) in cells.iter().zip(WIDTHS) {
            write!(out, " {cell:>width$}")?;
        }
        Ok(())
    }
}
