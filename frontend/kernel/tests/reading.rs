//! Statement forms to kinds and objects, as `studio inspect` prints them.

use studio_kernel::sql::{
    parse,
    statement::{ObjectRole, Statement},
};

fn show(statement: &Statement) -> String {
    let objects = statement.objects.iter().map(|object| {
        let of = object.of.as_ref().map_or(String::new(), |of| format!(" of {of}"));
        format!("{} {} {}{of}", object.role, object.kind, object.name)
    });
    let objects: Vec<String> = objects.collect();
    match objects.is_empty() {
        true => statement.kind.to_string(),
        false => format!("{}: {}", statement.kind, objects.join(", ")),
    }
}

/// Each form stands before `=>`, what is read behind it. A name's span must hold the name.
fn check(forms: &str) {
    let mut wrong = Vec::new();
    for line in forms.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let Some((sql, expected)) = line.split_once(" => ") else {
            panic!("no expectation in: {line}");
        };
        let parsed = parse(sql);
        let found: Vec<String> = parsed.statements.iter().map(show).collect();
        let found = found.join(" | ");
        if found != expected || !parsed.problems.is_empty() {
            wrong.push(format!("{sql}\n  expected {expected}\n  found    {found} {:?}", parsed.problems));
        }
        for object in parsed.statements.iter().flat_map(|statement| &statement.objects) {
            let written = object.span.of(sql).to_lowercase().replace("''", "'");
            let name = object.name.name.as_str().to_lowercase();
            // Behind SET SCHEMA only the schema of the new name is written.
            let moved = sql.contains("set schema") && object.role == ObjectRole::Makes;
            assert!(moved || written.contains(&name), "{sql}: {name} does not stand in “{written}”");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn tables() {
    check(
        "
        create table t (a int) => create_table: makes table t
        CREATE TABLE IF NOT EXISTS \"App\".T (a int references p) => create_table: makes table \"App\".t, uses table p
        create temp table t as select * from a join b using (id) => create_table_as: makes table t, uses table a, uses table b
        create unlogged table t (a int, constraint c unique (a)) => create_table: makes table t
        create table t1 partition of t for values in (1) => create_table: makes table t1, uses table t
        create table t (like base including all) inherits (q, r) => create_table: makes table t, uses table q, uses table r, uses table base
        create foreign table ft (a int) server s => create_foreign_table: makes foreign_table ft, uses server s
        alter table only t add column a int, drop b cascade => alter_table: changes table t, makes column a of t, drops column b of t
        alter table s.t rename to u => alter_table: renames table s.t, makes table s.u
        alter table t rename a to b => alter_table: changes table t, renames column a of t, makes column b of t
        alter table t set schema app => alter_table: renames table t, makes table app.t
        alter table t add constraint c foreign key (a) references p.q (id) not valid => alter_table: changes table t, makes constraint c of t, uses table p.q
        alter table t attach partition t1 default => alter_table: changes table t, uses table t1
        alter table if exists t alter column a type bigint using a::bigint, validate constraint c => alter_table: changes table t, changes column a of t, changes constraint c of t
        alter table only (t) rename to u => alter_table: renames table t, makes table u
        alter table all in tablespace a set tablespace b => alter_table: uses tablespace a
        drop table if exists a, b.c cascade => drop_table: drops table a, drops table b.c
        drop table É, Straße => drop_table: drops table \"É\", drops table \"straße\"
        truncate table only a, b cascade => truncate: changes table a, changes table b
        lock table a, b in share mode => lock: uses table a, uses table b
        ",
    );
}

#[test]
fn what_hangs_on_tables() {
    check(
        "
        create unique index concurrently if not exists i on only s.t using gin (lower(a) x_ops) where a > 0 => create_index: makes index i of s.t, uses table s.t
        create index on t (a) => create_index: uses table t
        drop index concurrently if exists a.i, j => drop_index: drops index a.i, drops index j
        alter index i rename to j => alter_index: renames index i, makes index j
        create or replace trigger x before insert or update of a on t for each row execute function app.f('a') => create_trigger: makes trigger x of t, uses table t, uses function app.f
        create constraint trigger x after insert on t from u deferrable for each row execute procedure f() => create_trigger: makes trigger x of t, uses table t, uses table u, uses function f
        drop trigger if exists x on s.t => drop_trigger: drops trigger x of s.t, uses table s.t
        alter trigger x on t rename to y => alter_trigger: renames trigger x of t, uses table t, makes trigger y of t
        create policy \"Read own\" on t for select to anon, authenticated using (a = (select auth.uid())) => create_policy: makes policy \"Read own\" of t, uses table t
        create policy p on t with check (exists (select 1 from members m where m.id = t.id)) => create_policy: makes policy p of t, uses table t, uses table members
        alter policy p on t using (true) => alter_policy: changes policy p of t, uses table t
        alter policy p on t rename to q => alter_policy: renames policy p of t, uses table t, makes policy q of t
        alter view v rename column a to b => alter_view: changes view v, renames column a of v, makes column b of v
        alter index i alter column 1 set statistics 9 => alter_index: changes index i
        drop policy p on t => drop_policy: drops policy p of t, uses table t
        create rule r as on insert to t do instead (delete from a; delete from b) => create_rule: makes rule r of t, uses table t
        drop rule r on t => drop_rule: drops rule r of t, uses table t
        create statistics if not exists st (ndistinct) on a, b from t => create_statistics: makes statistics st, uses table t
        comment on column s.t.c is 'x' => comment: comments column c of s.t
        comment on constraint c on domain d is null => comment: comments constraint c of d, uses domain d
        comment on function f(int, text) is 'x' => comment: comments function f
        comment on trigger x on t is 'x' => comment: comments trigger x of t, uses table t
        ",
    );
}

#[test]
fn other_objects() {
    check(
        "
        create view v (a) with (security_invoker = on) as select a from t => create_view: makes view v, uses table t
        create or replace recursive view s.v (n) as values (1) union select n from v, t => create_view: makes view s.v, uses table t
        create or replace recursive view v (n) as values (1) => create_view: makes view v
        create materialized view if not exists s.m as select 1 with no data => create_materialized_view: makes materialized_view s.m
        refresh materialized view concurrently m => refresh_materialized_view: changes materialized_view m
        create or replace function s.f(a int default 1, out b text) returns text language sql as 'select 1' => create_function: makes function s.f
        create procedure p() language plpgsql as $$ begin commit; end $$ => create_procedure: makes procedure p
        create function f() returns int begin atomic select case when true then 1 end; select 2; end => create_function: makes function f
        drop function if exists f(int, text), g => drop_function: drops function f, drops function g
        alter function f(int) set schema app => alter_function: renames function f, makes function app.f
        create aggregate a (int) (sfunc = f, stype = int) => create_aggregate: makes aggregate a
        create type mood as enum ('sad', 'ok') => create_type: makes type mood
        alter type mood add value if not exists 'it''s' before 'ok' => alter_type: changes type mood, makes enum_value \"it's\" of mood
        alter type mood rename value 'a' to 'b' => alter_type: changes type mood, renames enum_value a of mood, makes enum_value b of mood
        alter type ty add attribute a int, drop attribute b => alter_type: changes type ty, makes column a of ty, drops column b of ty
        alter domain d rename constraint c to e => alter_domain: changes domain d, renames constraint c of d, makes constraint e of d
        create domain d as int check (value > 0) => create_domain: makes domain d
        create sequence if not exists s.q owned by t.a => create_sequence: makes sequence s.q, uses column a of t
        create schema if not exists app authorization joe => create_schema: makes schema app, uses role joe
        create schema authorization joe => create_schema: makes schema joe, uses role joe
        create extension if not exists \"uuid-ossp\" with schema extensions => create_extension: makes extension \"uuid-ossp\", uses schema extensions
        alter extension e set schema s => alter_extension: changes extension e, uses schema s
        alter extension e add function f(int) => alter_extension: changes extension e, uses function f
        create role r login => create_role: makes role r
        create user u password 'x' => create_role: makes role u
        alter role r set search_path to app => alter_role: changes role r
        alter role all reset all => alter_role
        create database d with owner r => create_database: makes database d
        create tablespace ts location '/x' => create_tablespace: makes tablespace ts
        alter system set work_mem = '4MB' => alter_system: changes parameter work_mem
        create publication p for table t, only u (a) where (a > 1) => create_publication: makes publication p, uses table t, uses table u
        alter publication p add table t => alter_publication: changes publication p, uses table t
        alter publication p add table only (t), tables in schema s, u, table v => alter_publication: changes publication p, uses table t, uses schema s, uses schema u, uses table v
        create publication p for tables in schema s, u, current_schema, table t (a), \"tables\" => create_publication: makes publication p, uses schema s, uses schema u, uses table t, uses table tables
        create publication p for all tables => create_publication: makes publication p
        alter publication p owner to tables => alter_publication: changes publication p
        create subscription s connection 'x' publication p => create_subscription: makes subscription s
        create event trigger e on ddl_command_end execute function f() => create_event_trigger: makes event_trigger e, uses function f
        create server s foreign data wrapper w => create_server: makes server s, uses foreign_data_wrapper w
        create user mapping for u server s => create_user_mapping: uses server s
        create foreign data wrapper w => create_foreign_data_wrapper: makes foreign_data_wrapper w
        create operator app.=== (leftarg = int, procedure = f) => create_operator: makes operator app.\"===\"
        create operator d.app.=== (procedure = f) => create_operator: makes operator app.\"===\"
        drop operator === (int, int) => drop_operator: drops operator \"===\"
        create operator class c for type int using btree as operator 1 < => create_operator_class: makes operator_class c
        create cast (text as ty) without function => create_cast
        create text search configuration c (copy = simple) => create_text_search_configuration: makes text_search_configuration c
        create collation c from \"C\" => create_collation: makes collation c
        create default conversion c for 'a' to 'b' from f => create_conversion: makes conversion c
        create trusted language l handler h => create_language: makes language l
        create access method m type index handler h => create_access_method: makes access_method m
        create transform for ty language l (from sql with function f(internal)) => create_transform
        drop transform for ty language l => drop_transform
        drop owned by u => drop_owned: drops owned u
        ",
    );
}

#[test]
fn rights() {
    check(
        "
        grant select, update (a) on t, s.u to anon, public => grant: grants table t, grants table s.u, uses role anon, uses role public
        grant execute on function f(int), g(text) to r with grant option => grant: grants function f, grants function g, uses role r
        grant all on all tables in schema a, b to r => grant: grants schema a, grants schema b, uses role r
        grant usage on type to r => grant: grants table type, uses role r
        grant reader, writer to joe => grant: grants role reader, grants role writer, uses role joe
        revoke grant option for select on t from r cascade => revoke: grants table t, uses role r
        revoke reader from joe => revoke: grants role reader, uses role joe
        alter default privileges for role r in schema s grant select on tables to anon => alter_default_privileges: uses role r, uses schema s
        reassign owned by a to b => reassign_owned: uses role a, uses role b
        security label on table t is 'x' => security_label: comments table t
        ",
    );
}

#[test]
fn rows() {
    check(
        "
        select => select
        select * from a, only b, lateral (select 1 from c) x join d on true => select: uses table a, uses table b, uses table c, uses table d
        select extract(epoch from x), a is distinct from b from t, f(1) => select: uses table t
        (select 1) union (table t) => select: uses table t
        select * from rows r, (table t) s, rows from (f(1), g(2)) x, current_date d, u => select: uses table rows, uses table t, uses table u
        delete from t using a join b using (c), d where true => delete: changes table t, uses table a, uses table b, uses table d
        with m as (merge into t using u on true when matched then delete) select 1 => select: changes table t, uses table u
        (select 1 into n union select 2) => select_into: makes table n
        (select 1 from a) union all (select 2 from b) => select: uses table a, uses table b
        with c as (select 1 from a) select * from c join s.c using (x) => select: uses table a, uses table s.c
        with gone as (delete from t returning *) insert into log select * from gone => insert: changes table t, changes table log
        select a into temp n from t => select_into: makes table n, uses table t
        values (1), (2) => values
        table t => table: uses table t
        insert into s.t (a) select a from u on conflict do nothing => insert: changes table s.t, uses table u
        update \"T\" set a = 1 => update: changes table \"T\"
        with t as (select 1 from u) insert into t select * from t => insert: uses table u, changes table t
        update only t set a = u.a from u where t.id = u.id => update: changes table t, uses table u
        delete from t using u, v where true => delete: changes table t, uses table u, uses table v
        merge into t using u on t.a = u.a when matched then update set b = 1 => merge: changes table t, uses table u
        copy t (a, b) from stdin => copy: changes table t
        copy (select * from t) to '/x' => copy: uses table t
        copy (delete from t returning a) to stdout => copy: changes table t
        explain (analyze) delete from t => explain: changes table t
        prepare p (int) as select * from t where a = $1 => prepare: uses table t
        declare c cursor with hold for select * from t => declare: uses table t
        ",
    );
}

#[test]
fn sessions_and_maintenance() {
    check(
        "
        begin; start transaction; commit; end; abort; rollback => begin | begin | commit | commit | rollback | rollback
        savepoint a; release a; rollback to savepoint a; rollback work to a => savepoint | release | rollback_to | rollback_to
        prepare transaction 'x'; commit prepared 'x'; rollback prepared 'x' => prepare_transaction | commit_prepared | rollback_prepared
        set local a.b = 1; set time zone 'UTC'; reset all; show all => set | set | reset | show
        set constraints all deferred; set transaction read only; set session characteristics as transaction read only => set_constraints | set_transaction | set_transaction
        vacuum (full, analyze) a, b (c); analyze; analyse verbose t => vacuum: changes table a, changes table b | analyze | analyze: changes table t
        cluster t using i; cluster; reindex (verbose) index concurrently i; reindex system d => cluster: changes table t, uses index i | cluster | reindex: changes index i | reindex: changes database d
        do language plpgsql 'begin null; end'; call s.p(1) => do | call: uses procedure s.p
        listen c; notify c, 'x'; unlisten *; load 'x'; checkpoint; discard all => listen | notify | unlisten | load | checkpoint | discard
        fetch all from c; move c; close c; deallocate p; execute p(1) => fetch | move | close | deallocate | execute
        import foreign schema a from server s into b => import_foreign_schema: uses server s, changes schema b
        ",
    );
}

#[test]
fn psql_variables_are_names() {
    check(
        "
        drop function :app.f, :\"App\".g => drop_function: drops function \":app\".f, drops function \":App\".g
        select a[1:b], c::int from :t => select: uses table \":t\"
        ",
    );
}

/// Their spans hold them as they are written, which `check` does not know.
#[test]
fn escaped_names_and_labels_are_read_as_stored() {
    for (sql, expected) in [
        (r#"create table U&"d\0061t\+000061" (a int)"#, "create_table: makes table data"),
        (r#"drop table s.u&"d!0061ta" uescape '!', b"#, "drop_table: drops table s.data, drops table b"),
        (
            r#"alter table U&"!0041" uescape '!' rename to "U&b""#,
            r#"alter_table: renames table "A", makes table "U&b""#,
        ),
        (r"alter type t add value e'it\'s'", r#"alter_type: changes type t, makes enum_value "it's" of t"#),
    ] {
        let found: Vec<String> = parse(sql).statements.iter().map(show).collect();
        assert_eq!(found, [expected]);
    }
}

/// In the order in which PostgreSQL makes them; a name that no element makes stays as it is.
#[test]
fn the_elements_of_a_schema_stand_in_it() {
    for (sql, expected) in [
        (
            "create schema s create view v as select a as grant, b.create from t, o \
             create table t (a int references t, b int references x, c int references s.t) \
             create unique index i on t (a) create sequence q owned by t.a \
             create constraint trigger r after insert on t for each row execute function f() \
             grant create on schema s to joe with grant option grant select on t, o to joe",
            "create sequence q owned by t.a: makes sequence s.q, uses column a of s.t | \
             create table t (a int references t, b int references x, c int references s.t): \
             makes table s.t, uses table s.t, uses table x, uses table s.t | \
             create view v as select a as grant, b.create from t, o: \
             makes view s.v, uses table s.t, uses table o | \
             create unique index i on t (a): makes index i of s.t, uses table s.t | \
             create constraint trigger r after insert on t for each row execute function f(): \
             makes trigger r of s.t, uses table s.t, uses function f | \
             grant create on schema s to joe with grant option: grants schema s, uses role joe | \
             grant select on t, o to joe: grants table s.t, grants table o, uses role joe",
        ),
        (
            "create schema authorization \"J\" create table t (like s.t)",
            "create table t (like s.t): makes table \"J\".t, uses table s.t",
        ),
        ("create schema s authorization j", ""),
    ] {
        let statement = parse(sql).statements.remove(0);
        let elements = statement.body().into_iter().flat_map(|body| &body.statements);
        let found = elements.map(|element| {
            let shown = show(&element.statement);
            let objects = shown.split_once(": ").map_or("", |(_, objects)| objects);
            format!("{}: {objects}", element.statement.span.of(sql))
        });
        assert_eq!(found.collect::<Vec<_>>().join(" | "), expected);
    }
}

#[test]
fn what_is_not_plain_sql_is_said() {
    let goose = "-- +goose Up\ncreate table a ();\n-- +goose Down\ndrop table a;";
    let parsed = parse(goose);
    let down: Vec<bool> = parsed.statements.iter().map(|one| parsed.is_down(one.span.start)).collect();
    assert_eq!(down, [false, true]);
    for (sql, templated) in [
        ("create table {{ schema }}.t ()", true),
        ("create table ${schema}.t ()", true),
        ("select 1 {% if x %} from (a, {% endif %}", true),
        ("select '{{ a }}', '{}'", false),
    ] {
        let parsed = parse(sql);
        assert_eq!(parsed.statements.first().map(|one| one.flags.templated), Some(templated), "{sql}");
        assert_eq!(parsed.problems, [], "{sql}");
    }
    let zero = parse("select 'a\0'").problems;
    assert_eq!(zero.iter().map(|one| one.span.start).collect::<Vec<_>>(), [9]);
}
