//! Texts of one kind each, as long as wanted: what is repeated in them is what their name says.
//! They need not run: what a server refuses is read as well.

/// A kind of text, and its text with so many repetitions.
pub(crate) type Kind = (&'static str, fn(usize) -> String);

/// `piece` so many times, each with its number, with `between` between two.
pub(crate) fn list(many: usize, between: &str, piece: impl Fn(usize) -> String) -> String {
    (0..many).map(piece).collect::<Vec<_>>().join(between)
}

/// `many` pieces behind one another; `#` in a piece is its number, always six digits.
pub(crate) fn each(many: usize, between: &str, piece: &str) -> String {
    list(many, between, |number| piece.replace('#', &format!("{number:06}")))
}

/// A table of so many columns.
pub(crate) fn table(many: usize) -> String {
    format!("create table t ({});\n", each(many, ",\n", "c# int"))
}

/// One ALTER TABLE.
fn alter(many: usize, action: &str) -> String {
    format!("alter table t {};", each(many, ",\n", action))
}

/// One ALTER TABLE of a table that has a column for each action.
fn alter_known(many: usize, action: &str) -> String {
    table(many) + &alter(many, action)
}

/// So many statements.
pub(crate) fn statements(many: usize, statement: &str) -> String {
    each(many, ";\n", statement) + ";"
}

/// One DO block.
pub(crate) fn block(many: usize, statement: &str) -> String {
    format!("do $$ begin\n{};\nend $$;", each(many, ";\n", statement))
}

/// The actions of one ALTER.
pub(crate) const ACTIONS: &[Kind] = &[
    ("add column", |n| alter(n, "add column c# int")),
    ("add column if not exists", |n| alter(n, "add column if not exists c# text not null default 'x'")),
    ("add column with a default", |n| alter(n, "add column c# uuid default gen_random_uuid()")),
    ("add column of an unknown type", |n| alter(n, "add column c# mood")),
    ("add column with a check", |n| alter(n, "add column c# int check (c# > 0)")),
    ("add column that refers to one table", |n| alter(n, "add column c# int references p")),
    ("add column that refers to many tables", |n| alter(n, "add column c# int references p#")),
    ("add column that is unique", |n| alter(n, "add column c# int constraint u# unique")),
    ("add column beside many", |n| alter_known(n, "add column d# int")),
    ("add column twice", |n| alter_known(n, "add column if not exists c# int")),
    ("add column to a child of many columns", |n| {
        table(n)
            + "create table s () inherits (t);"
            + &alter(n, "add column d# int").replacen("table t", "table s", 1)
    }),
    ("add constraint check", |n| alter_known(n, "add constraint k# check (c# > 0)")),
    ("add constraint without a name", |n| alter_known(n, "add check (c# > 0)")),
    ("add constraint not valid", |n| alter_known(n, "add constraint k# check (c# > 0) not valid")),
    ("add foreign key", |n| alter_known(n, "add constraint k# foreign key (c#) references p (id)")),
    ("add foreign key to many", |n| alter_known(n, "add foreign key (c#) references p# (id)")),
    ("add unique", |n| alter_known(n, "add constraint k# unique (c#)")),
    ("drop column", |n| alter_known(n, "drop column c#")),
    ("drop column if exists", |n| alter(n, "drop column if exists c# cascade")),
    ("drop column with indexes", |n| {
        table(n) + &statements(n, "create index i# on t (c#)") + &alter(n, "drop column c#")
    }),
    ("drop column with constraints", |n| {
        alter_known(n, "add constraint k# check (c# > 0)") + &alter(n, "drop column c#")
    }),
    ("drop constraint", |n| {
        alter_known(n, "add constraint k# check (c# > 0)") + &alter(n, "drop constraint k#")
    }),
    ("drop constraint if exists", |n| alter(n, "drop constraint if exists k#")),
    ("drop and add constraint", |n| {
        alter(n, "drop constraint if exists k#, add constraint k# check (a > 0)")
    }),
    ("set type", |n| alter_known(n, "alter column c# type bigint")),
    ("set type with indexes", |n| {
        table(n) + &statements(n, "create index i# on t (c#)") + &alter(n, "alter column c# type bigint")
    }),
    ("set type with constraints", |n| {
        alter_known(n, "add constraint k# check (c# > 0)") + &alter(n, "alter column c# type bigint")
    }),
    ("set type with foreign keys", |n| {
        alter_known(n, "add foreign key (c#) references p# (id)") + &alter(n, "alter column c# type bigint")
    }),
    ("set type of nothing known", |n| alter(n, "alter column c# type bigint using c#::bigint")),
    ("set not null", |n| alter_known(n, "alter column c# set not null")),
    ("drop not null", |n| alter_known(n, "alter column c# drop not null")),
    ("set default", |n| alter_known(n, "alter column c# set default 1")),
    ("drop default", |n| alter_known(n, "alter column c# drop default")),
    ("set statistics", |n| alter_known(n, "alter column c# set statistics 100")),
    ("add generated", |n| alter_known(n, "alter column c# add generated always as identity")),
    ("validate constraint", |n| {
        alter_known(n, "add constraint k# check (c# > 0) not valid") + &alter(n, "validate constraint k#")
    }),
    ("disable trigger", |n| alter(n, "disable trigger g#")),
    ("enable row level security", |n| alter(n, "enable row level security")),
    ("owner to", |n| alter(n, "owner to r#")),
    ("inherit", |n| alter(n, "inherit p#")),
    ("set type with a key of another table on each", |n| {
        table(n)
            + &statements(n, "create table p# (a int references t (c#))")
            + &alter(n, "alter column c# type bigint")
    }),
    ("set type with one check of all", |n| {
        let check = format!("alter table t add check ({});\n", each(n, " and ", "c# > 0"));
        table(n) + &check + &alter(n, "alter column c# type bigint")
    }),
    ("add foreign key to itself", |n| alter_known(n, "add foreign key (c#) references t (c#)")),
    ("add column to a table with partitions", |n| {
        "create table t (a int) partition by list (a);\ncreate table p partition of t default;\n".to_owned()
            + &alter(n, "add column c# int")
    }),
    ("add check to a table with a child", |n| {
        table(n) + "create table s () inherits (t);\n" + &alter(n, "add constraint k# check (c# > 0)")
    }),
    ("alter type add attribute", |n| {
        format!("create type t as (a int); alter type t {};", each(n, ", ", "add attribute c# int"))
    }),
    ("alter type drop attribute", |n| {
        format!(
            "create type t as ({}); alter type t {};",
            each(n, ", ", "c# int"),
            each(n, ", ", "drop attribute c#")
        )
    }),
];

/// Lists of one statement.
pub(crate) const LISTS: &[Kind] = &[
    ("create table", table),
    ("create table if not exists", |n| table(n).replacen("table", "table if not exists", 1)),
    ("create table with checks", |n| {
        format!("create table t ({});", each(n, ",\n", "c# int check (c# > 0)"))
    }),
    ("create table with foreign keys", |n| {
        format!("create table t ({});", each(n, ",\n", "c# int references p#"))
    }),
    ("create table with constraints", |n| {
        format!("create table t (a int, {});", each(n, ",\n", "constraint k# check (a > #)"))
    }),
    ("create table with unique", |n| format!("create table t ({});", each(n, ",\n", "c# int unique"))),
    ("create table with serials", |n| format!("create table t ({});", each(n, ",\n", "c# serial"))),
    ("create table like many", |n| format!("create table t ({});", each(n, ",\n", "like p#"))),
    ("create table of many types", |n| format!("create table t ({});", each(n, ",\n", "c# s#.m#"))),
    ("inherits", |n| format!("create table t () inherits ({});", each(n, ", ", "p#"))),
    ("inherits what is known", |n| {
        statements(n, "create table p# (a int)")
            + &format!("create table t () inherits ({});", each(n, ", ", "p#"))
    }),
    ("primary key of many", |n| {
        table(n) + &format!("alter table t add primary key ({});", each(n, ", ", "c#"))
    }),
    ("partition by", |n| format!("create table t (a int) partition by range ({});", each(n, ", ", "c#"))),
    ("partition for values", |n| {
        format!("create table t partition of p for values in ({});", each(n, ", ", "#"))
    }),
    ("create index", |n| table(n) + &format!("create index i on t ({});", each(n, ", ", "c#"))),
    ("create index of expressions", |n| format!("create index i on t ({});", each(n, ", ", "lower(c#)"))),
    ("create index include", |n| format!("create index i on t (a) include ({});", each(n, ", ", "c#"))),
    ("create view", |n| table(n) + &format!("create view v as select {} from t;", each(n, ", ", "c#"))),
    ("create view from star", |n| table(n) + "create view v as select * from t;"),
    ("create view with names", |n| {
        table(n) + &format!("create view v ({}) as select * from t;", each(n, ", ", "d#"))
    }),
    ("create view that joins", |n| {
        statements(n, "create table p# (a int)")
            + &format!("create view v as select 1 as a from {};", each(n, ", ", "p#"))
    }),
    ("create view with expressions", |n| {
        format!("create view v as select {};", each(n, ", ", "# + 1 as c#"))
    }),
    ("create table as", |n| {
        table(n) + &format!("create table u as select {} from t;", each(n, ", ", "t.c#"))
    }),
    ("enum labels", |n| format!("create type m as enum ({});", each(n, ", ", "'l#'"))),
    ("composite", |n| format!("create type m as ({});", each(n, ", ", "c# int"))),
    ("domain checks", |n| {
        format!("create domain d as int {};", each(n, " ", "constraint k# check (value > #)"))
    }),
    ("function arguments", |n| {
        format!(
            "create function f({}) returns int language sql as 'select 1';",
            each(n, ", ", "a# int default 1")
        )
    }),
    ("grants of a schema", |n| format!("grant usage on schema {} to r;", each(n, ", ", "s#"))),
    ("alter default privileges in schemas", |n| {
        format!("alter default privileges in schema {} grant select on tables to r;", each(n, ", ", "s#"))
    }),
    ("natural join", |n| {
        let other = table(n).replacen("table t", "table u", 1);
        table(n) + &other + "create view v as select * from t natural join u;"
    }),
    ("join using", |n| {
        let other = table(n).replacen("table t", "table u", 1);
        table(n)
            + &other
            + &format!("create view v as select * from t join u using ({});", each(n, ", ", "c#"))
    }),
    ("one table under many names", |n| {
        format!(
            "create table t (a int);\ncreate view v as select {} from {};",
            each(n, ", ", "x#.a as c#"),
            each(n, ", ", "t x#")
        )
    }),
    ("stars", |n| table(n) + &format!("create view v as select {} from t;", each(n, ", ", "*"))),
    ("function table", |n| {
        format!("create function f() returns table ({}) language sql as 'select 1';", each(n, ", ", "a# int"))
    }),
    ("function settings", |n| {
        format!(
            "create function f() returns int {} language sql as 'select 1';",
            each(n, " ", "set s.a# = 1")
        )
    }),
    ("grant on tables", |n| format!("grant select on {} to r;", each(n, ", ", "t#"))),
    ("grant on known tables", |n| {
        statements(n, "create table t# (a int)") + &format!("grant select on {} to r;", each(n, ", ", "t#"))
    }),
    ("grant on columns", |n| table(n) + &format!("grant select ({}) on t to r;", each(n, ", ", "c#"))),
    ("grant to roles", |n| format!("create table t (); grant select on t to {};", each(n, ", ", "r#"))),
    ("grant roles", |n| format!("grant {} to r;", each(n, ", ", "r#"))),
    ("grant on functions", |n| format!("grant execute on function {} to r;", each(n, ", ", "f#(int)"))),
    ("revoke", |n| format!("revoke all on {} from public;", each(n, ", ", "t#"))),
    ("default privileges", |n| {
        format!("alter default privileges for role {} grant select on tables to r;", each(n, ", ", "r#"))
    }),
    ("drop tables", |n| format!("drop table {};", each(n, ", ", "t#"))),
    ("drop known tables", |n| {
        statements(n, "create table t# (a int)") + &format!("drop table {};", each(n, ", ", "t#"))
    }),
    ("drop tables cascade", |n| {
        statements(n, "create table t# (a int references t#)")
            + &format!("drop table if exists {} cascade;", each(n, ", ", "t#"))
    }),
    ("drop indexes", |n| {
        statements(n, "create table t# (a int)") + &format!("drop index {};", each(n, ", ", "i#"))
    }),
    ("drop known indexes", |n| {
        "create table t (a int);".to_owned()
            + &statements(n, "create index i# on t (a)")
            + &format!("drop index {};", each(n, ", ", "i#"))
    }),
    ("drop views", |n| format!("drop view {};", each(n, ", ", "t#"))),
    ("drop functions", |n| {
        statements(n, "create function f#() returns int return 1")
            + &format!("drop function {};", each(n, ", ", "f#()"))
    }),
    ("drop types", |n| {
        statements(n, "create type m# as enum ('a')") + &format!("drop type {};", each(n, ", ", "m#"))
    }),
    ("drop schemas", |n| {
        statements(n, "create schema s#") + &format!("drop schema {} cascade;", each(n, ", ", "s#"))
    }),
    ("drop sequences", |n| format!("drop sequence {};", each(n, ", ", "s#"))),
    ("truncate", |n| format!("truncate {};", each(n, ", ", "t#"))),
    ("truncate cascade", |n| {
        statements(n, "create table t# (a int)") + &format!("truncate {} cascade;", each(n, ", ", "t#"))
    }),
    ("lock", |n| format!("lock table {};", each(n, ", ", "t#"))),
    ("vacuum", |n| format!("vacuum {};", each(n, ", ", "t#"))),
    ("analyze columns", |n| format!("analyze t ({});", each(n, ", ", "c#"))),
    ("publication", |n| format!("create publication p for table {};", each(n, ", ", "t#"))),
    ("alter publication", |n| format!("alter publication p add table {};", each(n, ", ", "t#"))),
    ("statistics", |n| format!("create statistics s on {} from t;", each(n, ", ", "c#"))),
    ("insert rows", |n| format!("insert into t values {};", each(n, ",\n", "(#, 'a', now())"))),
    ("insert columns", |n| format!("insert into t ({}) select 1;", each(n, ", ", "c#"))),
    ("insert without a line end", |n| {
        format!("insert into t (a, b) values {};", each(n, ",", "(#, 'ä''b')"))
    }),
    ("update", |n| format!("update t set {};", each(n, ", ", "c# = 1"))),
    ("merge", |n| {
        format!("merge into t using u on t.a = u.a {};", each(n, " ", "when matched and t.b = # then delete"))
    }),
    ("select columns", |n| format!("select {} from t;", each(n, ", ", "c#"))),
    ("select from many", |n| format!("select 1 from {};", each(n, ", ", "t#"))),
    ("select with joins", |n| format!("select 1 from t {};", each(n, " ", "join t# on t#.a = t.a"))),
    ("common table expressions", |n| format!("with {} select 1;", each(n, ", ", "w# as (select * from t#)"))),
    ("common table expressions that write", |n| {
        format!("with {} select 1;", each(n, ", ", "w# as (delete from t# returning a)"))
    }),
    ("union", |n| each(n, " union all ", "select a from t#") + ";"),
    ("in list", |n| format!("delete from t where a in ({});", each(n, ", ", "#"))),
    ("or list", |n| format!("select 1 from t where {};", each(n, " or ", "a = #"))),
    ("case", |n| format!("select case {} end;", each(n, " ", "when a = # then 'b'"))),
    ("calls", |n| format!("select {};", each(n, ", ", "f#(1)"))),
    ("concatenation", |n| format!("select {};", each(n, " || ", "'a#'"))),
    ("continued text", |n| format!("select {};", each(n, "\n", "'a#'"))),
    ("quoted names", |n| format!("select {} from t;", each(n, ", ", "\"C\"\"#\""))),
    ("parentheses", |n| format!("select {}1{};", "(".repeat(n), ")".repeat(n))),
    ("parentheses of queries", |n| format!("select {}1{};", "(select ".repeat(n), ")".repeat(n))),
    ("parentheses in a default", |n| {
        format!("alter table t add column a int default {}1{};", "(".repeat(n), ")".repeat(n))
    }),
    ("parentheses in a view", |n| {
        format!("create view v as select {}1{} as a;", "(".repeat(n), ")".repeat(n))
    }),
    ("parentheses that are never closed", |n| "select (".repeat(n)),
    ("brackets", |n| format!("select a{};", each(n, "", "[#]"))),
    ("casts", |n| format!("select 1{};", each(n, "", "::int"))),
    ("array", |n| format!("select array[{}];", each(n, ", ", "#"))),
    ("search path", |n| format!("set search_path = {};", each(n, ", ", "s#"))),
    ("options", |n| format!("create table t (a int) with ({});", each(n, ", ", "o# = 1"))),
    ("role options", |n| format!("create role r in role {};", each(n, ", ", "r#"))),
    ("trigger of columns", |n| {
        table(n)
            + &format!("create trigger g before update of {} on t execute function f();", each(n, ", ", "c#"))
    }),
    ("policy of roles", |n| format!("create policy p on t to {} using (true);", each(n, ", ", "r#"))),
    ("policy that reads", |n| {
        format!(
            "create policy p on t using ({});",
            each(n, " and ", "exists (select 1 from t# where a = auth.uid())")
        )
    }),
    ("schema elements", |n| format!("create schema s {};", each(n, "\n", "create table t# (a int)"))),
    ("rule actions", |n| {
        format!("create rule r as on insert to t do ({});", each(n, "; ", "delete from t#"))
    }),
    ("copy rows", |n| format!("copy t from stdin;\n{}\n\\.\n", each(n, "\n", "#\tä\t\\N"))),
    ("explain explain", |n| "explain ".repeat(n) + "select 1;"),
];
