//! Lock modes, which conflict, and which statement takes which: data, not code that guesses.
//! It reads no text; it looks at the statement model.

mod definition;
mod table;

use serde::{Deserialize, Serialize};

use super::statement::{Detail, Statement};
use crate::{name::QualifiedName, words::words};

words! {
    /// Table-level lock modes, weakest first
    /// (<https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES>).
    #[expect(missing_docs, reason = "the variants are PostgreSQL's own terms")]
    LockMode {
        AccessShare = "ACCESS SHARE", RowShare = "ROW SHARE", RowExclusive = "ROW EXCLUSIVE",
        ShareUpdateExclusive = "SHARE UPDATE EXCLUSIVE", Share = "SHARE",
        ShareRowExclusive = "SHARE ROW EXCLUSIVE", Exclusive = "EXCLUSIVE",
        AccessExclusive = "ACCESS EXCLUSIVE",
    }
}

impl LockMode {
    /// Whether a second session that wants `other` has to wait
    /// (<https://www.postgresql.org/docs/current/explicit-locking.html#TABLE-LOCK-COMPATIBILITY>).
    pub const fn conflicts_with(self, other: Self) -> bool {
        // One row per mode, one bit per mode it conflicts with, the weakest mode in the lowest bit.
        const CONFLICTS: [u8; 8] = [
            0b1000_0000,
            0b1100_0000,
            0b1111_0000,
            0b1111_1000,
            0b1110_1100,
            0b1111_1100,
            0b1111_1110,
            0b1111_1111,
        ];
        CONFLICTS[self as usize] & (1 << other as u8) != 0
    }
}

/// A lock a statement takes on a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// How strong.
    pub mode: LockMode,
    /// On which table, index or view, as written.
    pub object: QualifiedName,
    /// The statement writes the table anew while it holds the lock.
    pub rewrites: bool,
    /// The statement reads the whole table while it holds the lock.
    pub scans: bool,
}

/// What a lock does besides keeping others away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// It changes the catalogue, or rows one by one.
    Catalogue,
    Scan,
    Rewrite,
}

/// The locks a statement takes on objects that exist before it, strongest first. Embedded statements of a
/// DO block count as the block's own.
///
/// The modes are those of PostgreSQL 15, observed on a server; see `table` and `definition`. Locks on indexes,
/// on the system catalogue and on what a view or a trigger reads in turn are left out.
pub fn locks(statement: &Statement) -> Vec<Lock> {
    let mut found = Locks::default();
    found.add(statement);
    found.0.sort_by(|a, b| b.mode.cmp(&a.mode).then_with(|| a.object.cmp(&b.object)));
    found.0
}

/// At most one lock per object: the strongest, with all the work done under it.
#[derive(Default)]
struct Locks(Vec<Lock>);

impl Locks {
    fn take(&mut self, mode: LockMode, object: &QualifiedName, work: Work) {
        let (rewrites, scans) = (work == Work::Rewrite, work == Work::Scan);
        match self.0.iter_mut().find(|lock| lock.object == *object) {
            Some(lock) => {
                lock.mode = lock.mode.max(mode);
                lock.rewrites |= rewrites;
                lock.scans |= scans;
            }
            None => self.0.push(Lock { mode, object: object.clone(), rewrites, scans }),
        }
    }

    fn add(&mut self, statement: &Statement) {
        match &statement.detail {
            Detail::Do(body) => {
                for embedded in &body.statements {
                    self.add(&embedded.statement);
                }
            }
            Detail::AlterTable(actions) => definition::alter(self, statement, actions),
            Detail::CreateTable(table) => definition::create(self, statement, table),
            Detail::Lock(mode) => {
                for object in &statement.objects {
                    self.take(*mode, &object.name, Work::Catalogue);
                }
            }
            _ => self.of_objects(statement),
        }
    }

    /// One row of the table per object the statement names.
    fn of_objects(&mut self, statement: &Statement) {
        for object in &statement.objects {
            for row in table::ROWS.iter().filter(|row| row.fits(statement, object)) {
                let on = if row.owner { object.of.as_ref() } else { Some(&object.name) };
                if let Some(on) = on {
                    self.take(row.mode, on, row.work);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::outline;

    fn show(lock: &Lock) -> String {
        let work = match (lock.rewrites, lock.scans) {
            (true, _) => " rewrites",
            (_, true) => " scans",
            _ => "",
        };
        format!("{} {}{work}", lock.object, lock.mode)
    }

    /// Each statement stands before `=>`, its locks behind it.
    fn check(lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (sql, expected) = line.split_once("=>").unwrap();
            let parsed = outline(sql);
            let found: Vec<String> =
                parsed.statements.iter().flat_map(locks).map(|lock| show(&lock)).collect();
            assert_eq!(found.join(", "), expected.trim(), "{sql}");
        }
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
            vacuum t => t SHARE UPDATE EXCLUSIVE scans
            analyze t => t SHARE UPDATE EXCLUSIVE scans
            comment on column s.t.c is 'x' => s.t SHARE UPDATE EXCLUSIVE
            create statistics st on a, b from t => t SHARE UPDATE EXCLUSIVE
            create or replace view v as select 1 from t => v ACCESS EXCLUSIVE, t ACCESS SHARE
            insert into t select * from u => t ROW EXCLUSIVE, u ACCESS SHARE
            select * from t for update => t ROW SHARE
            select * from t => t ACCESS SHARE
            grant select on t to r =>
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
            alter table t alter a type bigint => t ACCESS EXCLUSIVE rewrites
            alter table t alter a type text => t ACCESS EXCLUSIVE
            alter table t alter a set not null => t ACCESS EXCLUSIVE scans
            alter table t alter a set statistics 100 => t SHARE UPDATE EXCLUSIVE
            alter table t set (fillfactor = 70) => t SHARE UPDATE EXCLUSIVE
            alter table t set unlogged => t ACCESS EXCLUSIVE rewrites
            alter table t owner to r => t ACCESS EXCLUSIVE
            alter table t add constraint c check (a > 0) => t ACCESS EXCLUSIVE scans
            alter table t add constraint c check (a > 0) not valid => t ACCESS EXCLUSIVE
            alter table t add unique (a) => t ACCESS EXCLUSIVE scans
            alter table t add constraint c primary key using index i => t ACCESS EXCLUSIVE
            alter table t add foreign key (a) references p => p SHARE ROW EXCLUSIVE scans, t SHARE ROW EXCLUSIVE scans
            alter table t add foreign key (a) references p not valid => p SHARE ROW EXCLUSIVE, t SHARE ROW EXCLUSIVE
            alter table t validate constraint c => t SHARE UPDATE EXCLUSIVE scans
            alter table t rename to u => t ACCESS EXCLUSIVE
            alter table t enable row level security => t ACCESS EXCLUSIVE
            alter table t disable trigger all => t SHARE ROW EXCLUSIVE
            alter table t attach partition p default => p ACCESS EXCLUSIVE scans, t SHARE UPDATE EXCLUSIVE
            alter table t detach partition p => p ACCESS EXCLUSIVE, t ACCESS EXCLUSIVE
            alter table t detach partition p concurrently => p SHARE UPDATE EXCLUSIVE, t SHARE UPDATE EXCLUSIVE
            ",
        );
    }

    #[test]
    fn conflicts_are_symmetric_and_match_the_manual() {
        for a in LockMode::ALL {
            for b in LockMode::ALL {
                assert_eq!(a.conflicts_with(*b), b.conflicts_with(*a), "{a} {b}");
            }
        }
        assert!(!LockMode::Share.conflicts_with(LockMode::Share));
        assert!(LockMode::Share.conflicts_with(LockMode::RowExclusive));
        assert!(!LockMode::RowExclusive.conflicts_with(LockMode::RowExclusive));
        assert!(LockMode::ShareUpdateExclusive.conflicts_with(LockMode::ShareUpdateExclusive));
    }
}
