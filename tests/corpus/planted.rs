//! The comparison can fail: what is planted is noticed, each by its own bar.

use std::io;

use studio_kernel::{sql, text::Span};

use crate::{blank::blanked, compare::Read, corpora, oracle, tally::Tally};

/// The reader reads one text, the judge another.
fn compared(read: &str, judged: &str) -> io::Result<Tally> {
    let verdicts = oracle::judge(&corpora::folder()?, &[blanked(judged)])?;
    let parsed = sql::parse(read);
    Ok(Read { path: "planted", text: read, sent: read, parsed: &parsed }.whole(&verdicts[0], &mut Vec::new()))
}

#[test]
fn what_differs_is_noticed() -> io::Result<()> {
    for (read, judged, bar) in [
        ("select 1 + 2", "select 1 ; select 2", "split"),
        ("select 1; select 2", "select 1 -- 2;", "split"),
        ("drop table a", "drop index a", "kind"),
        ("drop table a", "drop table b", "names"),
        ("drop table a, b", "drop table a, c", "names"),
        ("create index i on t (a)", "create index i on u (a)", "names"),
        ("alter table t disable trigger a, b", "alter table t disable trigger abcd", "names"),
        ("select 1 from a, b", "select 1 from a  c", "tables"),
        ("alter table t drop a", "alter table t add a int", "names"),
        ("select (1", "select 1", "problems"),
        ("select :a", "select xa", "problems"),
        ("do $$ begin perform 1; end $$", "do $$ begin null;      end $$", "bodies"),
        ("do $$ begin execute a || b || c; end $$", "do $$ begin execute 'select 1' ; end $$", "bodies"),
        ("create schema s /* table t ()  */", "create schema s create table t ()", "bodies"),
        ("create schema s create table t ()", "create schema s create table u ()", "bodies"),
        ("do $$ begin raise 'a'; end $$", "do $$ begin raise 'b'; end $$", "bodies"),
    ] {
        let missed = compared(read, judged)?.misses();
        assert!(missed.iter().any(|miss| miss.contains(bar)), "{read} as {judged}: {missed:?}");
        assert_eq!(compared(judged, judged)?.misses(), [""; 0], "{judged}");
    }
    Ok(())
}

#[test]
fn a_name_in_the_wrong_place_is_noticed() -> io::Result<()> {
    let text = "drop table stuff";
    let verdicts = oracle::judge(&corpora::folder()?, &[text.to_owned()])?;
    let mut parsed = sql::parse(text);
    parsed.statements[0].objects[0].span = Span::new(5, 10);
    let tally =
        Read { path: "planted", text, sent: text, parsed: &parsed }.whole(&verdicts[0], &mut Vec::new());
    assert_eq!((tally.naming, tally.names), (1, 0));
    Ok(())
}
