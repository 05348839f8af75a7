//! Every case in a transaction of its own: the kernel's claims beside what the server did.

use studio_kernel::sql::lock::{Lock, LockMode, Volatility, locks, volatility};

use crate::claims::{Claims, World, claimed, statement};
use crate::observed::in_transaction;
use crate::server::{Server, ask};
use crate::verdict::{Doubts, too_strong, too_weak};
use crate::{objects, rows, tables};

/// A statement about the relations of `world.sql`.
pub(crate) struct Case {
    pub(crate) sql: &'static str,
    since: u16,
    /// Why the claim may be stronger than what is seen.
    stronger: Option<&'static str>,
}

pub(crate) const fn case(sql: &'static str) -> Case {
    Case { sql, since: 0, stronger: None }
}

impl Case {
    /// The first major that knows the statement.
    pub(crate) const fn since(self, since: u16) -> Self {
        Self { since, ..self }
    }

    /// Whether a server of this major knows it and does all that is claimed.
    pub(crate) fn is_exact(&self, major: u16) -> bool {
        self.since <= major && self.stronger.is_none()
    }

    pub(crate) const fn stronger(self, why: &'static str) -> Self {
        Self { stronger: Some(why), ..self }
    }
}

pub(crate) fn every_case() -> impl Iterator<Item = &'static Case> {
    tables::CASES.iter().chain(objects::CASES).chain(rows::CASES)
}

#[tokio::test]
async fn every_claim_holds_on_a_server() {
    let server = Server::start().await;
    let client = server.connect().await;
    let world = World::read(&client).await;
    client.batch_execute("prepare wipe as delete from plain").await.unwrap();
    let (mut wrong, mut doubts) = (Vec::new(), Doubts::default());
    let cases: Vec<&Case> = every_case().filter(|case| case.since <= server.major()).collect();
    let all = every_case().count();
    assert!(all >= 500 && (server.major() < 18 || cases.len() == all), "{} of {all}", cases.len());
    for case in &cases {
        let seen = match in_transaction(&client, &world, case.sql).await {
            Ok(seen) => seen,
            Err(error) => {
                wrong.push(format!("{}\n    {error:?}", case.sql));
                continue;
            }
        };
        let claims = Claims::of(&world, &claimed(case.sql, server.major()));
        doubts.note(&world, case.sql, &claims, &seen);
        let statement = statement(case.sql);
        let of_any = Claims::of(&world, &locks(&statement, None));
        let mut found = too_weak(&world, &statement, &of_any, &seen);
        found.extend(too_weak(&world, &statement, &claims, &seen));
        let strong = too_strong(&world, &claims, &seen);
        match case.stronger {
            None => found.extend(strong),
            Some(why) if strong.is_empty() => found.push(format!("not too strong, yet excused: {why}")),
            Some(_) => {}
        }
        if !found.is_empty() {
            wrong.push(format!("{}\n    {}", case.sql, found.join("\n    ")));
        }
    }
    println!("{} of {} statements as claimed", cases.len() - wrong.len(), cases.len());
    let unsupported = doubts.unsupported();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(unsupported.is_empty(), "in doubt, and never seen: {unsupported:#?}");
    server.stop().await;
}

/// What the kernel knows of functions, beside the server's catalogue.
#[tokio::test]
async fn known_functions_are_as_volatile_as_the_catalogue_says() {
    let server = Server::start().await;
    let client = server.connect().await;
    let functions = "select proname, bool_or(provolatile = 'v'), bool_and(provolatile = 'v') from pg_proc
        where pronamespace = 'pg_catalog'::regnamespace and prokind = 'f' group by 1 order by 1";
    let (mut known, mut wrong) = (0, Vec::new());
    for row in ask(&client, functions).await {
        let name = row[0].as_deref().unwrap();
        // `timezone` of one signature is volatile before 15, the others are not.
        if row[1] != row[2] {
            continue;
        }
        let expected = if row[1].as_deref() == Some("t") { Volatility::Volatile } else { Volatility::Stable };
        let claimed = volatility(&format!("{name}()"));
        known += usize::from(claimed != Volatility::Unknown);
        if claimed != Volatility::Unknown && claimed != expected {
            wrong.push(format!("{name} is {expected:?}, not {claimed:?}"));
        }
    }
    assert!(known > 40, "only {known} functions were compared");
    assert!(wrong.is_empty(), "{wrong:#?}");
    server.stop().await;
}

/// The harness itself: whatever is wrong about a claim is noticed.
#[tokio::test]
async fn a_wrong_claim_is_noticed() {
    let server = Server::start().await;
    let client = server.connect().await;
    let world = World::read(&client).await;
    let check = async |sql: &str, spoil: fn(&mut Vec<Lock>)| {
        let seen = in_transaction(&client, &world, sql).await.unwrap();
        let mut locks = claimed(sql, server.major());
        spoil(&mut locks);
        let claims = Claims::of(&world, &locks);
        let weak = too_weak(&world, &statement(sql), &claims, &seen).len();
        (weak > 0, !too_strong(&world, &claims, &seen).is_empty())
    };
    let rewrite = "alter table plain add column z bigserial";
    let scan = "create index on plain (a)";
    assert_eq!(check(rewrite, |_| {}).await, (false, false));
    assert_eq!(check(scan, |_| {}).await, (false, false));
    assert_eq!(check(rewrite, Vec::clear).await, (true, false));
    assert_eq!(check(rewrite, |locks| locks[0].mode = LockMode::Exclusive).await, (true, false));
    assert_eq!(check(rewrite, |locks| locks[0].rewrites = false).await, (true, false));
    assert_eq!(check(scan, |locks| locks[0].scans = false).await, (true, false));
    assert_eq!(check(scan, |locks| locks[0].mode = LockMode::ShareRowExclusive).await, (false, true));
    assert_eq!(check(scan, |locks| locks[0].rewrites = true).await, (false, true));
    let only_catalogue = "alter table plain add column z int";
    assert_eq!(check(only_catalogue, |locks| locks[0].scans = true).await, (false, true));
    let parent = "alter table plain add foreign key (a) references parent";
    assert_eq!(
        check(parent, |locks| locks.retain(|lock| lock.object.name.as_str() == "plain")).await,
        (true, false)
    );
    let children = "alter table base add column z int";
    assert_eq!(check(children, |locks| locks[0].descends = false).await, (true, false));
    let mut doubts = Doubts::default();
    let sql = "alter table plain alter column b type text";
    let seen = in_transaction(&client, &world, sql).await.unwrap();
    doubts.note(&world, sql, &Claims::of(&world, &claimed(sql, server.major())), &seen);
    assert_eq!(doubts.unsupported().len(), 1, "nothing was rewritten");
    server.stop().await;
}
