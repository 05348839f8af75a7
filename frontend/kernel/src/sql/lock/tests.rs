//! Statements and the locks they take, one a line. `backend/tests/locks` asks a server for the same.

use super::{Lock, Reach, locks};
use crate::sql::parse;

fn show(lock: &Lock) -> String {
    let work = match (lock.rewrites, lock.scans) {
        (true, _) => " rewrites",
        (_, true) => " scans",
        _ => "",
    };
    format!("{} {}{work}{}", lock.subject(), lock.mode, if lock.certain { "" } else { "?" })
}

/// Each statement stands before `=>`, its locks on what it names behind it.
fn check(lines: &str) {
    check_all(lines, None, |lock| lock.reach == Reach::Itself);
}

#[track_caller]
fn check_all(lines: &str, server: Option<u16>, shown: fn(&Lock) -> bool) {
    let joined = lines.replace("\\\n", " ");
    for line in joined.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (sql, expected) = line.split_once("=>").unwrap();
        let parsed = parse(sql);
        let all = parsed.statements.iter().flat_map(|statement| locks(statement, server));
        let found: Vec<String> = all.filter(shown).map(|lock| show(&lock)).collect();
        assert_eq!(found.join(", "), expected.trim(), "{sql}");
    }
}

/// As a server shows them for these very statements.
#[test]
fn an_action_locks_what_it_names_and_not_what_its_neighbours_name() {
    check(
        "
        alter table t inherit p, no inherit q => t ACCESS EXCLUSIVE, p SHARE UPDATE EXCLUSIVE, q ACCESS SHARE
        alter table t inherit p, owner to r => t ACCESS EXCLUSIVE, p SHARE UPDATE EXCLUSIVE
        alter table t add foreign key (a) references u, no inherit q => \
            t ACCESS EXCLUSIVE scans, u SHARE ROW EXCLUSIVE scans, q ACCESS SHARE
    ",
    );
}

#[test]
fn statements_take_the_locks_observed_on_a_server() {
    check(
        "
        create index i on t (a) => t SHARE scans
        create unique index concurrently i on s.t (a) => s.t SHARE UPDATE EXCLUSIVE scans
        drop index i => i ACCESS EXCLUSIVE
        drop index concurrently i, j => i SHARE UPDATE EXCLUSIVE, j SHARE UPDATE EXCLUSIVE
        create trigger x before update on t for each row execute function f() => t SHARE ROW EXCLUSIVE
        drop trigger x on t => t ACCESS EXCLUSIVE
        create policy p on t using (exists (select from u)) => t ACCESS EXCLUSIVE, u ACCESS SHARE
        create rule r as on insert to t do nothing => t ACCESS EXCLUSIVE
        drop table t, u => t ACCESS EXCLUSIVE, u ACCESS EXCLUSIVE
        truncate t => t ACCESS EXCLUSIVE rewrites
        cluster t using i => t ACCESS EXCLUSIVE rewrites
        lock table t in share row exclusive mode nowait => t SHARE ROW EXCLUSIVE
        lock t => t ACCESS EXCLUSIVE
        refresh materialized view m => m ACCESS EXCLUSIVE rewrites
        refresh materialized view concurrently m => m EXCLUSIVE scans
        reindex table t => t SHARE scans
        reindex (concurrently) table t => t SHARE UPDATE EXCLUSIVE scans
        vacuum (full) t => t ACCESS EXCLUSIVE rewrites
        vacuum t => t SHARE UPDATE EXCLUSIVE scans?
        analyze t => t SHARE UPDATE EXCLUSIVE
        comment on column s.t.c is 'x' => s.t SHARE UPDATE EXCLUSIVE
        create statistics st on a, b from t => t SHARE UPDATE EXCLUSIVE
        create or replace view v as select 1 from t => v ACCESS EXCLUSIVE, t ACCESS SHARE
        insert into t select * from u => t ROW EXCLUSIVE, u ACCESS SHARE
        select * from t for update => t ROW SHARE?
        select * from t => t ACCESS SHARE
        alter sequence s restart => s SHARE ROW EXCLUSIVE
        create table c (a int references p) => p SHARE ROW EXCLUSIVE
        create table c partition of p default => p ACCESS EXCLUSIVE
        do $$ begin create index i on t (a); drop table u; end $$ => u ACCESS EXCLUSIVE, t SHARE scans
        ",
    );
}

#[test]
fn actions_take_the_locks_observed_on_a_server() {
    check(
        "
        alter table t add a int => t ACCESS EXCLUSIVE
        alter table t add a int not null default 1 => t ACCESS EXCLUSIVE
        alter table t add a timestamptz default now() => t ACCESS EXCLUSIVE
        alter table t add a timestamptz default clock_timestamp() => t ACCESS EXCLUSIVE rewrites
        alter table t add a bigserial => t ACCESS EXCLUSIVE rewrites
        alter table t add a int references p => t ACCESS EXCLUSIVE, p SHARE ROW EXCLUSIVE
        alter table t drop a => t ACCESS EXCLUSIVE
        alter table t alter a type bigint => t ACCESS EXCLUSIVE rewrites?
        alter table t alter a type text => t ACCESS EXCLUSIVE rewrites?
        alter table t alter a set not null => t ACCESS EXCLUSIVE scans?
        alter table t alter a set statistics 100 => t SHARE UPDATE EXCLUSIVE
        alter table t set (fillfactor = 70) => t SHARE UPDATE EXCLUSIVE
        alter table t set unlogged => t ACCESS EXCLUSIVE rewrites?
        alter table t owner to r => t ACCESS EXCLUSIVE
        alter table t add constraint c check (a > 0) => t ACCESS EXCLUSIVE scans
        alter table t add constraint c check (a > 0) not valid => t ACCESS EXCLUSIVE
        alter table t add unique (a) => t ACCESS EXCLUSIVE scans
        alter table t add constraint c primary key using index i => t ACCESS EXCLUSIVE scans?
        alter table t add foreign key (a) references p => p SHARE ROW EXCLUSIVE scans, t SHARE ROW EXCLUSIVE scans
        alter table t add foreign key (a) references p not valid => p SHARE ROW EXCLUSIVE, t SHARE ROW EXCLUSIVE
        alter table t validate constraint c => t SHARE UPDATE EXCLUSIVE scans
        alter table t rename to u => t ACCESS EXCLUSIVE
        alter table t enable row level security => t ACCESS EXCLUSIVE
        alter table t disable trigger all => t SHARE ROW EXCLUSIVE
        alter table t attach partition p default => p ACCESS EXCLUSIVE scans?, t SHARE UPDATE EXCLUSIVE
        alter table t detach partition p => p ACCESS EXCLUSIVE, t ACCESS EXCLUSIVE
        alter table t detach partition p concurrently => p ACCESS EXCLUSIVE, t SHARE UPDATE EXCLUSIVE
        ",
    );
}

#[test]
fn other_relations_are_said_where_the_text_does_not_name_them() {
    check_all(
        "
        drop index i => i ACCESS EXCLUSIVE, the table of i ACCESS EXCLUSIVE
        reindex table t => the indexes of t ACCESS EXCLUSIVE rewrites, t SHARE scans
        drop table t => t ACCESS EXCLUSIVE, the table that t is a partition of ACCESS EXCLUSIVE, \
          the default partition beside t ACCESS EXCLUSIVE, the sequences of t ACCESS EXCLUSIVE, \
          the tables t refers to ACCESS EXCLUSIVE
        alter table t validate constraint c => t SHARE UPDATE EXCLUSIVE scans, the tables t refers to ROW SHARE?
        alter table t disable trigger x => t SHARE ROW EXCLUSIVE, \
          the partitions and children of t SHARE ROW EXCLUSIVE?
        drop function f() cascade => what depends on f ACCESS EXCLUSIVE?
        call p() => tables the text does not name ACCESS EXCLUSIVE rewrites?
        do $$ begin execute x; end $$ => tables the text does not name ACCESS EXCLUSIVE rewrites?
        do $$ begin if x then drop view v; end if; end $$ => v ACCESS EXCLUSIVE?
        create function f() returns int language sql as 'select 1 from t' => t ACCESS SHARE
        create function f() returns int language plpgsql as 'begin drop table t; end' =>
        ",
        None,
        |_| true,
    );
}

#[test]
fn versions_differ() {
    let detach = "alter table t detach partition p =>";
    let here = |lock: &Lock| lock.object.name.as_str() == "p";
    check_all(&format!("{detach} p ACCESS EXCLUSIVE"), Some(14), here);
    check_all(&format!("{detach} p ACCESS EXCLUSIVE?"), Some(13), here);
    check_all("grant select on t to r => t ACCESS SHARE", Some(18), |_| true);
    check_all("grant select on t to r =>", Some(17), |_| true);
    let unique = "alter table t add unique (a) =>";
    let children = |lock: &Lock| lock.reach == Reach::Children;
    let strongest = "the partitions and children of t ACCESS EXCLUSIVE scans";
    check_all(&format!("{unique} {strongest}"), Some(18), children);
    check_all(&format!("{unique} {strongest}"), None, children);
    check_all(&format!("{unique} the partitions and children of t SHARE scans"), Some(17), children);
    let sequences = |lock: &Lock| lock.reach == Reach::Sequences;
    check_all("alter table t set unlogged =>", Some(14), sequences);
    check_all("alter table t set unlogged => the sequences of t ACCESS EXCLUSIVE?", Some(15), sequences);
}

#[test]
fn locks_read_as_sentences() {
    let sentences = |sql| {
        let parsed = parse(sql);
        let all = parsed.statements.iter().flat_map(|statement| locks(statement, None));
        all.map(|lock| lock.to_string()).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(
        sentences("alter table t add a bigserial"),
        "ACCESS EXCLUSIVE on t and its partitions, rewrites the table: every row gets a value of its own"
    );
    assert_eq!(
        sentences("alter table only t alter a set not null"),
        "ACCESS EXCLUSIVE on t, perhaps reads the whole table: unless a valid constraint proves it"
    );
    assert_eq!(
        sentences("drop view v cascade"),
        "ACCESS EXCLUSIVE on v; perhaps ACCESS EXCLUSIVE on what depends on v: CASCADE"
    );
}

#[test]
fn two_locks_on_one_relation_join_into_the_strongest() {
    let one = |sql| locks(&parse(sql).statements[0], None).remove(0);
    let mut lock = one("alter table only t alter a type text");
    lock.join(&one("alter table only t add b bigserial"));
    let certain = "ACCESS EXCLUSIVE on t, rewrites the table: every row gets a value of its own";
    assert_eq!(lock.to_string(), certain, "what is certain wins over what is perhaps so");
    lock.join(&one("comment on table t is 'x'"));
    assert_eq!(lock.to_string(), certain);
    let mut weak = one("comment on table t is 'x'");
    weak.join(&lock);
    assert_eq!(weak, lock);
}

#[test]
fn locks_travel_as_json_and_those_of_older_plans_are_read() {
    for sql in ["call p()", "drop index \"I\"", "alter table s.t add a bigserial"] {
        for lock in locks(&parse(sql).statements[0], None) {
            let json = serde_json::to_string(&lock).unwrap();
            assert_eq!(serde_json::from_str::<Lock>(&json).unwrap(), lock, "{json}");
        }
    }
    let old = r#"{"mode":"SHARE","object":"t","rewrites":false,"scans":true}"#;
    assert_eq!(serde_json::from_str::<Lock>(old).unwrap().to_string(), "SHARE on t, reads the whole table");
}
