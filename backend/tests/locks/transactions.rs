//! Where a statement may stand: the plan's segments beside what a server refuses.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use studio_kernel::migration::MigrationSet;
use studio_kernel::plan::{Plan, SegmentKind, plan};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_postgres::Client;

use crate::cases::every_case;
use crate::server::{Server, WORLD};

/// Statements that care. Those of `cases` do not: they run inside a transaction and outside.
const CASES: &[&str] = &[
    "create index concurrently made on plain (a)",
    "create unique index concurrently if not exists made on plain (a)",
    "drop index concurrently t_n",
    "drop index concurrently if exists nothing",
    "reindex index concurrently t_n",
    "reindex (concurrently) table keyed",
    "reindex (concurrently false) table keyed",
    "reindex schema other",
    "reindex schema concurrently other",
    "reindex database world",
    "reindex system world",
    "vacuum",
    "vacuum plain",
    "vacuum (full, verbose) plain",
    "vacuum analyze spare",
    "cluster",
    "cluster clustered",
    "cluster parts using parts_region",
    "cluster parts_1 using parts_1_alone",
    "reindex table parts",
    "reindex table parts_1",
    "reindex index parts_region",
    "reindex index parts_1_region_idx",
    "reindex index t_n",
    "analyze",
    "alter table logs detach partition logs_1 concurrently",
    "alter system set work_mem = '4MB'",
    "alter system reset all",
    "create database more",
    "create database more template template0",
    "drop database more",
    "drop database if exists nothing",
    "alter database world set tablespace pg_default",
    "alter database world set work_mem = '4MB'",
    "alter database world with connection limit 50",
    "create tablespace nowhere location '/nowhere/at/all'",
    "drop tablespace nowhere",
    "create subscription one connection 'dbname=nowhere' publication p",
    "create subscription two connection 'dbname=nowhere' publication p with (connect = false)",
    "alter subscription sub refresh publication",
    "alter subscription sub set publication news",
    "alter subscription sub set publication news with (refresh = false)",
    "alter subscription sub disable",
    "alter subscription sub owner to postgres",
    "drop subscription sub",
    "discard all",
    "discard plans",
    "discard temp",
    "call sweep()",
    "call commits()",
    "do 'begin call commits(); end'",
    "do 'begin if 1 = 1 then call public.commits(); end if; end'",
    "do 'begin call sweep(); end'",
    "do 'begin commit; end'",
    "do 'begin perform 1; rollback; end'",
    "do 'begin perform 1; end'",
    "lock table spare",
    "set local work_mem = '4MB'",
    "set work_mem = '4MB'",
    "savepoint here",
    "release here",
    "rollback to here",
    "declare c cursor for select 1",
    "declare c cursor with hold for select 1",
    "set constraints all immediate",
    "set transaction read write",
    "set session characteristics as transaction read write",
    "set transaction isolation level read committed",
    "select 1",
    "checkpoint",
    "load 'plpgsql'",
    "listen word",
    "notify word",
    "alter type mood add value 'new'",
    "truncate spare",
    "create extension if not exists pg_trgm",
    "prepare one as select 1",
    "deallocate all",
];

/// What the plan of a file says of its only statement that is of interest.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    inside: bool,
    outside: bool,
}

/// The world is an earlier file: its text alone tells which procedure commits and which table has partitions.
fn planned(text: &str) -> Plan {
    static BEFORE: OnceLock<MigrationSet> = OnceLock::new();
    let mut set = BEFORE.get_or_init(|| MigrationSet::new([("0_world.sql", WORLD).into()])).clone();
    set.put(("1_a.sql", text).into());
    plan(&set, &["1_a.sql"], &BTreeSet::new())
}

fn claimed(sql: &str) -> Place {
    let shared = planned(&format!("{sql};"));
    assert!(shared.refusals.is_empty(), "{sql}: {:?}", shared.refusals);
    let alone = |kind| kind == SegmentKind::Standalone;
    let inside = !shared.files[0].segments.iter().any(|segment| alone(segment.kind));
    let single = planned(&format!("-- A.\n-- transaction: none\n{sql};"));
    let outside = !single.refusals.iter().any(|refusal| refusal.code == "inside-transaction-only");
    Place { inside, outside }
}

/// The SQLSTATE of the error, and those of the warnings.
async fn codes(client: &Client, warnings: &mut UnboundedReceiver<String>, sql: &str) -> Vec<String> {
    let mut codes = Vec::new();
    if let Err(error) = client.batch_execute(sql).await {
        codes.extend(error.code().map(|code| code.code().to_owned()));
    }
    // A warning comes before the end of its statement.
    while let Ok(code) = warnings.try_recv() {
        codes.push(code);
    }
    codes
}

async fn observed(server: &Server, sql: &str) -> Place {
    let (client, mut warnings) = server.connect_and_listen().await;
    client.batch_execute("begin; savepoint here").await.unwrap();
    let inside = codes(&client, &mut warnings, sql).await;
    client.batch_execute("rollback").await.unwrap();
    let outside = codes(&client, &mut warnings, sql).await;
    let has = |codes: &[String], code: &str| codes.iter().any(|one| one == code);
    Place { inside: !has(&inside, "25001") && !has(&inside, "2D000"), outside: !has(&outside, "25P01") }
}

#[tokio::test]
async fn statements_stand_where_a_server_takes_them() {
    let server = Server::start().await;
    // Of a disabled subscription the server refuses more, and for other reasons.
    server.connect().await.batch_execute("alter subscription sub enable").await.unwrap();
    let mut wrong = Vec::new();
    for sql in CASES {
        let (claimed, observed) = (claimed(sql), observed(&server, sql).await);
        if claimed != observed {
            wrong.push(format!("{sql}\n    claimed {claimed:?}, observed {observed:?}"));
        }
    }
    println!("{} of {} statements as claimed", CASES.len() - wrong.len(), CASES.len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    server.stop().await;
}

/// What `cases` runs in a transaction is planned in one; its own test runs it there.
#[test]
fn what_runs_in_a_transaction_is_planned_in_one() {
    for case in every_case() {
        assert!(claimed(case.sql).inside, "{}", case.sql);
    }
}

/// Each file as its plan cuts it, sent as a run sends it: nothing that is planned together fails for being so.
#[tokio::test]
async fn a_new_label_serves_after_the_commit_that_the_plan_puts_before_it() {
    let server = Server::start().await;
    // The second is the first major that needs no boundary.
    for (text, not_since) in [
        ("alter type mood add value 'fine'; insert into t (k, feeling) values (101, 'fine');", u16::MAX),
        ("alter type mood add value 'fair'; select enum_range(null::mood);", u16::MAX),
        ("create type fruit as enum (); alter type fruit add value 'fig'; select 'fig'::fruit;", 17),
    ] {
        let client = server.connect().await;
        let plan = planned(text);
        let segments = &plan.files[0].segments;
        let as_planned = segments.iter().map(|segment| {
            let statements = segment.statements.iter().map(|statement| statement.span.of(text));
            format!("begin; {}; commit;", statements.collect::<Vec<_>>().join("; "))
        });
        assert!(segments.len() > 1, "{text}");
        let at_once = client.batch_execute(&format!("begin; {text}")).await;
        client.batch_execute("rollback").await.unwrap();
        let refused = at_once.err().map(|error| error.code().unwrap().code().to_owned());
        let expected = (server.major() < not_since).then(|| "55P04".to_owned());
        assert_eq!(refused, expected, "{text}");
        for segment in as_planned {
            client.batch_execute(&segment).await.unwrap_or_else(|error| panic!("{segment}: {error:?}"));
        }
    }
    server.stop().await;
}
