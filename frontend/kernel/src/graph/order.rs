//! The order in which forward files can be applied, by what their headers require.

use super::Graph;
use crate::migration::MigrationSet;

/// Files in an order that honours every requirement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// Paths; among files that may stand in any order, the order of paths. Files of a cycle are left out.
    pub paths: Vec<String>,
    /// Files that require each other.
    pub cycles: Vec<Cycle>,
}

/// Paths, each of which needs the next; the last needs the first.
pub type Cycle = Vec<String>;

/// Orders the forward files of a set by the edges of its graph.
pub fn order(set: &MigrationSet, graph: &Graph) -> Order {
    let mut open: Vec<&str> = set.forward_files().map(|file| file.path.as_str()).collect();
    let mut order = Order::default();
    let needs = |path: &str, open: &[&str]| -> Vec<String> {
        let edges = graph.edges.iter().filter(|edge| edge.from == path && edge.to != path);
        edges.filter(|edge| open.contains(&edge.to.as_str())).map(|edge| edge.to.clone()).collect()
    };
    loop {
        if let Some(at) = open.iter().position(|path| needs(path, &open).is_empty()) {
            order.paths.push(open.remove(at).to_owned());
            continue;
        }
        let Some(first) = open.first() else { return order };
        // Everything left needs something that is left: following the first need must come round.
        let mut walk: Vec<String> = vec![(*first).to_owned()];
        let cycle = loop {
            let last = walk.last().map_or("", String::as_str);
            let next = needs(last, &open).into_iter().next().unwrap_or_default();
            match walk.iter().position(|path| *path == next) {
                Some(start) => break walk.split_off(start),
                None => walk.push(next),
            }
        };
        open.retain(|path| !cycle.iter().any(|member| member == path));
        order.cycles.push(cycle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{graph::graph, migration::SourceFile};

    #[track_caller]
    fn check(files: &[(&str, &str)], expected: &[&str], cycles: &[&[&str]]) {
        let set = MigrationSet::new(files.iter().copied().map(SourceFile::from));
        let order = order(&set, &graph(&set));
        assert_eq!(order.paths, expected);
        assert_eq!(order.cycles, cycles);
    }

    #[test]
    fn requirements_come_first_and_paths_break_ties() {
        check(
            &[("1_a.sql", "-- requires: c"), ("2_b.sql", ""), ("3_c.sql", "")],
            &["2_b.sql", "3_c.sql", "1_a.sql"],
            &[],
        );
    }

    #[test]
    fn cycles_are_named_and_the_rest_is_ordered() {
        let files =
            [("1_a.sql", "-- requires: b"), ("2_b.sql", "-- requires: a"), ("3_c.sql", "-- requires: b")];
        check(&files, &["3_c.sql"], &[&["1_a.sql", "2_b.sql"]]);
    }
}
