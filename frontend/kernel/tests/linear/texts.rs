//! Texts of one kind each: bodies, comments, and what is no SQL. As in `kinds`, they need not run.

use super::kinds::{Kind, block, each, statements};

/// Bodies, comments, and what is no SQL.
pub(crate) const TEXTS: &[Kind] = &[
    ("do block", |n| block(n, "alter table t# add column c int")),
    ("do block on one table", |n| block(n, "alter table t add column c# int")),
    ("do block that creates", |n| block(n, "create table t# (a int)")),
    ("do block of conditions", |n| block(n, "if a = # then create table t# (a int); end if")),
    ("do block of nested conditions", |n| {
        format!("do $$ begin {} null; {} end $$;", "if a then ".repeat(n), "end if; ".repeat(n))
    }),
    ("do block of nested blocks", |n| {
        format!("do $$ begin {} null; {} end $$;", "begin ".repeat(n), "end; ".repeat(n))
    }),
    ("do block of handlers", |n| {
        format!(
            "do $$ begin create table t (); exception {} end $$;",
            each(n, "\n", "when sqlstate '#' then null;")
        )
    }),
    ("do block of blocks with handlers", |n| {
        block(n, "begin create table t# (a int); exception when duplicate_table then null; end")
    }),
    ("do block of conditions of a handler", |n| {
        format!(
            "do $$ begin create table t (); exception when {} then null; end $$;",
            each(n, " or ", "sqlstate '#'")
        )
    }),
    ("do block of statements in many blocks", |n| {
        let (begins, ends) = ("begin ".repeat(n), "end; ".repeat(n));
        format!("do $$ begin {begins}{};\n{ends} end $$;", each(n, ";\n", "create table t# (a int)"))
    }),
    ("do block of statements in many handlers", |n| {
        let (begins, ends) = ("begin ".repeat(n), "exception when others then null; end;\n".repeat(n));
        format!("do $$ begin {begins}{};\n{ends} end $$;", each(n, ";\n", "create table t# (a int)"))
    }),
    ("do block of handlers in handlers", |n| {
        let begins = "begin null; exception when others then null; ".repeat(n);
        format!("do $$ begin {begins} {} end $$;", "end; ".repeat(n))
    }),
    ("do block of raises", |n| block(n, "raise exception 'a #'")),
    ("do block of executes", |n| block(n, "execute 'create table t# (a int)'")),
    ("do block of unknown executes", |n| block(n, "execute format('drop table %I', a#)")),
    ("do block of declarations", |n| {
        format!("do $$ declare {}; begin null; end $$;", each(n, ";\n", "a# int := 1"))
    }),
    ("do block of assignments", |n| block(n, "a# := (select 1 from t#)")),
    ("do block of loops", |n| block(n, "for r in select * from t# loop delete from t#; end loop")),
    ("do block of nested blocks with handlers", |n| {
        let ends = "exception when others then null; end;\n";
        format!("do $$ begin {} create table t (a int); {} end $$;", "begin ".repeat(n), ends.repeat(n))
    }),
    ("do blocks", |n| {
        statements(n, "do $$ begin create table t# (a int); exception when duplicate_table then null; end $$")
    }),
    ("do blocks that execute", |n| statements(n, "do $$ begin execute 'create table t# (a int)'; end $$")),
    ("function body", |n| {
        format!(
            "create function f() returns int language plpgsql as $$ begin\n{};\nend $$;",
            each(n, ";\n", "insert into t# values (1)")
        )
    }),
    ("function body in quotes", |n| {
        format!(
            "create function f() returns int language plpgsql as 'begin {}; end';",
            each(n, "; ", "insert into t# values (''a'')")
        )
    }),
    ("sql function body", |n| {
        format!(
            "create function f() returns int language sql as $$ {}; $$;",
            each(n, ";\n", "insert into t# values (1)")
        )
    }),
    ("atomic body", |n| {
        format!("create function f() returns int begin atomic {}; end;", each(n, ";\n", "select a from t#"))
    }),
    ("raises that validate", |n| {
        block(n, "if not exists (select 1 from t#) then raise exception 'a'; end if")
    }),
    ("comments", |n| each(n, "\n", "-- a #") + "\nselect 1;"),
    ("comments before statements", |n| statements(n, "-- a #\n/* b */ select 1")),
    ("comments of blocks", |n| each(n, " ", "/* a # */") + "select 1;"),
    ("nested comments", |n| format!("{}{} select 1;", "/*".repeat(n), "*/".repeat(n))),
    ("comments that are never closed", |n| "/*".repeat(n)),
    ("comments in a statement", |n| format!("create table t ({});", each(n, ",\n", "c# int -- a\n"))),
    ("allowed statements", |n| {
        each(n, "\n", "-- studio: allow create-without-guard because of this\ncreate table t# (a int);")
    }),
    ("allowed for nothing", |n| each(n, "\n", "-- studio: allow drop-table because of this\nselect 1;")),
    ("allowed for the file", |n| {
        each(n, "\n", "-- studio: allow-file drop-table because of this") + "\ndrop table a;"
    }),
    ("allowed many times for one statement", |n| {
        format!(
            "{}\ncreate table t (a int);",
            each(n, "\n", "-- studio: allow create-without-guard because of this")
        )
    }),
    ("allowed behind one another in a line", |n| {
        each(n, " ", "/* studio: allow create-without-guard because of this */ create table t# (a int);")
    }),
    ("allowed in a body", |n| block(n, "-- studio: allow drop-table because of this\ndrop table t#")),
    ("allowed in a body for nothing", |n| block(n, "-- studio: allow drop-column because of this\nselect #")),
    ("allowed in bodies", |n| {
        statements(n, "do $$ begin\n-- studio: allow drop-table because of this\ndrop table t#; end $$")
    }),
    ("allowed in an alter table", |n| {
        format!(
            "alter table t {};",
            each(n, ",\n", "-- studio: allow drop-column because of this\ndrop column c#")
        )
    }),
    ("allowed of no known rule", |n| each(n, "\n", "-- studio: allow nothing because of this\nselect 1;")),
    ("ways back", |n| {
        each(n, "\n", "-- +goose Up\ncreate table t# (a int);\n-- +goose Down\ndrop table t#;")
    }),
    ("goose statements", |n| each(n, "\n", "-- +goose StatementBegin\nselect #;\n-- +goose StatementEnd")),
    ("meta-commands", |n| each(n, "\n", "\\set a# 1")),
    ("included files", |n| each(n, "\n", "\\i a#.sql")),
    ("psql variables", |n| statements(n, "select :a#, :'b'")),
    ("placeholders", |n| statements(n, "create table {{ t# }} (a int)")),
    ("placeholders of one statement", |n| format!("select {};", each(n, ", ", "{{ a# }}"))),
    // The search for an end goes on for half a thousand bytes.
    ("placeholders that are never closed", |n| format!("{{{{ {}", "a ".repeat(300)).repeat(n)),
    ("directives", |n| each(n, "\n", "{% if a# %} select 1; {% endif %}")),
    ("tags of texts", |n| format!("select {};", each(n, ", ", "$a#$ ' $a#$"))),
    ("tags that are never closed", |n| format!("select {}", each(n, "\n", "$a#$"))),
    ("parameters", |n| statements(n, "select $1, $2")),
    ("quotes that are never closed", |n| each(n, "\n", "select 'a''# ")),
    ("colons", |n| format!("select {};", each(n, ", ", "a[1:#]"))),
    ("backslashes", |n| "\\".repeat(n)),
    ("texts with backslashes", |n| statements(n, "select E'\\'#', U&'\\0041'")),
    ("other settings of texts", |n| statements(n, "set standard_conforming_strings = off; select 'a'")),
    ("findings in one line", |n| each(n, " ", "drop table t#;")),
    ("broken statements", |n| statements(n, "create table t# (a int))")),
    ("lines", |n| "\n".repeat(n) + "select 1;"),
    ("letters that are no ASCII", |n| {
        format!("select '{}';", "ä".repeat(n)) + &statements(n, "drop table ä#")
    }),
    ("requires", |n| format!("-- A.\n-- requires: {}\nselect 1;", each(n, ", ", "a#"))),
];
