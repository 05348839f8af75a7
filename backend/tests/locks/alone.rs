//! Statements that run in no transaction: their locks are seen while they wait for a session in their way.

use std::collections::BTreeMap;
use std::pin::pin;

use studio_kernel::sql::lock::LockMode;
use tokio_postgres::Client;

use crate::claims::{Claims, Oid, World, claimed, statement};
use crate::observed::{mode, on_its_own};
use crate::server::{Server, ask};
use crate::verdict::{too_strong, too_weak};

/// A statement, and what brings its relations back to where they were.
const CASES: &[(&str, &str)] = &[
    ("create index concurrently made on plain (a)", "drop index if exists made"),
    ("create unique index concurrently made on plain (a)", "drop index if exists made"),
    ("create index concurrently if not exists made on plain (a)", "drop index if exists made"),
    ("drop index concurrently t_n", "drop index if exists t_n; create index t_n on t (n)"),
    ("reindex index concurrently t_n", "drop index if exists t_n_ccnew, t_n_ccold"),
    ("reindex (concurrently) index t_name", "drop index if exists t_name_ccnew, t_name_ccold"),
    ("reindex table concurrently keyed", "drop index if exists keyed_a_ccnew, keyed_a_ccold"),
    ("vacuum plain", ""),
    ("vacuum (full) plain", ""),
    ("vacuum full verbose plain", ""),
    ("vacuum (analyze) plain", ""),
    ("vacuum (freeze) plain, spare", ""),
    ("vacuum parts", ""),
    ("vacuum base", ""),
    ("vacuum (full) base", ""),
    ("vacuum (full) logs", ""),
    ("vacuum (full) summary", ""),
    ("reindex schema other", ""),
    ("cluster", ""),
    ("alter table logs detach partition logs_1 concurrently", REATTACH),
];

/// An interrupted detachment has to be brought to an end before the partition can come back.
const REATTACH: &str = "
do 'begin
  if exists (select from pg_inherits where inhdetachpending) then
    alter table logs detach partition logs_1 finalize;
  end if;
  if not exists (select from pg_inherits where inhrelid = ''logs_1''::regclass) then
    alter table logs attach partition logs_1 for values from (0) to (10);
  end if;
end'";

/// Each weaker than what comes next: whoever waits for the first wants the most.
const IN_THE_WAY: [LockMode; 3] = [LockMode::AccessShare, LockMode::RowExclusive, LockMode::AccessExclusive];

struct Sessions {
    runner: Client,
    holder: Client,
    watcher: Client,
}

impl Sessions {
    /// The mode the statement waits for on a relation that another session holds, if it comes to wait for it.
    async fn wanted(&self, sql: &str, relation: &str, held: LockMode) -> Option<LockMode> {
        let hold = format!("begin; lock table {relation} in {held} mode");
        self.holder.batch_execute(&hold).await.unwrap();
        let (pid, in_the_way) = (pid(&self.runner).await, pid(&self.holder).await);
        let mut running = pin!(self.runner.batch_execute(sql));
        // It may also wait for a moment for the watcher's own snapshot.
        let waits = format!(
            "select locktype, mode from pg_locks
             where pid = {pid} and not granted and {in_the_way} = any(pg_blocking_pids(pid))"
        );
        let wanted = loop {
            let rows = tokio::select! {
                _ended = &mut running => break None,
                rows = ask(&self.watcher, &waits) => rows,
            };
            // Anything but a relation: it waits for transactions to end, and holds its locks already.
            if let Some(row) = rows.first() {
                let relation = row[0].as_deref() == Some("relation");
                let wanted = relation.then(|| mode(row[1].as_deref().unwrap()));
                ask(&self.watcher, &format!("select pg_cancel_backend({pid})")).await;
                running.await.unwrap_err();
                break wanted;
            }
        };
        self.holder.batch_execute("rollback").await.unwrap();
        wanted
    }
}

async fn pid(client: &Client) -> String {
    ask(client, "select pg_backend_pid()").await[0][0].clone().unwrap()
}

#[tokio::test]
async fn what_runs_alone_waits_as_claimed() {
    let server = Server::start().await;
    let sessions = Sessions {
        runner: server.connect().await,
        holder: server.connect().await,
        watcher: server.connect().await,
    };
    let mut wrong = Vec::new();
    for (sql, restore) in CASES {
        let world = World::read(&sessions.watcher).await;
        let claims = Claims::of(&world, &claimed(sql, server.major()));
        let mut modes: BTreeMap<Oid, LockMode> = BTreeMap::new();
        // LOCK TABLE takes no index, sequence or materialized view.
        for (oid, relation) in world.relations.iter().filter(|(_, one)| matches!(one.kind, 'r' | 'p')) {
            let mut ways = IN_THE_WAY.as_slice();
            if !claims.on.contains_key(oid) {
                // Nothing is claimed of it: the strongest finds out whether it is touched at all.
                ways = &IN_THE_WAY[2..];
            }
            for held in ways {
                let wanted = sessions.wanted(sql, &relation.name, *held).await;
                sessions.watcher.batch_execute(restore).await.unwrap();
                let strongest = modes.get(oid).copied().max(wanted);
                modes.extend(strongest.map(|mode| (*oid, mode)));
            }
        }
        let world = World::read(&sessions.watcher).await;
        let claims = Claims::of(&world, &claimed(sql, server.major()));
        let mut seen = on_its_own(&sessions.runner, &world, sql).await;
        for (oid, mode) in modes {
            seen.entry(oid).or_default().mode = Some(mode);
        }
        sessions.watcher.batch_execute(restore).await.unwrap();
        let mut found = too_weak(&world, &statement(sql), &claims, &seen);
        let tables = |problem: &String| {
            world
                .relations
                .values()
                .any(|one| matches!(one.kind, 'r' | 'p') && problem.starts_with(&format!("{}:", one.name)))
        };
        found.extend(too_strong(&world, &claims, &seen).into_iter().filter(tables));
        if !found.is_empty() {
            wrong.push(format!("{sql}\n    {}", found.join("\n    ")));
        }
    }
    println!("{} of {} statements as claimed", CASES.len() - wrong.len(), CASES.len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    server.stop().await;
}
