//! What a session that runs migrations is set to. The same words are shown to people.

use std::time::Duration;

use studio_kernel::sql::text_settings::PINNED;

/// Timeouts of a run; zero means none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a statement in a transaction waits for a lock.
    pub lock_timeout: Duration,
    /// How long a statement in a transaction runs.
    pub statement_timeout: Duration,
    /// Every transaction of the session is read-only.
    pub read_only: bool,
    /// How long a run may take that only reads, whatever timeouts its file sets.
    pub reads_within: Duration,
}

const FRESH: &str = "set session authorization default; reset role; reset all; \
    close all; unlisten *; discard temp; discard sequences";

const PREPARED: &str = "; select pg_catalog.string_agg(pg_catalog.format('deallocate %I', name), '; ') \
    from pg_catalog.pg_prepared_statements where from_sql";

impl Default for Settings {
    /// Two seconds of waiting keep a queue behind us short; a quarter of an hour outlasts a backfill and is
    /// not the two minutes that Supabase sets for its databases.
    fn default() -> Self {
        Self {
            lock_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(15 * 60),
            read_only: false,
            reads_within: Duration::from_secs(5 * 60),
        }
    }
}

impl Settings {
    /// One text that ends whatever a file has left in its session and sets what holds for every transaction.
    /// It is not DISCARD ALL, which would give up the target's lock and what the driver has prepared; what
    /// files have prepared is answered, as the text that ends it.
    pub(super) fn sql(&self, version: u32) -> String {
        let mut sql = format!("{FRESH}; {}", pin());
        for (name, value) in self.pairs(version) {
            sql.push_str(&format!("; set {name} = '{value}'"));
        }
        sql + PREPARED
    }

    /// Lifts those timeouts that are a run's own; one that the file has set is the file's will. The answer is
    /// the text that puts them back, unless the statement in between has set them itself.
    pub(super) fn lift(&self) -> String {
        let (lock, statement) = (print(self.lock_timeout), print(self.statement_timeout));
        format!(
            "with lifted as materialized (select name, own, pg_catalog.set_config(name, '0', false) \
             from (values ('lock_timeout', '{lock}'), ('statement_timeout', '{statement}')) as run (name, own) \
             where pg_catalog.current_setting(name) = own) \
             select pg_catalog.string_agg(pg_catalog.format('select pg_catalog.set_config(%1$L, %2$L, false) \
             where pg_catalog.current_setting(%1$L) = ''0''', name, own), '; ') from lifted"
        )
    }

    /// Back to the role of DATABASE_URL, whose rights the ledger and the fence need, and to the run's own
    /// patience. Only until the COMMIT: what the file has set holds to the file's end.
    pub fn own(&self) -> String {
        let (lock, statement) = (print(self.lock_timeout), print(self.statement_timeout));
        format!(
            "set local session authorization default; set local role none; \
             set local lock_timeout = '{lock}'; set local statement_timeout = '{statement}'"
        )
    }

    /// Name and value, in order.
    pub fn pairs(&self, version: u32) -> Vec<(&'static str, String)> {
        let mut pairs =
            Vec::from_iter(self.read_only.then(|| ("default_transaction_read_only", "on".to_owned())));
        pairs.extend([
            ("lock_timeout", print(self.lock_timeout)),
            ("statement_timeout", print(self.statement_timeout)),
            ("idle_in_transaction_session_timeout", "60s".to_owned()),
            ("tcp_keepalives_idle", "5".to_owned()),
            ("tcp_keepalives_interval", "1".to_owned()),
            ("tcp_keepalives_count", "3".to_owned()),
        ]);
        // A backend whose client is gone notices it within the interval instead of at the statement's end.
        if version >= 140_000 && cfg!(target_os = "linux") {
            pairs.push(("client_connection_check_interval", "1s".to_owned()));
        }
        pairs
    }

    /// For people.
    pub fn phrases(&self, version: u32) -> Vec<String> {
        self.pairs(version).into_iter().map(|(name, value)| format!("{name} {value}")).collect()
    }
}

/// Sets what decides how a text is read.
pub(super) fn pin() -> String {
    PINNED.map(|(name, value)| format!("set {name} = '{value}'")).join("; ")
}

/// Asks which of these settings have another value.
pub(super) fn unpinned() -> String {
    format!("select {}", other_values())
}

/// Asks for the open transaction's id, and for those settings.
pub(super) fn at_end() -> String {
    format!("select pg_catalog.pg_current_xact_id()::text, {}", other_values())
}

/// Whether all of them have these values, as a condition.
pub(super) fn pinned() -> String {
    let one =
        |(name, value)| format!("pg_catalog.current_setting('{name}') operator(pg_catalog.=) '{value}'");
    PINNED.map(one).join(" and ")
}

fn other_values() -> String {
    let rows = PINNED.map(|(name, value)| format!("('{name}', '{value}')")).join(", ");
    format!(
        "(select pg_catalog.string_agg(name, ', ') from (values {rows}) as pinned (name, value) \
         where pg_catalog.current_setting(name) operator(pg_catalog.<>) value)"
    )
}

/// As PostgreSQL prints it: in the largest unit that leaves a whole number.
pub(super) fn print(duration: Duration) -> String {
    let millis = duration.as_millis();
    match millis {
        0 => "0".to_owned(),
        millis if millis % 86_400_000 == 0 => format!("{}d", millis / 86_400_000),
        millis if millis % 3_600_000 == 0 => format!("{}h", millis / 3_600_000),
        millis if millis % 60_000 == 0 => format!("{}min", millis / 60_000),
        millis if millis % 1_000 == 0 => format!("{}s", millis / 1_000),
        millis => format!("{millis}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_postgresql_writes_them() {
        let texts = [0, 250, 2_000, 900_000, 7_200_000, 86_400_000]
            .map(|millis| print(Duration::from_millis(millis)));
        assert_eq!(texts, ["0", "250ms", "2s", "15min", "2h", "1d"]);
    }
}
