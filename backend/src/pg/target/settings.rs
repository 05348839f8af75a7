//! What a session that runs migrations is set to. The same words are shown to people.

use std::time::Duration;

/// Timeouts of a run; zero means none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a statement in a transaction waits for a lock.
    pub lock_timeout: Duration,
    /// How long a statement in a transaction runs.
    pub statement_timeout: Duration,
}

impl Default for Settings {
    /// Two seconds of waiting keep a queue behind us short; a quarter of an hour outlasts a backfill and is
    /// not the two minutes that Supabase sets for its databases.
    fn default() -> Self {
        Self { lock_timeout: Duration::from_secs(2), statement_timeout: Duration::from_secs(15 * 60) }
    }
}

impl Settings {
    /// One text that resets whatever a file has set and sets what holds for every transaction.
    pub(super) fn sql(&self, version: u32) -> String {
        let mut sql = String::from("set session authorization default; reset role; reset all");
        for (name, value) in self.pairs(version) {
            sql.push_str(&format!("; set {name} = '{value}'"));
        }
        sql
    }

    /// Name and value, in order.
    pub fn pairs(&self, version: u32) -> Vec<(&'static str, String)> {
        let mut pairs = vec![
            ("lock_timeout", print(self.lock_timeout)),
            ("statement_timeout", print(self.statement_timeout)),
            ("idle_in_transaction_session_timeout", "60s".to_owned()),
            ("tcp_keepalives_idle", "5".to_owned()),
            ("tcp_keepalives_interval", "1".to_owned()),
            ("tcp_keepalives_count", "3".to_owned()),
        ];
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

/// As PostgreSQL reads it: whole minutes, seconds or milliseconds.
pub(super) fn print(duration: Duration) -> String {
    let millis = duration.as_millis();
    match millis {
        0 => "0".to_owned(),
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
        let texts = [0, 250, 2_000, 900_000].map(|millis| print(Duration::from_millis(millis)));
        assert_eq!(texts, ["0", "250ms", "2s", "15min"]);
    }
}
