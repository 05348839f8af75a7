//! `requires:` against what a file uses.

use std::collections::BTreeMap;

use super::{Exchange, Graph, Misfit, footprint::Reading};
use crate::migration::{Migration, MigrationSet, Role};

/// Says what the header of a file names in vain or does not name, and adds what it names to `needs`.
pub(super) fn check(
    graph: &mut Graph,
    set: &MigrationSet,
    reading: &Reading,
    at: usize,
    needs: &mut BTreeMap<usize, Vec<String>>,
) {
    let files = set.files();
    let file = &files[at];
    let (required, unknown) = set.required_by(file);
    for stem in unknown {
        let (file, stem) = (file.path.clone(), stem.to_owned());
        graph.misfits.push(Misfit::UnknownRequirement { file, stem });
    }
    // A file that removes or mends what it finds needs none of it to be there.
    let takes_what_is_there = matches!(file.role, Role::Reset | Role::Cleanup);
    if file.header.requires.is_some() && !takes_what_is_there {
        let reached = reachable(set, file);
        for maker in needs.keys().filter(|maker| !reached.contains(&files[**maker].path.as_str())) {
            let (file, maker) = (file.path.clone(), files[*maker].path.clone());
            graph.misfits.push(Misfit::Undeclared { file, maker });
        }
    }
    for required in required {
        let Some(place) = files.iter().position(|file| file.path == required.path) else { continue };
        let used = needs.contains_key(&place);
        needs.entry(place).or_default();
        // Rows of one table that both fill are a reason, too.
        let free = || reading.exchange(at, place) == Exchange::Commutes;
        if !used && file.role.is_forward() && free() {
            let (file, required) = (file.path.clone(), required.path.clone());
            graph.misfits.push(Misfit::Superfluous { file, required });
        }
    }
}

/// The paths that `requires:` leads to, directly or through others.
fn reachable<'set>(set: &'set MigrationSet, file: &'set Migration) -> Vec<&'set str> {
    let mut found: Vec<&str> = Vec::new();
    let mut open = vec![file];
    while let Some(next) = open.pop() {
        for required in set.required_by(next).0 {
            if !found.contains(&required.path.as_str()) {
                found.push(&required.path);
                open.push(required);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        graph::{graph, graph_from},
        migration::SourceFile,
        schema::{Schema, Snapshot},
    };

    fn set(files: &[(&str, &str)]) -> MigrationSet {
        MigrationSet::new(files.iter().copied().map(SourceFile::from))
    }

    #[test]
    fn a_requirement_is_superfluous_when_the_files_commute() {
        let graph = graph(&set(&[
            ("1_a.sql", "create table t ();"),
            ("2_b.sql", "-- requires: a\ncreate table u ();"),
            ("3_c.sql", "-- requires: a\ninsert into t default values;"),
            ("4_d.sql", "-- requires: c\ninsert into t default values;"),
        ]));
        let superfluous = Misfit::Superfluous { file: "2_b.sql".into(), required: "1_a.sql".into() };
        assert_eq!(graph.misfits, [superfluous]);
    }

    #[test]
    fn needs_that_another_requirement_leads_to_are_declared() {
        let files = [
            ("1_a.sql", "create table t (a int);"),
            ("2_b.sql", "-- requires: a\ncreate index on t (a);"),
            ("3_c.sql", "-- requires: b\ndrop index t_a_idx; alter table t drop column a;"),
            ("4_d.sql", "-- requires: none\nalter table t rename to u;"),
            ("maintenance/reset.sql", "-- role: reset\n-- requires: none\ndrop table if exists u;"),
        ];
        let undeclared = Misfit::Undeclared { file: "4_d.sql".into(), maker: "1_a.sql".into() };
        assert_eq!(graph(&set(&files)).misfits, [undeclared]);
    }

    #[test]
    fn what_goes_with_its_table_is_not_needed() {
        let files = [
            ("1_a.sql", "create table t (a int);"),
            ("2_b.sql", "-- requires: a\nalter table t add column b int; create index i on t (b);"),
            ("rollback/undo_a.sql", "-- requires: a\ndrop table t;"),
            ("rollback/undo_b.sql", "-- requires: a\ndrop index i;"),
        ];
        let undeclared = Misfit::Undeclared { file: "rollback/undo_b.sql".into(), maker: "2_b.sql".into() };
        assert_eq!(graph(&set(&files)).misfits, [undeclared]);
    }

    #[test]
    fn what_a_snapshot_does_not_hold_is_missing() {
        let set = set(&[("1_a.sql", "insert into elsewhere values (1); drop table if exists gone;")]);
        assert_eq!(graph(&set).misfits, []);
        let empty = Schema::from(&Snapshot::default());
        let missing = Misfit::Missing {
            file: "1_a.sql".into(),
            span: crate::text::Span::new(12, 21),
            object: "relation public.elsewhere".into(),
        };
        assert_eq!(graph_from(&set, empty).misfits, [missing]);
    }
}
