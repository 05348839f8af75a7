//! What a server does: the locks a transaction holds, the files that changed, the tables that were read.

use std::collections::BTreeMap;

use studio_kernel::sql::lock::LockMode;
use tokio_postgres::Client;

use crate::claims::{Oid, World};
use crate::server::ask;

/// What a statement did to one relation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) mode: Option<LockMode>,
    pub(crate) rewrites: bool,
    pub(crate) scans: bool,
}

pub(crate) type Effects = BTreeMap<Oid, Effect>;

/// `AccessExclusiveLock` as the kernel names it.
pub(crate) fn mode(server_name: &str) -> LockMode {
    let folded = |name: &str| name.replace(' ', "").to_ascii_lowercase();
    let bare = folded(server_name.trim_end_matches("Lock"));
    *LockMode::ALL.iter().find(|mode| folded(mode.as_str()) == bare).unwrap()
}

const HELD: &str = "
select relation, mode from pg_locks
where pid = pg_backend_pid() and locktype = 'relation' and granted and relation >= 16384";

/// An index is read on behalf of its table.
const SCANS: &str = "
select coalesce(i.indrelid, c.oid), sum(pg_stat_get_xact_numscans(c.oid))
from pg_class c left join pg_index i on i.indexrelid = c.oid
where c.oid >= 16384 group by 1";

const FILES: &str = "select oid, pg_relation_filenode(oid) from pg_class where oid >= 16384";

async fn numbers(client: &Client, sql: &str) -> BTreeMap<Oid, String> {
    let rows = ask(client, sql).await.into_iter();
    rows.filter_map(|row| Some((row[0].as_deref()?.parse().ok()?, row[1].clone().unwrap_or_default())))
        .collect()
}

/// The locks that the open transaction holds on relations that were there before.
pub(crate) async fn held(client: &Client, world: &World) -> Effects {
    let mut effects = Effects::new();
    for row in ask(client, HELD).await {
        let oid: Oid = row[0].as_deref().unwrap().parse().unwrap();
        let mode = mode(row[1].as_deref().unwrap());
        if world.relations.contains_key(&oid) {
            let effect = effects.entry(oid).or_default();
            effect.mode = effect.mode.max(Some(mode));
        }
    }
    effects
}

/// Runs a statement in a transaction, looks, and rolls it back.
pub(crate) async fn in_transaction(
    client: &Client,
    world: &World,
    sql: &str,
) -> Result<Effects, tokio_postgres::Error> {
    client.batch_execute("begin").await.unwrap();
    let scans_before = numbers(client, SCANS).await;
    let result = client.batch_execute(sql).await;
    let mut effects = Effects::new();
    if result.is_ok() {
        effects = held(client, world).await;
        let scans = numbers(client, SCANS).await;
        let files = numbers(client, FILES).await;
        work(world, &mut effects, &scans_before, &scans, &files);
    }
    client.batch_execute("rollback").await.unwrap();
    result.map(|()| effects)
}

fn work(
    world: &World,
    effects: &mut Effects,
    before: &BTreeMap<Oid, String>,
    after: &BTreeMap<Oid, String>,
    files: &BTreeMap<Oid, String>,
) {
    for (oid, relation) in &world.relations {
        // A dropped relation has no file any more; it was not rewritten.
        let rewrites = files.get(oid).is_some_and(|file| *file != relation.file.clone().unwrap_or_default());
        let scans = after.get(oid).is_some_and(|count| {
            let count_before = before.get(oid).map_or("0", String::as_str);
            count.parse::<i64>().unwrap() > count_before.parse::<i64>().unwrap()
        });
        if rewrites || scans {
            let effect = effects.entry(*oid).or_default();
            (effect.rewrites, effect.scans) = (rewrites, scans);
        }
    }
}

const ALL_SCANS: &str = "
select coalesce(i.indrelid, c.oid), sum(pg_stat_get_numscans(c.oid)
  + pg_stat_get_vacuum_count(c.oid)) from pg_class c
left join pg_index i on i.indexrelid = c.oid where c.oid >= 16384 group by 1";

/// Runs a statement outside any transaction: the files and the tables read. Its locks are gone when it ends.
pub(crate) async fn on_its_own(client: &Client, world: &World, sql: &str) -> Effects {
    let flushed = "select pg_stat_force_next_flush()";
    client.batch_execute(flushed).await.unwrap();
    let before = numbers(client, ALL_SCANS).await;
    client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    client.batch_execute(flushed).await.unwrap();
    let after = numbers(client, ALL_SCANS).await;
    let files = numbers(client, FILES).await;
    let mut effects = Effects::new();
    work(world, &mut effects, &before, &after, &files);
    effects
}
