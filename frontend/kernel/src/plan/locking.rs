//! The locks of a plan's statements, in the light of the set: by name where it knows them, and none on what the
//! file itself makes.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Plan, PlannedFile,
    relations::{Catalog, Name, Relations, resolved},
};
use crate::{
    migration::{Migration, MigrationSet},
    sql::{
        lock::{Lock, Reach, locks_given},
        statement::{ObjectKind, ObjectRole, Statement},
    },
};

impl Plan {
    /// Says which locks its statements take on a server of this major version, 13 to 18; without one, the
    /// strongest of any. The plan's digest does not change.
    pub fn lock_for(&mut self, set: &MigrationSet, server: Option<u16>) {
        self.lock_in(set, &Relations::of(set), server);
    }

    /// The same, where the set's relations are known.
    pub(super) fn lock_in(&mut self, set: &MigrationSet, relations: &Relations<'_>, server: Option<u16>) {
        let mut makers: BTreeMap<Name<'_>, usize> = BTreeMap::new();
        for name in set.files().iter().flat_map(made_by) {
            *makers.entry(name).or_default() += 1;
        }
        let mut locking = Locking { set, relations, catalog: Catalog::default(), makers, server };
        // Each file finds what those before it have made; what undoes or proves them finds all of it.
        for file in set.forward_files() {
            locking.file(file, self.files.iter_mut().find(|planned| planned.path == file.path));
        }
        for planned in &mut self.files {
            if let Some(file) = set.get(&planned.path).filter(|file| !file.role.is_forward()) {
                locking.file(file, Some(planned));
            }
        }
    }
}

struct Locking<'a> {
    set: &'a MigrationSet,
    relations: &'a Relations<'a>,
    /// As the statements so far have made it.
    catalog: Catalog<'a>,
    /// How many files make a relation.
    makers: BTreeMap<Name<'a>, usize>,
    server: Option<u16>,
}

impl<'a> Locking<'a> {
    fn file(&mut self, file: &'a Migration, planned: Option<&mut PlannedFile>) {
        let mut made = if planned.is_some() { made_by(file) } else { BTreeSet::new() };
        // What several files make, each unless it exists, may be there.
        made.retain(|name| self.makers.get(name).is_none_or(|files| *files < 2));
        let segments = planned.into_iter().flat_map(|planned| &mut planned.segments);
        let mut planned = segments.flat_map(|segment| &mut segment.statements).peekable();
        self.catalog.open(file);
        for (index, statement) in file.parsed.forward().take_while(|_| !self.set.is_stopped()) {
            match planned.next_if(|planned| planned.index == index) {
                Some(planned) => planned.locks = self.on_what_existed(statement, &made),
                None => self.catalog.follow(statement),
            }
        }
    }

    fn on_what_existed(&mut self, statement: &'a Statement, made: &BTreeSet<Name<'_>>) -> Vec<Lock> {
        let mut found: Vec<Lock> = Vec::new();
        let mut places: BTreeMap<(String, String, Reach), usize> = BTreeMap::new();
        let locks = locks_given(statement, self.server, &mut self.catalog);
        for lock in locks.into_iter().flat_map(|lock| self.relations.named(lock)) {
            let own =
                matches!(lock.reach, Reach::Itself | Reach::Children | Reach::Indexes | Reach::Sequences);
            if own && made.contains(&resolved(&lock.object)) {
                continue;
            }
            let (schema, name) = resolved(&lock.object);
            let place = places.entry((schema.to_owned(), name.to_owned(), lock.reach)).or_insert(found.len());
            match found.get_mut(*place) {
                Some(known) => known.join(&lock),
                None => found.push(lock),
            }
        }
        found.sort_by(|a, b| b.mode.cmp(&a.mode).then(a.reach.cmp(&b.reach)));
        found
    }
}

/// The relations a file makes: nobody can hold or wait for a lock on them before it commits.
fn made_by(file: &Migration) -> BTreeSet<Name<'_>> {
    use ObjectKind::{ForeignTable, Index, MaterializedView, Sequence, Table, View};
    let relation = |kind| matches!(kind, Table | ForeignTable | View | MaterializedView | Index | Sequence);
    let made = file.parsed.forward().flat_map(|(_, statement)| statement.in_role(ObjectRole::Makes));
    made.filter(|object| relation(object.kind)).map(|object| resolved(&object.name)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{PlannedFile, plan, tests::set};

    /// The locks of the last file's statements, as sentences.
    fn locks(files: &[(&str, &str)], server: Option<u16>) -> Vec<String> {
        let (set, last) = (set(files), files[files.len() - 1].0);
        let mut plan = plan(&set, &[last], &BTreeSet::new());
        plan.lock_for(&set, server);
        let statements = plan.files.iter().flat_map(PlannedFile::statements);
        statements.flat_map(|statement| &statement.locks).map(ToString::to_string).collect()
    }

    #[test]
    fn locks_bear_names_where_the_set_knows_them() {
        let made = "create table p (id int primary key);\n\
                    create table t (id serial, p_id int references public.p) partition by list (id);\n\
                    create table t_1 partition of t for values in (1);\n\
                    create index t_p on t (p_id);";
        let last = |sql| locks(&[("1_a.sql", made), ("2_b.sql", sql)], None);
        assert_eq!(
            last("drop index public.t_p"),
            [
                "ACCESS EXCLUSIVE on public.t_p",
                "ACCESS EXCLUSIVE on public.t: it has the index public.t_p",
                "ACCESS EXCLUSIVE on public.t_1: it is a partition or a child of public.t",
            ]
        );
        assert_eq!(
            last("drop table t_1"),
            [
                "ACCESS EXCLUSIVE on t_1",
                "ACCESS EXCLUSIVE on public.t: it is divided into partitions, such as t_1",
                "ACCESS EXCLUSIVE on the default partition beside t_1",
            ]
        );
        assert_eq!(
            last("alter table only t drop constraint t_p_id_fkey"),
            ["ACCESS EXCLUSIVE on t", "perhaps ACCESS EXCLUSIVE on public.p: if a foreign key goes with it"]
        );
        assert_eq!(
            last("create table t_2 partition of t for values in (2)")[0],
            "ACCESS EXCLUSIVE on t: it gets another partition"
        );
        assert_eq!(last("alter table p add a int"), ["ACCESS EXCLUSIVE on p"]);
        assert_eq!(
            last("alter table stranger add a int"),
            ["ACCESS EXCLUSIVE on stranger and its partitions"],
            "of a table that no file makes nothing is known"
        );
    }

    #[test]
    fn truncate_cascade_reaches_all_that_refers_at_any_remove() {
        let made = "create table a (id int primary key); create table b (a int primary key references a);\n\
                    create table c (b int references b) partition by list (b);\n\
                    create table c_1 partition of c for values in (1); create table beside (b int);";
        let on = |sql| {
            let found = locks(&[("1_a.sql", made), ("2_b.sql", sql)], None);
            let last = |lock: &String| lock.split(" on ").nth(1).unwrap_or_default().to_owned();
            found.iter().map(last).collect::<Vec<_>>()
        };
        let emptied =
            |name: &str| format!("public.{name}, perhaps rewrites the table: it is emptied into a new file");
        assert_eq!(on("truncate a cascade")[1..], ["b", "c", "c_1"].map(emptied));
        assert_eq!(on("truncate b cascade")[1..], ["c", "c_1"].map(emptied));
        assert_eq!(on("truncate c_1").len(), 1);
    }

    #[test]
    fn what_several_files_make_may_be_there() {
        let made = "create table if not exists t (); comment on table t is 'x';";
        let comment = "SHARE UPDATE EXCLUSIVE on t";
        assert_eq!(locks(&[("1_a.sql", made)], None), [""; 0]);
        assert_eq!(locks(&[("1_a.sql", made), ("2_b.sql", made)], None), [comment]);
    }

    #[test]
    fn the_way_back_in_a_file_undoes_nothing_of_what_later_files_find() {
        let made = "-- +goose Up\ncreate table t (a varchar(10));\n-- +goose Down\ndrop table t;\ncreate table u ();";
        let later = |sql| locks(&[("1_a.sql", made), ("2_b.sql", sql)], None);
        assert_eq!(later("alter table t alter a type varchar(20)"), ["ACCESS EXCLUSIVE on t"]);
        let unknown = later("drop table u");
        assert!(
            unknown[0].contains("u and its partitions"),
            "of what only the way back makes nothing is known"
        );
    }

    #[test]
    fn a_plan_can_speak_of_one_version() {
        let grant = [("1_a.sql", "grant select on t to r")];
        assert_eq!(locks(&grant, Some(17)), [""; 0]);
        assert_eq!(locks(&grant, None), ["ACCESS SHARE on t"]);
    }
}
