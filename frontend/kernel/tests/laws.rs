//! What holds for every text, valid or not, and for every file of the migration set.

use std::{fs, io, path::Path};

use proptest::prelude::*;
use studio_kernel::{
    sql::{
        Parsed, parse, significant_tokens,
        statement::{Detail, Statement, StatementKind, Verb},
    },
    text::Span,
};

/// SQL with everything that can be opened, nested and left open.
const SAMPLES: [&str; 8] = [
    "create table \"T\" (a int default 'x''y', b text check (b <> E'\\'' and (a > 0)), primary key (a));",
    "create function f() returns int begin atomic select case when a then 1 end; select 2; end;",
    "do $x$ declare a int := 1; begin if a then execute format('drop table %I', a); else raise exception '%', a; end if; exception when others then null; end $x$;",
    "copy t from stdin;\n1\t'\n\\.\n\\set x 1\nselect 1 \\gset\nselect /* a /* b */ c */ $1, $$ ' $$, U&'\\0041';",
    "create rule r as on insert to t do instead (delete from a; delete from b);",
    "alter table s.t add column if not exists ä timestamptz default now() not null, drop constraint c, alter b type numeric(10,2) using b::numeric;",
    "with w as (select 1 from a), v as (update b set c = 1 returning *) select * into x from w, v where a[1:2] @> '{}';",
    "create policy p on t for all to a, b using ((select auth.uid()) = id) with check (true); grant all on all tables in schema s to r;",
];

/// Pieces of the samples, cut anywhere and glued in any order.
fn mangled() -> impl Strategy<Value = String> {
    let piece = (0..SAMPLES.len(), any::<prop::sample::Index>(), any::<prop::sample::Index>());
    let glue =
        prop_oneof![Just(""), Just(" "), Just("'"), Just("$$"), Just("/*"), Just("("), Just("\n"), Just("é")];
    prop::collection::vec((piece, glue), 1..8).prop_map(|pieces| {
        let mut out = String::new();
        for ((sample, a, b), glue) in pieces {
            let chars: Vec<char> = SAMPLES[sample].chars().collect();
            let (a, b) = (a.index(chars.len()), b.index(chars.len()));
            out.extend(&chars[a.min(b)..a.max(b)]);
            out += glue;
        }
        out
    })
}

/// Spans lie on characters, in order, inside one another.
fn check_spans(statement: &Statement, text: &str) {
    let fits = |span: Span| text.get(span.start..span.end).is_some();
    assert!(fits(statement.span), "{:?}", statement.span);
    for object in &statement.objects {
        assert!(fits(object.span) && statement.span.contains(object.span), "{object:?}");
    }
    for action in statement.actions() {
        assert!(fits(action.span) && statement.span.contains(action.span), "{action:?}");
    }
    if let Some(body) = statement.body() {
        assert!(fits(body.span) && statement.span.contains(body.span), "{:?}", body.span);
        for embedded in &body.statements {
            assert!(body.span.contains(embedded.statement.span), "{:?}", embedded.statement.span);
            check_spans(&embedded.statement, text);
        }
        for span in body.handlers.iter().map(|one| one.span).chain(body.raises.iter().map(|one| one.span)) {
            assert!(fits(span) && body.span.contains(span), "{span:?}");
        }
    }
}

fn check_parsed(parsed: &Parsed, text: &str) {
    let mut end = 0;
    for statement in &parsed.statements {
        assert!(statement.span.start >= end && !statement.span.is_empty(), "{:?}", statement.span);
        end = statement.span.end;
        check_spans(statement, text);
    }
    for problem in &parsed.problems {
        assert!(text.get(problem.span.start..problem.span.end).is_some(), "{problem:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reading_never_panics_and_spans_are_sound(text in mangled()) {
        let parsed = parse(&text);
        check_parsed(&parsed, &text);
        let again = parse(&text);
        prop_assert_eq!(parsed.statements, again.statements);
        prop_assert_eq!(parsed.problems, again.problems);
    }

    #[test]
    fn reading_survives_any_text(text in "\\PC{0,60}") {
        check_parsed(&parse(&text), &text);
    }
}

#[test]
fn nesting_exhausts_no_stack_and_takes_no_time() {
    let many = 20_000;
    for text in [
        "(".repeat(many),
        format!("select {}1{}", "(".repeat(many), ")".repeat(many)),
        format!("select {}", "'a' || ".repeat(many)),
        format!("select {} 1", "case when ".repeat(many)),
        format!("do $$ begin {} end $$", "begin ".repeat(many)),
        "/*".repeat(many),
        "\\".repeat(many),
        "{{".repeat(many),
        (0..many).map(|number| format!("\nselect $a{number}$")).collect(),
        "explain ".repeat(many),
        "create schema a ".repeat(many),
    ] {
        check_parsed(&parse(&text), &text);
    }
}

#[test]
fn what_holds_nothing_has_its_place_in_its_statement() {
    for text in ["select 1; create function f() begin atomic end", "select 1; create policy p on t using ()"]
    {
        let parsed = parse(text);
        check_parsed(&parsed, text);
        let place = parsed.statements.last().map(|one| match &one.detail {
            Detail::Policy(policy) => policy.using,
            _ => one.body().map(|body| body.span),
        });
        assert_eq!(place, Some(Some(Span::at(10))), "{text}");
    }
}

#[test]
fn comments_and_white_space_carry_no_meaning() {
    let a = "-- x\nCREATE  TABLE T (a INT /* y */);\n\nselect 'A' ;";
    let b = "create table t (a int); SELECT 'A'";
    assert_eq!(significant_tokens(a), significant_tokens(b));
    assert_ne!(significant_tokens("select 'A'"), significant_tokens("select 'a'"));
    assert_ne!(significant_tokens("select \"A\""), significant_tokens("select \"a\""));
}

fn sql_files(folder: &Path, found: &mut Vec<(String, String)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sql_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            found.push((path.display().to_string(), fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

#[test]
fn the_migration_set_reads_without_a_problem() -> io::Result<()> {
    let mut files = Vec::new();
    sql_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations"), &mut files)?;
    assert!(!files.is_empty());
    for (path, text) in files {
        let parsed = parse(&text);
        check_parsed(&parsed, &text);
        assert_eq!(parsed.problems, [], "{path}");
        assert!(!parsed.statements.is_empty(), "{path}");
        for statement in &parsed.statements {
            let unknown = statement.kind == StatementKind::Other(Verb::Unknown);
            assert!(!unknown, "{path}: {}", statement.span.of(&text));
        }
    }
    Ok(())
}
