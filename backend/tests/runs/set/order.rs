//! The forward files in order, and once more: applying a file again changes no object and no row.

use studio_kernel::run::RunState;

use super::{DATA, Rows, fingerprint, forward, set, whole};
use crate::bench::{Bench, on_runtime};

#[test]
fn the_set_applies_in_order_and_a_second_time_changes_nothing() {
    on_runtime(async {
        let set = set().await;
        let bench = Bench::new("set_twice").await;
        for file in forward(&set) {
            let run = bench.run(&[(file.path.as_str(), file.text.as_str())]).await;
            assert_eq!(run.state, RunState::Done, "{}: {}", file.path, run.summary);
            whole(&bench.client, DATA).await.unwrap();
        }
        let (schema, before) = (fingerprint(&bench).await, Rows::of(&bench.client).await);
        assert!(schema.len() > 400 && before.total() > 4_000, "{} and {}", schema.len(), before.total());
        for file in forward(&set) {
            let again = whole(&bench.client, &file.text).await;
            assert!(again.is_ok(), "{}: {again:?}", file.path);
            assert_eq!(schema.changes_to(&fingerprint(&bench).await), [], "{}", file.path);
            let changed = before.changes_to(&Rows::of(&bench.client).await);
            assert_eq!(changed, Vec::<String>::new(), "{}", file.path);
            println!("{}: again without a change", file.path);
        }
    });
}

/// A name that PostgreSQL made up is another one after a dump, and nobody can say it in a later migration.
#[test]
fn every_index_and_constraint_has_a_name_of_the_sets_own() {
    on_runtime(async {
        let bench = super::stocked("set_names").await;
        let unnamed =
            "select indexrelid::regclass::text from pg_index join pg_class on pg_class.oid = indrelid
             where relnamespace = 'public'::regnamespace and not exists (
               select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', 'x')
             ) and indexrelid::regclass::text !~ '^idx_archon_'
             union all
             select conname from pg_constraint
             where connamespace = 'public'::regnamespace and contype <> 'n'
               and (conname !~ '^archon_' or contype <> 'p' and conname ~ '_(key|check|fkey|excl)[0-9]*$')";
        assert_eq!(super::column(&bench.client, unnamed).await, Vec::<String>::new());
    });
}
