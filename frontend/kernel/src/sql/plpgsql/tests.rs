//! What bodies hold and how it runs, as tables.

use crate::sql::{parse, statement::Body};

fn body(sql: &str) -> Body {
    let parsed = parse(sql);
    parsed.statements.first().and_then(|one| one.body()).cloned().unwrap_or_default()
}

/// Embedded statements, marked: `?` conditional, `!` guarded, `*` dynamic.
fn check(inside: &str, expected: &str) {
    let found: Vec<String> = body(&format!("do $$ {inside} $$"))
        .statements
        .iter()
        .map(|embedded| {
            let mark = |on, mark| if on { mark } else { "" };
            format!(
                "{}{}{}{}",
                embedded.statement.kind,
                mark(embedded.conditional, "?"),
                mark(embedded.guarded, "!"),
                mark(embedded.dynamic, "*")
            )
        })
        .collect();
    assert_eq!(found.join(" "), expected, "{inside}");
}

#[test]
fn embedded_statements_know_how_they_run() {
    check(
        "begin create type m as enum ('a'); exception when duplicate_object then null; end",
        "create_type!",
    );
    check(
        "begin if not exists (select 1) then create table t (); else drop table t; end if; end",
        "create_table? drop_table?",
    );
    check(
        "declare a int := 1; c cursor for select 1; begin a := 2; b.c[1] = 3; update t set a = 1; end",
        "select update",
    );
    check(
        "begin for r in select 1 loop delete from t; end loop; for i in 1..2 loop null; end loop; end",
        "select delete?",
    );
    check(
        "begin case a when 1 then insert into t values (case when b then 1 end); end case; vacuum; end",
        "insert? vacuum",
    );
    check(
        "begin begin select 1 into x; exception when others then drop table t; end; lock t; end",
        "select! drop_table? lock",
    );
    check(
        "begin execute 'drop table t'; execute format('create table %I ()', a) using b; execute a || b; end",
        "drop_table* create_table*",
    );
    check(
        "#variable_conflict use_column\n<<l>> begin while a loop perform f(); exit l when b; end loop l; end l",
        "select?",
    );
    check(
        "begin return query select 1; return query execute 'select 2'; open c for select 3; end",
        "select select* select",
    );
    check(
        "begin for r in explain select 1 loop null; end loop; for i in (select 1)..(select 2) loop null; end loop; end",
        "explain",
    );
    check("begin create rule r as on insert to t do (a; b); call p(); end", "create_rule call");
}

#[test]
fn handlers_raises_and_transactions_are_seen() {
    let read = body(
        "do $$ begin a := 1; exception when others or sqlstate '42P07' then raise notice 'it''s %', a; \
         null; when x then raise; end; $$",
    );
    let conditions: Vec<_> =
        read.handlers.iter().map(|one| (one.conditions.join(","), one.raises_again)).collect();
    assert_eq!(conditions, [("others,sqlstate '42P07'".to_owned(), false), ("x".to_owned(), true)]);
    let raises: Vec<_> = read.raises.iter().map(|one| (one.level.as_str(), one.message.as_str())).collect();
    assert_eq!(raises, [("notice", "it's %"), ("exception", "")]);
    assert!(read.raises.iter().all(|one| one.in_handler));
    assert!(body("do $$ begin commit; end $$").controls_transaction);
    assert!(!body("do $$ begin select 'commit;'; end $$").controls_transaction);
    assert_eq!(body("do $$ begin execute a || b; end $$").unknown_dynamic.len(), 1);
}

#[test]
fn messages_are_read_as_postgres_reads_them() {
    for (inside, message) in [
        ("'a ''b'' c'", "a 'b' c"),
        ("E'a\\n'\n'b'", "a\nb"),
        ("$m$a \"%\"$m$, x", "a \"%\""),
        ("'a' 'b'", "ab"),
        ("using message = 'a'", ""),
    ] {
        let read = body(&format!("do $$ begin raise exception {inside}; end $$"));
        assert_eq!(read.raises.first().map(|one| one.message.as_str()), Some(message), "{inside}");
    }
    let read = body("do 'begin raise ''a''; end'");
    assert_eq!(read.raises.first().map(|one| one.message.as_str()), Some("a"));
}

#[test]
fn standard_bodies_are_read() {
    for (sql, kinds) in [
        ("create function f() returns int return (select 1 from t)", "select"),
        (
            "create function f() returns int begin atomic insert into t values (1); return 1; end",
            "insert select",
        ),
        ("do 'begin perform 1;'\n' vacuum; end'", "select vacuum"),
    ] {
        let found: Vec<_> = body(sql).statements.iter().map(|one| one.statement.kind.to_string()).collect();
        assert_eq!(found.join(" "), kinds, "{sql}");
    }
}

#[test]
fn placeholders_name_no_object() {
    let read = body("do $$ begin execute format('create index %I on %I.t (a)', a, b); end $$");
    let objects = read.statements.first().map(|embedded| embedded.statement.objects.len());
    assert_eq!(objects, Some(0));
}

#[test]
fn variables_are_no_tables() {
    let read =
        body("do $$ begin select a, b from t into x, y; update t set a = 1 returning a, b into x, y; end $$");
    let objects = read.statements.iter().flat_map(|one| &one.statement.objects);
    let names: Vec<_> = objects.map(|object| format!("{} {}", object.role, object.name)).collect();
    assert_eq!(names, ["uses t", "changes t"]);
}

#[test]
fn quoted_bodies_keep_their_offsets() {
    let sql = "create function f() returns void language sql as 'insert into t values (''x'')'";
    let read = body(sql);
    let spans: Vec<&str> = read.statements.iter().map(|one| one.statement.span.of(sql)).collect();
    assert_eq!(spans, ["insert into t values (''x'')"]);
}

#[test]
fn quotes_in_names_of_quoted_bodies_are_no_padding() {
    let sql = r#"do 'begin insert into "it''s"."a""''''b" values (''x''); update U&"it''s" set a = 1; end'"#;
    let objects = body(sql).statements.into_iter().flat_map(|one| one.statement.objects);
    let found: Vec<_> = objects.map(|object| (object.name.to_string(), object.span.of(sql))).collect();
    let expected = [(r#""it's"."a""''b""#, r#""it''s"."a""''''b""#), (r#""it's""#, r#"U&"it''s""#)];
    assert_eq!(found, expected.map(|(name, written)| (name.to_owned(), written)));
}
