//! An edited text is read as if it were new: statements, problems and markers, with every span.

use std::{fs, io, path::Path};

use proptest::{prelude::*, sample::Index};
use studio_kernel::sql::{Parsed, parse, parse_again};

/// What opens, closes, cuts and joins statements.
const INSERTED: [&str; 28] = [
    "",
    "",
    "x",
    " ",
    "\n",
    ";",
    "'",
    "\"",
    "$$",
    "$a$",
    "/*",
    "*/",
    "--",
    "(",
    ")",
    ",",
    "E'",
    "\\'",
    "\\\\",
    "\\;",
    "\n\\i a.sql\n",
    "{{ a }}",
    "{%",
    "%}",
    "é",
    "\u{feff}",
    "\n-- +goose Down\n",
    "\ncopy t from stdin;\n",
];

/// What the set has little of.
const ODD: &str = "\u{feff}-- +goose Up\nselect 1;\n\\ir a.sql\ncopy t from stdin;\n1\t'\n\\.\nselect {{ a }};\n\
    select E'a' -- +goose StatementEnd\n'b', 1;\ncreate policy p on t using (a) with check (b); -- +goose Down\n\
    alter table t add column a int check (a > 0), add constraint c check (b);select 'a';;\ncreate rule r as on insert \
    to t do (select 1; select 2);\nalter view v rename column a to b;\n\\echo a \\\\ select 1;\n\
    create function f() returns int begin atomic select case when a then 1 end; end;\ndo $$ begin execute a || b; end $$;\nselect 'open\n\
    select 2;";

fn sql_files(folder: &Path, found: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sql_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            found.push(fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// The files of the set.
fn texts() -> Vec<String> {
    let mut texts = Vec::new();
    let read = sql_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations"), &mut texts);
    assert!(read.is_ok() && texts.len() > 10, "{read:?}");
    texts.sort();
    texts
}

/// What stands between two places goes, and something else comes.
fn edit(text: &mut String, at: Index, length: usize, inserted: &str) {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let from = at.index(places.len());
    let to = (from + length).min(places.len() - 1);
    text.replace_range(places[from]..places[to], inserted);
}

fn assert_same(again: &Parsed, fresh: &Parsed) {
    assert_eq!(again.statements, fresh.statements);
    assert_eq!(again.problems, fresh.problems);
    assert_eq!(again.markers, fresh.markers);
}

/// Edits a text again and again; each reading starts from the one before.
fn follow(mut text: String, edits: &[(Index, usize, Index)]) {
    let mut parsed = parse(&text);
    for (at, length, inserted) in edits {
        let earlier = text.clone();
        edit(&mut text, *at, *length, INSERTED[inserted.index(INSERTED.len())]);
        parsed = parse_again(&text, &earlier, parsed);
        assert_same(&parsed, &parse(&text));
    }
}

fn edits() -> impl Strategy<Value = Vec<(Index, usize, Index)>> {
    let length = prop_oneof![4 => Just(0_usize), 4 => 1_usize..4, 1 => 4_usize..400];
    prop::collection::vec((any::<Index>(), length, any::<Index>()), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edited_files_of_the_set_are_read_as_new_ones(file in any::<Index>(), edits in edits()) {
        follow(file.get(&texts()).clone(), &edits);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edited_oddities_are_read_as_new_ones(edits in edits()) {
        follow(ODD.to_owned(), &edits);
    }
}

/// What was written into a statement before tells it from a fresh one.
#[test]
fn what_did_not_change_is_not_read_again() {
    let far = "-".repeat(200);
    let text = |number: u8| format!("select 1; {far}\nselect {number}; {far}\nselect 3;");
    let (earlier, later) = (text(2), text(20));
    let mut parsed = parse(&earlier);
    parsed.statements.iter_mut().for_each(|one| one.flags.full = true);
    let again = parse_again(&later, &earlier, parsed);
    let kept: Vec<bool> = again.statements.iter().map(|one| one.flags.full).collect();
    assert_eq!(kept, [true, false, true]);
}
