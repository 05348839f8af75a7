//! Names for completion: what the forward files of the set, in their order, leave in an empty database.

use studio_kernel::{migration::MigrationSet, schema::Schema, sql::statement::ObjectKind};

use crate::wire::Names;

/// Relations with their columns, routines and types.
pub(crate) fn of(set: &MigrationSet) -> Names {
    let schema = Schema::of(set);
    let mut names = Names::new();
    for (oid, object) in schema.objects() {
        match object.of {
            Some(relation) if object.kind == ObjectKind::Column => {
                let columns = names.entry(schema.qualified(relation).to_string()).or_default();
                columns.push(object.name.to_string());
            }
            None if completes(object.kind) => {
                names.entry(schema.qualified(oid).to_string()).or_default();
            }
            _ => {}
        }
    }
    names
}

const fn completes(kind: ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::Table
            | ObjectKind::ForeignTable
            | ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::Function
            | ObjectKind::Procedure
            | ObjectKind::Type
            | ObjectKind::Domain
            | ObjectKind::Sequence
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_those_that_are_left_with_the_columns_they_have_then() {
        use studio_kernel::migration::{MigrationSet, SourceFile};

        let files = [
            (
                "1_a.sql",
                "create table t (a int, b int); create table gone (); create function f() returns int return 1;",
            ),
            ("2_b.sql", "alter table t rename b to c; alter table t add \"D\" int; drop table gone;"),
            ("3_c.sql", "create view app.v as select a, c as e from t; create type mood as enum ('fine');"),
            ("rollback/c.sql", "drop view app.v;"),
        ];
        let set = MigrationSet::new(files.map(SourceFile::from));
        let names = super::of(&set);
        let shown: Vec<String> =
            names.iter().map(|(name, columns)| format!("{name}: {}", columns.join(" "))).collect();
        assert_eq!(shown, ["app.v: a e", "public.f: ", "public.mood: ", "public.t: a c \"D\""]);
    }
}
