//! Changes of type in the light of a set that has made the columns: the plan's claims beside what a server does.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use studio_kernel::migration::{MigrationSet, SourceFile};
use studio_kernel::plan::plan;
use studio_kernel::sql::lock::Lock;
use tokio_postgres::Client;

use crate::claims::{Claims, World, statement};
use crate::observed::{Effects, in_transaction};
use crate::server::{Server, WORLD};
use crate::tables;
use crate::verdict::{Doubts, too_strong, too_weak};

const TYPES: &str = include_str!("types.sql");

/// What the set decides: nothing is in doubt.
const DECIDED: &[&str] = &[
    "alter table words alter column v10 type varchar(20)",
    "alter table words alter column v10 type varchar(10)",
    "alter table words alter column v10 type varchar(5)",
    "alter table words alter column v10 type varchar",
    "alter table words alter column v10 type text",
    "alter table words alter column v10 type citext",
    "alter table words alter column v10 type bpchar",
    "alter table words alter column v10 type char(10)",
    "alter table words alter column v type varchar(20)",
    "alter table words alter column v type text",
    "alter table words alter column x type varchar",
    "alter table words alter column x type varchar(20)",
    "alter table words alter column x type text",
    "alter table words alter column x type char(3)",
    "alter table words alter column x type bpchar",
    "alter table words alter column x type citext",
    "alter table words alter column x type name",
    "alter table words alter column x type jsonb using null",
    "alter table words alter column x type text collate \"C\"",
    "alter table words alter column collated type text",
    "alter table words alter column c3 type char(5)",
    "alter table words alter column c3 type char(3)",
    "alter table words alter column c3 type bpchar",
    "alter table words alter column c3 type text",
    "alter table words alter column c type text",
    "alter table words alter column n type text",
    "alter table words alter column m type text",
    "alter table words alter column m type varchar(20)",
    "alter table words alter column ci type text",
    "alter table words alter column ci type varchar",
    "alter table words alter column ci type varchar(5)",
    "alter table words alter column v10 type text using v10",
    "alter table words alter column v10 type text using (words.v10)",
    "alter table words alter column v10 type text using v10::text",
    "alter table words alter column v10 type varchar(20) using cast(v10 as varchar(20))",
    "alter table words alter column v10 type varchar(20) using v10::text",
    "alter table words alter column v10 type text using v10::varchar(20)::text",
    "alter table words alter column v10 type varchar(20) using v10::varchar(5)",
    "alter table words alter column v10 type text using (v10 collate \"C\")::text",
    "alter table words alter column v10 type varchar(20) using upper(v10)",
    "alter table words alter column x type text using x || ''",
    "alter table words alter column x type text using v",
    "alter table words alter column x type text using null",
    "alter table words alter column x type text using x::word::text",
    "alter table words alter column v10 type text, alter column x type varchar, alter column c3 type bpchar",
    "alter table words alter column v10 type text, alter column x type varchar(3)",
    "alter table amounts alter column i type bigint",
    "alter table amounts alter column i type bigint using i",
    "alter table amounts alter column i type bigint using i::bigint",
    "alter table amounts alter column i type int using i",
    "alter table amounts alter column i type int using i + 0",
    "alter table amounts alter column i type text",
    "alter table amounts alter column i type oid",
    "alter table amounts alter column i type regclass",
    "alter table amounts alter column i type numeric",
    "alter table amounts alter column s type int",
    "alter table amounts alter column b type int",
    "alter table amounts alter column o type int",
    "alter table amounts alter column o type bigint",
    "alter table amounts alter column cls type oid",
    "alter table amounts alter column typ type oid",
    "alter table amounts alter column n82 type numeric(10, 2)",
    "alter table amounts alter column n82 type numeric(10, 3)",
    "alter table amounts alter column n82 type numeric(6, 2)",
    "alter table amounts alter column n82 type numeric",
    "alter table amounts alter column n82 type decimal(8, 2)",
    "alter table amounts alter column n8 type numeric(9)",
    "alter table amounts alter column n8 type numeric(9, 1)",
    "alter table amounts alter column n type numeric(8, 2)",
    "alter table amounts alter column r type double precision",
    "alter table amounts alter column r type float(24)",
    "alter table amounts alter column money type numeric",
    "alter table amounts alter column yes type int using yes::int",
    "alter table times alter column tz3 type timestamptz",
    "alter table times alter column tz3 type timestamptz(4)",
    "alter table times alter column tz3 type timestamptz(2)",
    "alter table times alter column tz type timestamptz(6)",
    "alter table times alter column tz type timestamptz(3)",
    "alter table times alter column ts type timestamptz(3)",
    "alter table times alter column ts3 type timestamp",
    "alter table times alter column tz type date",
    "alter table times alter column d type timestamp",
    "alter table times alter column tz type timestamp using tz at time zone 'utc'",
    "alter table times alter column t type time(3)",
    "alter table times alter column t3 type time(4)",
    "alter table times alter column t type timetz",
    "alter table times alter column tt2 type timetz(6)",
    "alter table times alter column tt type time",
    "alter table times alter column i3 type interval(4)",
    "alter table times alter column i3 type interval",
    "alter table times alter column i type interval(6)",
    "alter table times alter column i type interval(3)",
    "alter table times alter column i type interval day to second",
    "alter table times alter column i type interval year to month",
    "alter table times alter column days type interval",
    "alter table times alter column days type interval day to hour",
    "alter table times alter column days type interval second",
    "alter table times alter column days type interval year",
    "alter table times alter column days type interval day to second(3)",
    "alter table times alter column years type interval year to month",
    "alter table times alter column seconds type interval second(3)",
    "alter table times alter column seconds type interval minute",
    "alter table times alter column ds3 type interval day to second(4)",
    "alter table others alter column b3 type bit(4) using b3::bit(4)",
    "alter table others alter column b3 type bit varying",
    "alter table others alter column b3 type bit varying(4)",
    "alter table others alter column vb3 type varbit(5)",
    "alter table others alter column vb3 type varbit",
    "alter table others alter column vb type varbit(5)",
    "alter table others alter column net type inet",
    "alter table others alter column address type cidr",
    "alter table others alter column j type jsonb",
    "alter table others alter column jb type json",
    "alter table others alter column jb type text",
    "alter table others alter column u type text",
    "alter table others alter column raw type text using encode(raw, 'hex')",
    "alter table others alter column xs type varchar[]",
    "alter table others alter column vs type text[]",
    "alter table others alter column vs type varchar(5)[]",
    "alter table others alter column vs type varchar(3)[]",
    "alter table others alter column vs type varchar[]",
    "alter table others alter column ns type numeric[]",
    "alter table others alter column ints type bigint[]",
    "alter table others alter column ints type int[][]",
    "alter table others alter column f type text",
    "alter table others alter column f type fruit",
    "alter table others alter column f type mood using 'good'",
    "alter table others alter column s type text using s::text",
    "alter table others alter column c type text",
    "alter table of_domains alter column w type text",
    "alter table of_domains alter column w type term",
    "alter table of_domains alter column w type varchar",
    "alter table of_domains alter column x type word",
    "alter table of_domains alter column x type plain_word",
    "alter table of_domains alter column w type plain_word",
    "alter table of_domains alter column pw type word",
    "alter table of_domains alter column x type given",
    "alter table of_domains alter column g type text",
    "alter table of_domains alter column v5 type word",
    "alter table of_domains alter column v5 type brief",
    "alter table of_domains alter column v type brief",
    "alter table of_domains alter column b type varchar(10)",
    "alter table of_domains alter column b type varchar(20)",
    "alter table of_domains alter column b type varchar",
    "alter table of_domains alter column b type text",
    "alter table of_domains alter column b type brief_too",
    "alter table of_domains alter column i type whole",
    "alter table of_domains alter column i type counter_value",
    "alter table of_domains alter column i type small_counter",
    "alter table of_domains alter column i type tightened",
    "alter table of_domains alter column i type eased",
    "alter table of_domains alter column i type loosened",
    "alter table of_domains alter column wh type bigint",
    "alter table of_domains alter column cv type int",
    "alter table of_domains alter column cv type small_counter",
    "alter table of_domains alter column cv type whole",
    "alter table of_domains alter column sc type counter_value",
    "alter table of_domains alter column sc type int",
    "alter table of_domains alter column f type picked",
    "alter table of_domains alter column p type fruit",
    "alter table indexed alter column v type varchar(20)",
    "alter table indexed alter column v type text",
    "alter table indexed alter column v type varchar(5)",
    "alter table indexed alter column v type bpchar",
    "alter table indexed alter column v type varchar(20), alter column x type varchar",
    "alter table indexed alter column x type varchar",
    "alter table indexed alter column x type citext",
    "alter table indexed alter column x type word",
    "alter table indexed alter column w type varchar(20)",
    "alter table indexed alter column included type text",
    "alter table indexed alter column conditional type varchar(20)",
    "alter table indexed alter column computed type varchar(20)",
    "alter table indexed alter column n type oid",
    "alter table indexed alter column n type whole",
    "alter table indexed alter column net type inet",
    "alter table indexed alter column f type fruit",
    "alter table indexed alter column ci type text",
    "alter table indexed alter column collated type text collate \"C\"",
    "alter table indexed alter column excluded type varchar(20)",
    "alter table indexed alter column renewed type varchar(20)",
    "alter table checked alter column a type varchar(20)",
    "alter table checked alter column a type varchar(5)",
    "alter table checked alter column b type text",
    "alter table checked alter column c type text",
    "alter table checked alter column d type text",
    "alter table checked alter column e type text",
    "alter table checked alter column f type text",
    "alter table named alter column code type varchar(20)",
    "alter table named alter column code type text",
    "alter table named alter column code type varchar(5)",
    "alter table named alter column other type bigint",
    "alter table named alter column other type oid",
    "alter table named alter column third type text",
    "alter table naming alter column code type text",
    "alter table naming alter column code type varchar(5)",
    "alter table naming alter column other type bigint",
    "alter table naming alter column third type text",
    "alter table naming alter column unproven type text",
    "alter table naming alter column unproven type varchar(5)",
    "alter table naming alter column id type bigint",
    "alter table naming alter column id type bigint, alter column code type text",
    "alter table naming alter column code type text, alter column id type bigint",
    "alter table tree alter column above type bigint",
    "alter table tree alter column id type bigint",
    "alter table tree alter column label type text",
    "alter table regions alter column label type text",
    "alter table regions alter column label type int using 1",
    "alter table regions alter column code type varchar(20)",
    "alter table regions alter column code type char(5)",
    "alter table regions alter column code type bpchar",
    "alter table regions alter column parent_code type text",
    "alter table regions alter column parent_code type varchar(5)",
    "alter table soil alter column code type varchar(20)",
    "alter table soil alter column label type text",
    "alter table soil alter column label type char(5)",
    "alter table arrived alter column first type text",
    "alter table arrived alter column b type varchar(20)",
    "alter table arrived alter column b type varchar(5)",
    "alter table arrived alter column third type varchar(5)",
    "alter table of_block alter column a type text",
    "do $$ begin alter table words alter column v10 type text; alter table words alter column v10 type varchar; end $$",
    "do $$ begin create domain later as int; alter table amounts alter column i type later; end $$",
    "alter table words add column z fruit default 'fig'",
    "alter table words add column z span",
    "alter table words add column z word",
    "alter table words add column z plain_word default 'z'",
    "alter table words add column z counter_value",
    "alter table words add column z counter_value default 1",
    "alter table words add column z small_counter",
    "alter table words add column z given default 'z'",
    "alter table words add column z tightened",
    "alter table words add column z eased",
    "alter table words add column z loosened",
    "alter table words add column z counter_value[]",
    "alter table words add column z numbered",
    "alter table words add column z stamped",
    "alter table words add column z stamped default now()",
    "alter table words add column z scored default 1",
    "alter table regions add column z small_counter",
];

/// What the set leaves open.
const IN_DOUBT: &[&str] = &[
    "alter table times alter column ts type timestamptz",
    "alter table times alter column tz type timestamp",
    "alter table times alter column ts3 type timestamptz",
    "alter table naming alter column code type citext",
    "alter table naming alter column third type bpchar",
    "alter table copied alter column v10 type text",
    "alter table copied alter column x type varchar(5)",
    "alter table of_block alter column b type text",
    "alter table of_block alter column b type varchar(5)",
    "alter table of_domains alter column i type puzzling",
    "alter table words alter column x type text using coalesce(x, '')",
    "alter table amounts alter column i type int using random_answer()",
    "alter table indexed alter column f type picked",
    "alter table indexed alter column p type fruit",
    "alter table indexed alter column own type text collate \"C\"",
    "alter table regions alter column note type varchar(20)",
    "alter table words add column z puzzling",
    "alter table words add column z scored",
];

fn claimed(sql: &str, major: Option<u16>) -> Vec<Lock> {
    static BEFORE: OnceLock<MigrationSet> = OnceLock::new();
    let before = || MigrationSet::new([("1_world.sql", WORLD), ("2_types.sql", TYPES)].map(SourceFile::from));
    let mut set = BEFORE.get_or_init(before).clone();
    set.put(("3_case.sql", sql).into());
    let mut plan = plan(&set, &["3_case.sql"], &BTreeSet::new());
    plan.lock_for(&set, major);
    let segments = plan.files.into_iter().flat_map(|file| file.segments);
    segments.flat_map(|segment| segment.statements).flat_map(|statement| statement.locks).collect()
}

/// What is wrong with the locks that a plan says.
fn wrong(world: &World, sql: &str, locks: &[Lock], seen: &Effects, decided: Option<bool>) -> Vec<String> {
    let claims = Claims::of(world, locks);
    let mut found = too_weak(world, &statement(sql), &claims, seen);
    found.extend(too_strong(world, &claims, seen));
    if decided.is_some_and(|decided| decided != locks.iter().all(|lock| lock.certain)) {
        found.extend(locks.iter().map(|lock| format!("in doubt or not: {lock}")));
    }
    found
}

async fn start() -> (Server, Client, World) {
    let server = Server::start().await;
    let client = server.connect().await;
    // Which columns become null can be said since PostgreSQL 15, and no case asks for it.
    let types =
        if server.major() < 15 { TYPES.replace("set null (code)", "set null") } else { TYPES.to_owned() };
    client.batch_execute(&types).await.unwrap();
    // Somewhere else it is later: what depends on it shows.
    client.batch_execute("set timezone = 'Asia/Tokyo'").await.unwrap();
    let world = World::read(&client).await;
    (server, client, world)
}

#[tokio::test]
async fn a_plan_knows_what_a_change_of_type_does() {
    let (server, client, world) = start().await;
    let (mut failed, mut doubts) = (Vec::new(), Doubts::default());
    let cases = DECIDED.iter().map(|sql| (*sql, Some(true)));
    let cases = cases.chain(IN_DOUBT.iter().map(|sql| (*sql, Some(false))));
    let of_tables = tables::CASES.iter().filter(|case| case.is_exact(server.major()));
    let cases: Vec<_> = cases.chain(of_tables.map(|case| (case.sql, None))).collect();
    for (sql, decided) in &cases {
        let seen = match in_transaction(&client, &world, sql).await {
            Ok(seen) => seen,
            Err(error) => {
                failed.push(format!("{sql}\n    {error:?}"));
                continue;
            }
        };
        let locks = claimed(sql, Some(server.major()));
        let mut found = wrong(&world, sql, &locks, &seen, *decided);
        let of_any = Claims::of(&world, &claimed(sql, None));
        found.extend(too_weak(&world, &statement(sql), &of_any, &seen));
        if decided.is_some() {
            doubts.note(&world, sql, &Claims::of(&world, &locks), &seen);
        }
        if !found.is_empty() {
            failed.push(format!("{sql}\n    {}", found.join("\n    ")));
        }
    }
    println!("{} of {} statements as planned", cases.len() - failed.len(), cases.len());
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
    let unsupported = doubts.unsupported();
    assert!(unsupported.is_empty(), "in doubt, and never seen: {unsupported:#?}");
    server.stop().await;
}

/// The harness itself: whatever is wrong about a plan is noticed.
#[tokio::test]
async fn a_wrong_plan_is_noticed() {
    let (server, client, world) = start().await;
    let noticed = async |sql: &str, spoil: fn(&mut Vec<Lock>)| {
        let seen = in_transaction(&client, &world, sql).await.unwrap();
        let mut locks = claimed(sql, Some(server.major()));
        spoil(&mut locks);
        !wrong(&world, sql, &locks, &seen, Some(true)).is_empty()
    };
    let keeps = "alter table words alter column v10 type text";
    let rewrites = "alter table words alter column v10 type varchar(5)";
    let scans = "alter table checked alter column a type varchar(20)";
    let key = "alter table naming alter column code type varchar(5)";
    for sql in [keeps, rewrites, scans, key] {
        assert!(!noticed(sql, |_| {}).await, "{sql}");
        assert!(noticed(sql, Vec::clear).await, "{sql}");
        assert!(noticed(sql, |locks| locks[0].certain = false).await, "{sql}");
    }
    assert!(noticed(keeps, |locks| locks[0].rewrites = true).await);
    assert!(noticed(keeps, |locks| locks[0].scans = true).await);
    assert!(noticed(rewrites, |locks| locks[0].rewrites = false).await);
    assert!(noticed(scans, |locks| locks[0].scans = false).await);
    assert!(noticed(key, |locks| locks.retain(|lock| lock.object.name.as_str() != "named")).await);
    server.stop().await;
}
